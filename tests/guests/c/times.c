// Calendar arithmetic on fixed times (printed) and clocks (only their laws are printed, never their values).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  static const long long moments[] = {0,  951782400,     1234567890, 2147483648LL, 4102444799LL,
                                      -1, 253402300799LL};
  for (size_t i = 0; i < sizeof moments / sizeof *moments; ++i) {
    time_t t = (time_t)moments[i];
    struct tm tm;
    if (!gmtime_r(&t, &tm)) return 2;
    char text[128];
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %A %B %j %U %y %p %e", &tm);
    printf("%lld: %s, back %lld\n", moments[i], text, (long long)mktime(&tm));
  }
  struct tm parsed = {0};
  printf("%d\n", strptime("2024-02-29T23:59:58", "%Y-%m-%dT%H:%M:%S", &parsed) != NULL);
  printf("%d %d %d %d\n", parsed.tm_year, parsed.tm_mon, parsed.tm_mday, parsed.tm_sec);
  struct tm overflow = {.tm_year = 124, .tm_mon = 13, .tm_mday = 35, .tm_hour = 27};
  time_t normal = mktime(&overflow);
  printf("%lld %s", (long long)normal, asctime(&overflow));
  printf("%.0f\n", difftime((time_t)2000, (time_t)500));

  struct timespec a, b, resolution;
  int bad = clock_gettime(CLOCK_MONOTONIC, &a);
  for (int i = 0; i < 1000; ++i) {
    bad |= clock_gettime(CLOCK_MONOTONIC, &b);
    bad |= b.tv_sec < a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec < a.tv_nsec);
    a = b;
  }
  bad |= clock_getres(CLOCK_MONOTONIC, &resolution);
  printf("monotonic clock never steps back: %d, resolution known: %d\n", !bad, resolution.tv_nsec > 0);
  struct timespec pause = {0, 20000000};
  clock_gettime(CLOCK_MONOTONIC, &a);
  bad = nanosleep(&pause, NULL);
  clock_gettime(CLOCK_MONOTONIC, &b);
  long long slept = (b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec;
  printf("nanosleep: %d, at least as long as asked: %d\n", bad, slept >= 20000000);
  struct timeval now;
  gettimeofday(&now, NULL);
  printf("it is after 2024: %d\n", now.tv_sec > 1704067200);
  return 0;
}
