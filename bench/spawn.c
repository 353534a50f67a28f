// Measures processes from spawn to exit, interleaved:  spawn ROUNDS [-C DIR] [-o] -- COMMAND ARG… [-- COMMAND ARG…]…
//
// -o: the commands of a round run at once, on one processor, which the system gives to each for a few milliseconds in turn. What slows
// the machine down for longer than that slows all of them down. Nanoseconds are then from the first spawn of the round.
//
// Prints a line a run: index of the command, nanoseconds, peak resident KiB, user and system microseconds, exit code (or
// 1000 + signal). Standard output and error of the commands are dropped. It is linked statically and stays small,
// since the peak that wait4 reports of a child is never below the parent's size at the time of the spawn.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
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

static pid_t start(char** command, posix_spawn_file_actions_t* actions) {
  pid_t child;
  int error = posix_spawnp(&child, command[0], actions, NULL, command, environ);
  if (error) fprintf(stderr, "spawn: %s: %s\n", command[0], strerror(error));
  return error ? -1 : child;
}

// Waits for one of `children`, and tells of it; `children[i]` is that of command i, or 0.
static int finish(pid_t* children, long long start_ns) {
  int status, index = 0;
  struct rusage use;
  pid_t child;
  while ((child = wait4(-1, &status, 0, &use)) < 0) {
    if (errno != EINTR) return 1;
  }
  long long elapsed = now_ns() - start_ns;
  while (children[index] != child) ++index;
  children[index] = 0;
  printf("%d %lld %ld %lld %lld %d\n", index, elapsed, use.ru_maxrss, micros(use.ru_utime),
         micros(use.ru_stime), WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status));
  return 0;
}

static int stay_here(void) {
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(sched_getcpu(), &here);
  return sched_setaffinity(0, sizeof here, &here);
}

int main(int argc, char** argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 0, at = 2, count = 0, at_once = 0;
  char*** commands = calloc((size_t)argc + 1, sizeof *commands);  // More than there can be.
  pid_t* children = calloc((size_t)argc + 1, sizeof *children);
  if (commands == NULL || children == NULL) return 1;
  if (argc > at + 1 && !strcmp(argv[at], "-C")) {
    if (chdir(argv[at + 1]) != 0) return 1;
    at += 2;
  }
  if (argc > at && !strcmp(argv[at], "-o")) {
    if (stay_here() != 0) return 1;
    at_once = 1;
    ++at;
  }
  for (; at < argc; ++at) {
    if (strcmp(argv[at], "--") != 0) continue;
    argv[at] = NULL;
    if (at + 1 < argc) commands[count++] = &argv[at + 1];
  }
  if (rounds <= 0 || count == 0) {
    fprintf(stderr, "usage: spawn ROUNDS [-C DIR] [-o] -- COMMAND ARG... [-- COMMAND ARG...]...\n");
    return 2;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  for (int round = 0; round < rounds; ++round) {
    long long start_ns = 0;
    for (int i = 0; i < count; ++i) {
      int index = round % 2 ? count - 1 - i : i;  // There and back, so that nobody always comes first.
      if (!at_once || i == 0) start_ns = now_ns();
      if ((children[index] = start(commands[index], &actions)) < 0) return 1;
      if (!at_once && finish(children, start_ns)) return 1;
    }
    for (int i = 0; at_once && i < count; ++i) {
      if (finish(children, start_ns)) return 1;
    }
  }
  free(children);
  free(commands);
  return 0;
}
