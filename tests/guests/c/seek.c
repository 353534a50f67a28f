// Large files: offsets beyond 4 GiB in a sparse file, pread, pwrite, ftruncate, append, and stdio's
// buffering.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static void show(const char* what, long long value) {
  printf("%s: %lld%s%s\n", what, value, value < 0 ? " " : "", value < 0 ? strerror(errno) : "");
}

int main(int argc, char** argv) {
  if (argc != 2 || chdir(argv[1]) != 0) return 2;
  int fd = open("large", O_RDWR | O_CREAT | O_TRUNC, 0666);
  if (fd < 0) return 3;
  const off_t far = 5LL * 1024 * 1024 * 1024 + 123;
  show("lseek far", lseek(fd, far, SEEK_SET));
  show("write", write(fd, "far away", 8));
  struct stat info;
  fstat(fd, &info);
  show("size", info.st_size);
  show("lseek end", lseek(fd, 0, SEEK_END));
  show("lseek back", lseek(fd, -8, SEEK_CUR));
  char buffer[32] = {0};
  show("read", read(fd, buffer, sizeof buffer));
  printf("[%s]\n", buffer);
  show("read at end", read(fd, buffer, sizeof buffer));
  show("lseek before start", lseek(fd, -1, SEEK_SET));
  show("pwrite", pwrite(fd, "middle", 6, 3LL << 30));
  memset(buffer, 0, sizeof buffer);
  show("pread", pread(fd, buffer, 6, 3LL << 30));
  printf("[%s], offset still %lld\n", buffer, (long long)lseek(fd, 0, SEEK_CUR));
  show("pread hole", pread(fd, buffer, 4, 1LL << 30));
  printf("%d%d%d%d\n", buffer[0], buffer[1], buffer[2], buffer[3]);
  show("ftruncate", ftruncate(fd, 10));
  fstat(fd, &info);
  show("size", info.st_size);
  show("ftruncate grow", ftruncate(fd, 4096));
  fstat(fd, &info);
  show("size", info.st_size);
  // A host may take fewer bytes than asked, even only the first part: what counts is that asking again goes on.
  struct iovec parts[3] = {{"one ", 4}, {"two ", 4}, {"three", 5}};
  lseek(fd, 0, SEEK_SET);
  ssize_t written = writev(fd, parts, 3);
  printf("writev: %d\n", written == 4 || written == 8 || written == 13);
  show("pwrite the rest", pwrite(fd, "one two three", 13, 0));
  char a[6] = {0}, b[32] = {0};
  struct iovec into[2] = {{a, 5}, {b, 8}};
  lseek(fd, 0, SEEK_SET);
  ssize_t got = readv(fd, into, 2);
  if (got == 5) got += read(fd, b, 8);
  printf("readv: %zd [%s] [%s]\n", got, a, b);
  show("close", close(fd));
  show("close again", close(fd));

  fd = open("large", O_WRONLY | O_APPEND);
  lseek(fd, 0, SEEK_SET);
  show("append", write(fd, "tail", 4));
  show("read from write-only", read(fd, buffer, 4));
  close(fd);
  stat("large", &info);
  show("size", info.st_size);

  FILE* file = fopen("stdio", "w+");
  for (int i = 0; i < 5000; ++i) fprintf(file, "line %d\n", i);
  fflush(file);
  show("ftell", ftell(file));
  fseek(file, 100, SEEK_SET);
  fgets(buffer, sizeof buffer, file);
  printf("%s", buffer);
  ungetc('Q', file);
  int first = fgetc(file), second = fgetc(file);
  printf("%c%c\n", first, second);
  fseek(file, -5, SEEK_END);
  show("left", (long long)fread(buffer, 1, sizeof buffer, file));
  printf("eof %d error %d\n", feof(file) != 0, ferror(file) != 0);
  fclose(file);
  show("unlink", unlink("stdio"));
  show("truncate", truncate("large", 20));
  return 0;
}
