// Walks a file tree, prints every entry with kind, size and a checksum in sorted order, then builds a tree of
// its own, walks it and removes it.  walk DIRECTORY
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint32_t checksum(const char* path) {
  FILE* file = fopen(path, "rb");
  if (!file) return 0;
  uint32_t sum = 2166136261u;
  int c;
  while ((c = fgetc(file)) != EOF) sum = (sum ^ (uint32_t)c) * 16777619u;
  fclose(file);
  return sum;
}

static int by_name(const void* a, const void* b) { return strcmp(*(char* const*)a, *(char* const*)b); }

static int walk(const char* path, int depth) {
  DIR* dir = opendir(path);
  if (!dir) {
    printf("%*s%s: %s\n", depth * 2, "", path, strerror(errno));
    return 0;
  }
  char** names = NULL;
  size_t count = 0;
  for (struct dirent* entry; (entry = readdir(dir));) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    names = realloc(names, (count + 1) * sizeof *names);
    names[count++] = strdup(entry->d_name);
  }
  closedir(dir);
  if (count) qsort(names, count, sizeof *names, by_name);
  int entries = 0;
  for (size_t i = 0; i < count; ++i) {
    char full[512];
    snprintf(full, sizeof full, "%s/%s", path, names[i]);
    struct stat info;
    ++entries;
    if (lstat(full, &info) != 0) {
      printf("%*s%s: %s\n", depth * 2, "", names[i], strerror(errno));
    } else if (S_ISDIR(info.st_mode)) {
      printf("%*s%s/\n", depth * 2, "", names[i]);
      entries += walk(full, depth + 1);
    } else if (S_ISLNK(info.st_mode)) {
      char target[256] = {0};
      ssize_t length = readlink(full, target, sizeof target - 1);
      printf("%*s%s -> %s\n", depth * 2, "", names[i], length < 0 ? strerror(errno) : target);
    } else {
      printf("%*s%s %lld %08x\n", depth * 2, "", names[i], (long long)info.st_size, checksum(full));
    }
    free(names[i]);
  }
  free(names);
  return entries;
}

static void build(const char* base, int depth, int* files) {
  mkdir(base, 0777);
  for (int i = 0; i < 3; ++i) {
    char path[512];
    snprintf(path, sizeof path, "%s/file%d", base, i);
    FILE* file = fopen(path, "w");
    if (!file) {
      printf("%s: %s\n", path, strerror(errno));
      return;
    }
    for (int line = 0; line <= i * 100; ++line) fprintf(file, "%d in %s\n", line, path);
    fclose(file);
    ++*files;
  }
  if (depth == 0) return;
  for (int i = 0; i < 2; ++i) {
    char path[512];
    snprintf(path, sizeof path, "%s/sub%d", base, i);
    build(path, depth - 1, files);
  }
}

static void tear_down(const char* base) {
  DIR* dir = opendir(base);
  if (!dir) return;
  // Names first: removing while reading is allowed but what is then seen is not defined.
  char names[64][32];
  int count = 0;
  for (struct dirent* entry; (entry = readdir(dir)) && count < 64;) {
    if (entry->d_name[0] != '.') snprintf(names[count++], sizeof names[0], "%s", entry->d_name);
  }
  closedir(dir);
  for (int i = 0; i < count; ++i) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", base, names[i]);
    if (unlink(path) != 0) tear_down(path);
  }
  if (rmdir(base) != 0) printf("%s: %s\n", base, strerror(errno));
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  printf("%d entries\n", walk(argv[1], 0));
  char base[256];
  snprintf(base, sizeof base, "%s/made", argv[1]);
  int files = 0;
  build(base, 2, &files);
  printf("made %d files\n", files);
  printf("%d entries\n", walk(base, 1));
  tear_down(base);
  printf("left: %d\n", access(base, F_OK) == 0);
  return 0;
}
