// Measures processes from spawn to exit, interleaved:  spawn ROUNDS [-C DIR] -- COMMAND ARG… [-- COMMAND ARG…]…
//
// Prints a line a run: index of the command, nanoseconds, peak resident KiB, user and system microseconds, exit code (or
// 1000 + signal). Standard output and error of the commands are dropped. It is linked statically and stays small,
// since the peak that wait4 reports of a child is never below the parent's size at the time of the spawn.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

static long long now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long micros(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }

static int measure(int index, char** command, posix_spawn_file_actions_t* actions) {
  pid_t child;
  long long start = now_ns();
  int error = posix_spawnp(&child, command[0], actions, NULL, command, environ);
  if (error) {
    fprintf(stderr, "spawn: %s: %s\n", command[0], strerror(error));
    return 1;
  }
  int status;
  struct rusage use;
  while (wait4(child, &status, 0, &use) < 0) {
    if (errno != EINTR) return 1;
  }
  long long elapsed = now_ns() - start;
  printf("%d %lld %ld %lld %lld %d\n", index, elapsed, use.ru_maxrss, micros(use.ru_utime),
         micros(use.ru_stime), WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status));
  return 0;
}

int main(int argc, char** argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 0, at = 2, count = 0;
  char*** commands = calloc((size_t)argc + 1, sizeof *commands);  // More than there can be.
  if (commands == NULL) return 1;
  if (argc > at + 1 && !strcmp(argv[at], "-C")) {
    if (chdir(argv[at + 1]) != 0) return 1;
    at += 2;
  }
  for (; at < argc; ++at) {
    if (strcmp(argv[at], "--") != 0) continue;
    argv[at] = NULL;
    if (at + 1 < argc) commands[count++] = &argv[at + 1];
  }
  if (rounds <= 0 || count == 0) {
    fprintf(stderr, "usage: spawn ROUNDS [-C DIR] -- COMMAND ARG... [-- COMMAND ARG...]...\n");
    return 2;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < count; ++i) {
      int index = round % 2 ? count - 1 - i : i;  // There and back, so that nobody always comes first.
      if (measure(index, commands[index], &actions)) return 1;
    }
  }
  free(commands);
  return 0;
}
