// Directory listing: readdir over more entries than a buffer holds, telldir and seekdir, rewinddir, scandir,
// d_type.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int keep(const struct dirent* entry) { return entry->d_name[0] == 'l'; }

int main(int argc, char** argv) {
  if (argc != 2 || chdir(argv[1]) != 0) return 2;
  mkdir("many", 0777);
  for (int i = 0; i < 600; ++i) {
    char path[64];
    snprintf(path, sizeof path, "many/%s-%03d-with-a-longish-name", i % 7 ? "entry" : "long", i);
    FILE* file = fopen(path, "w");
    if (!file) return 3;
    fclose(file);
  }
  mkdir("many/subdirectory", 0777);
  if (symlink("subdirectory", "many/symlink") != 0) printf("symlink: %s\n", strerror(errno));

  DIR* dir = opendir("many");
  int files = 0, directories = 0, links = 0, dots = 0, other = 0;
  long place = -1;
  char at_place[256] = "";
  int seen = 0;
  for (struct dirent* entry; (entry = readdir(dir)); ++seen) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
      ++dots;
    else if (entry->d_type == DT_REG)
      ++files;
    else if (entry->d_type == DT_DIR)
      ++directories;
    else if (entry->d_type == DT_LNK)
      ++links;
    else
      ++other;
    if (place != -1 && !at_place[0]) snprintf(at_place, sizeof at_place, "%s", entry->d_name);
    if (seen == 300) place = telldir(dir);
  }
  printf("files %d, directories %d, links %d, dots %d, other %d\n", files, directories, links, dots, other);
  seekdir(dir, place);
  struct dirent* again = readdir(dir);
  printf("seekdir returns to the same entry: %d\n", again && !strcmp(again->d_name, at_place));
  rewinddir(dir);
  int count = 0;
  while (readdir(dir)) ++count;
  printf("after rewinddir: %d\n", count);
  closedir(dir);

  struct dirent** list = NULL;
  int n = scandir("many", &list, keep, alphasort);
  printf("scandir: %d, %s .. %s\n", n, n > 0 ? list[0]->d_name : "-", n > 0 ? list[n - 1]->d_name : "-");
  for (int i = 0; i < n; ++i) free(list[i]);
  free(list);

  dir = opendir("many");
  char names[700][64];
  count = 0;
  for (struct dirent* entry; (entry = readdir(dir)) && count < 700;) {
    if (entry->d_name[0] != '.') snprintf(names[count++], sizeof names[0], "many/%.58s", entry->d_name);
  }
  closedir(dir);
  for (int i = 0; i < count; ++i) {
    if (unlink(names[i]) != 0 && rmdir(names[i]) != 0) printf("%s: %s\n", names[i], strerror(errno));
  }
  printf("rmdir: %d\n", rmdir("many"));
  return 0;
}
