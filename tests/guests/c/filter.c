// Reads standard input to its end: counts lines, words and bytes, echoes lines in upper case with numbers.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void) {
  char* line = NULL;
  size_t room = 0, lines = 0, words = 0, bytes = 0;
  ssize_t length;
  while ((length = getline(&line, &room, stdin)) > 0) {
    ++lines;
    bytes += (size_t)length;
    int inside = 0;
    for (ssize_t i = 0; i < length; ++i) {
      int letter = !isspace((unsigned char)line[i]);
      words += letter && !inside;
      inside = letter;
      line[i] = (char)toupper((unsigned char)line[i]);
    }
    printf("%3zu %s", lines, line);
  }
  free(line);
  printf("\n%zu lines, %zu words, %zu bytes, eof %d\n", lines, words, bytes, feof(stdin) != 0);
  fprintf(stderr, "on standard error\n");
  return 0;
}
