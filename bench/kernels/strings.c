// Text: make sentences, split them into words, count the words in a hash map of strings, and search for
// substrings. Byte loads, short unpredictable loops, pointer chasing. n = passes over 32 KiB of text.
#include <stdint.h>

enum { kText = 32768, kBuckets = 1024, kEntries = 4096, kPool = 65536 };
typedef struct Entry {
  struct Entry* next;
  const char* word;
  uint32_t length, hash, count;
} Entry;

static char text[kText + 1];
static char pool[kPool];
static Entry entries[kEntries];
static Entry* buckets[kBuckets];
static uint32_t entry_count, pool_used;

static uint32_t seed;
static uint32_t next(void) {
  seed = seed * 1664525 + 1013904223;
  return seed >> 8;
}

static void make_text(void) {
  static const char* const syllables[16] = {"ba",  "ko",  "ri", "ten", "mu",   "sal", "ven", "do",
                                            "qui", "lor", "a",  "pe",  "stra", "nim", "et",  "us"};
  uint32_t at = 0;
  while (at < kText - 24) {
    uint32_t parts = 1 + next() % 3;
    while (parts--) {
      for (const char* p = syllables[(next() >> 3) % 16]; *p; ++p) text[at++] = *p;
    }
    uint32_t end = next() % 16;
    if (end == 0) text[at++] = '.';
    if (end == 1) text[at++] = ',';
    text[at++] = end == 2 ? '\n' : ' ';
  }
  text[at] = 0;
}

static int same(const char* a, const char* b, uint32_t length) {
  for (uint32_t i = 0; i < length; ++i) {
    if (a[i] != b[i]) return 0;
  }
  return 1;
}

static void count_word(const char* word, uint32_t length) {
  uint32_t hash = 2166136261u;
  for (uint32_t i = 0; i < length; ++i) hash = (hash ^ (uint8_t)word[i]) * 16777619u;
  Entry** bucket = &buckets[hash % kBuckets];
  for (Entry* e = *bucket; e; e = e->next) {
    if (e->hash == hash && e->length == length && same(e->word, word, length)) {
      ++e->count;
      return;
    }
  }
  if (entry_count == kEntries || pool_used + length > kPool) return;
  Entry* e = &entries[entry_count++];
  e->word = pool + pool_used;
  for (uint32_t i = 0; i < length; ++i) pool[pool_used++] = word[i];
  e->length = length;
  e->hash = hash;
  e->count = 1;
  e->next = *bucket;
  *bucket = e;
}

static int is_letter(char c) { return c >= 'a' && c <= 'z'; }

static void tokenise(void) {
  const char* p = text;
  while (*p) {
    while (*p && !is_letter(*p)) ++p;
    const char* word = p;
    while (is_letter(*p)) ++p;
    if (p != word) count_word(word, (uint32_t)(p - word));
  }
}

static uint32_t find_all(const char* needle) {
  uint32_t found = 0;
  for (const char* p = text; *p; ++p) {
    const char *a = p, *b = needle;
    while (*b && *a == *b) {
      ++a;
      ++b;
    }
    found += !*b;
  }
  return found;
}

uint32_t run(uint32_t n) {
  uint32_t sum = 0;
  seed = 42;
  entry_count = pool_used = 0;
  for (uint32_t i = 0; i < kBuckets; ++i) buckets[i] = 0;
  for (uint32_t round = 0; round < n; ++round) {
    make_text();
    tokenise();
    sum = sum * 31 + find_all("stralor") + find_all("ve") * 7 + find_all("bakori");
  }
  for (uint32_t i = 0; i < entry_count; ++i) sum = sum * 33 + entries[i].count * entries[i].length;
  return sum;
}
