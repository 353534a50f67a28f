// The string library: searching, splitting, comparing, converting between encodings, memory blocks, regular
// expressions absent from the older libc's default build are not used.
#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>
#include <wctype.h>

int main(void) {
  const char* text = "the quick brown fox jumps over the lazy dog, the end";
  printf("%td %td %td\n", strstr(text, "fox") - text, strchr(text, 'q') - text, strrchr(text, 't') - text);
  printf("%zu %zu %td\n", strspn(text, "the "), strcspn(text, ","), strpbrk(text, ".,;") - text);
  char copy[128];
  strcpy(copy, text);
  int count = 0;
  char* save;
  for (char* word = strtok_r(copy, " ,", &save); word; word = strtok_r(NULL, " ,", &save)) {
    printf("%d:%s ", count++, word);
  }
  printf("\n%d %d %d %d\n", strcmp("a", "b") < 0, strcasecmp("HeLLo", "hEllO"), strncmp("abcd", "abcx", 3),
         memcmp("\x01\xff", "\x01\x00", 2) > 0);
  char block[32] = "0123456789abcdef";
  memmove(block + 4, block, 12);
  printf("%.16s\n", block);
  memset(block, '-', 5);
  printf("%.16s %td\n", block, (char*)memchr(block, '8', 16) - block);
  char* twin = strndup(text, 9);
  printf("[%s] %zu\n", twin, strnlen(text, 7));
  free(twin);
  strcpy(copy, "abc");
  strncat(copy, "defghi", 3);
  printf("%s %d\n", copy, atoi("  -273 degrees"));

  setlocale(LC_ALL, "C.UTF-8");
  wchar_t wide[64];
  size_t length = mbstowcs(wide, "naïve — 舟 🚣", 64);
  printf("%zu wide:", length);
  for (size_t i = 0; i < length; ++i) printf(" %x", (unsigned)wide[i]);
  char narrow[64];
  printf("\n%zu %s\n", wcstombs(narrow, wide, sizeof narrow), narrow);
  printf("%d %d %d %x\n", iswalpha(L'舟') != 0, wcscmp(L"ä", L"b") > 0, (int)wcslen(L"four"), towupper(L'ï'));
  int classes = 0;
  for (int c = 0; c < 256; ++c) {
    classes = classes * 31 + (isalpha(c) != 0) + 2 * (isdigit(c) != 0) + 4 * (isspace(c) != 0) +
              8 * (ispunct(c) != 0) + 16 * (isxdigit(c) != 0);
    classes &= 0xffffff;
  }
  printf("ctype %x\n", (unsigned)classes);
  return 0;
}
