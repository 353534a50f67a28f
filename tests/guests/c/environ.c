// Arguments, variables, exit codes and the order of atexit.  environ CODE [ARG…]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char** environ;

static void first(void) { puts("atexit: registered first, runs last"); }
static void second(void) { puts("atexit: registered second, runs first"); }

static int by_text(const void* a, const void* b) { return strcmp(*(char* const*)a, *(char* const*)b); }

int main(int argc, char** argv) {
  printf("%d arguments\n", argc - 1);
  for (int i = 1; i < argc; ++i) printf("%d [%s] %zu\n", i, argv[i], strlen(argv[i]));
  int count = 0;
  while (environ[count]) ++count;
  qsort(environ, (size_t)count, sizeof *environ, by_text);
  for (int i = 0; i < count; ++i) printf("%s\n", environ[i]);
  printf("A=%s MISSING=%s\n", getenv("A") ? getenv("A") : "(none)",
         getenv("MISSING") ? getenv("MISSING") : "(none)");
  setenv("NEW", "value", 1);
  unsetenv("A");
  printf("NEW=%s A=%s\n", getenv("NEW"), getenv("A") ? getenv("A") : "(none)");
  atexit(first);
  atexit(second);
  exit(argc > 1 ? atoi(argv[1]) : 0);
}
