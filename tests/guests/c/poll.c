// poll and clocks: readiness of standard streams and files, timeouts, and an empty wait.  poll DIRECTORY
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

int main(int argc, char** argv) {
  if (argc != 2 || chdir(argv[1]) != 0) return 2;
  struct pollfd both[2] = {{.fd = 0, .events = POLLIN}, {.fd = 1, .events = POLLOUT}};
  int ready = poll(both, 2, 1000);
  printf("ready: %d, output %d\n", ready > 0, (both[1].revents & POLLOUT) != 0);
  char buffer[64];
  struct pollfd input = {.fd = 0, .events = POLLIN};
  ready = poll(&input, 1, 1000);
  printf("input: %d %d\n", ready, (input.revents & POLLIN) != 0);
  ssize_t got = read(0, buffer, sizeof buffer);
  printf("read: %d\n", (int)got);

  int file = open("file", O_CREAT | O_RDWR, 0666);
  if (write(file, "text", 4) != 4) return 3;
  lseek(file, 0, SEEK_SET);
  struct pollfd regular = {.fd = file, .events = POLLIN | POLLOUT};
  ready = poll(&regular, 1, 1000);
  printf("file: %d\n", ready > 0);  // whether one event is told or both is the host's choice
  close(file);

  long long start = now_ms();
  struct timespec pause = {0, 15000000};
  int result = clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
  printf("relative sleep: %d, long enough %d\n", result, now_ms() - start >= 14);
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += 10000000;
  if (until.tv_nsec >= 1000000000) {
    until.tv_nsec -= 1000000000;
    ++until.tv_sec;
  }
  start = now_ms();
  result = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
  printf("absolute sleep: %d, long enough %d\n", result, now_ms() - start >= 9);
  return 0;
}
