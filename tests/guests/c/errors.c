// What fails must fail with the right errno: names, kinds, descriptors, permissions of the sandbox.  errors
// DIRECTORY
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void expect(const char* what, long long result) {
  int error = errno;
  if (result < 0) {
    printf("%-34s %s\n", what, strerror(error));
  } else {
    printf("%-34s ok\n", what);
    if (!strncmp(what, "open", 4)) close((int)result);
  }
  errno = 0;
}

int main(int argc, char** argv) {
  if (argc != 2 || chdir(argv[1]) != 0) return 2;
  struct stat info;
  char buffer[16], name[400];
  expect("mkdir", mkdir("dir", 0777));
  expect("mkdir again", mkdir("dir", 0777));
  expect("mkdir without parent", mkdir("no/such", 0777));
  expect("open missing", open("missing", O_RDONLY));
  expect("open create", open("file", O_CREAT | O_WRONLY, 0666));
  expect("open exclusive", open("file", O_CREAT | O_EXCL | O_WRONLY, 0666));
  expect("open directory for writing", open("dir", O_WRONLY));
  expect("open file as directory", open("file", O_RDONLY | O_DIRECTORY));
  expect("open below a file", open("file/x", O_RDONLY));
  expect("open empty name", open("", O_RDONLY));
  memset(name, 'a', sizeof name - 1);
  name[sizeof name - 1] = 0;
  expect("open long name", open(name, O_RDONLY));
  expect("open outside by dots", open("../../../etc/passwd", O_RDONLY));
  expect("open outside by absolute path", open("/etc/passwd", O_RDONLY));
  expect("symlink loop", symlink("loop", "loop"));
  expect("open loop", open("loop", O_RDONLY));
  expect("open loop, not followed", open("loop", O_RDONLY | O_NOFOLLOW));
  expect("symlink up", symlink("../../../../etc/passwd", "up"));
  expect("open through symlink up", open("up", O_RDONLY));
  expect("stat through symlink up", stat("up", &info));
  expect("lstat symlink up", lstat("up", &info));
  expect("symlink exists", symlink("x", "file"));
  expect("readlink of file", readlink("file", buffer, sizeof buffer));
  expect("readlink missing", readlink("missing", buffer, sizeof buffer));
  expect("rmdir of file", rmdir("file"));
  expect("unlink of directory", unlink("dir"));
  expect("unlink missing", unlink("missing"));
  expect("open inner", open("dir/inner", O_CREAT | O_WRONLY, 0666));
  expect("rmdir not empty", rmdir("dir"));
  expect("rename missing", rename("missing", "x"));
  expect("rename file over directory", rename("file", "dir"));
  expect("rename directory over file", rename("dir", "file"));
  expect("rename directory into itself", rename("dir", "dir/inside"));
  expect("rename out", rename("file", "../../file"));
  expect("link", link("file", "hard"));
  expect("link exists", link("file", "hard"));
  expect("link directory", link("dir", "harddir"));
  stat("file", &info);
  printf("links: %d\n", (int)info.st_nlink);
  expect("read bad descriptor", read(77, buffer, 1));
  expect("write bad descriptor", write(-1, buffer, 1));
  expect("close bad descriptor", close(77));
  expect("fstat bad descriptor", fstat(77, &info));
  expect("lseek on stdout", lseek(1, 0, SEEK_SET) < 0 ? -1 : 0);
  int dir = open("dir", O_RDONLY | O_DIRECTORY);
  expect("read directory", read(dir, buffer, 1));
  expect("openat", openat(dir, "inner", O_RDONLY) < 0 ? -1 : 0);
  expect("openat out", openat(dir, "../file", O_RDONLY) < 0 ? -1 : 0);
  expect("fdopendir", fdopendir(dir) ? 0 : -1);
  expect("opendir of file", opendir("file") ? 0 : -1);
  int file = open("file", O_RDONLY);
  expect("write to read-only", write(file, "x", 1));
  expect("ftruncate read-only", ftruncate(file, 1));
  int flags = fcntl(file, F_GETFL);
  printf("append before %d", (flags & O_APPEND) != 0);
  expect("", fcntl(file, F_SETFL, flags | O_APPEND));
  printf("append after %d\n", (fcntl(file, F_GETFL) & O_APPEND) != 0);
  struct timespec times[2] = {{1000000000, 5}, {1234567890, 987654321}};
  expect("futimens", futimens(file, times));
  fstat(file, &info);
  printf("times %lld.%09ld %lld.%09ld\n", (long long)info.st_atim.tv_sec, info.st_atim.tv_nsec,
         (long long)info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  expect("rename", rename("hard", "dir/moved"));
  expect("unlink", unlink("dir/moved"));
  expect("unlink loop", unlink("loop"));
  expect("unlink up", unlink("up"));
  return 0;
}
