// In the manner of CoreMark: a linked list that is searched, reversed and sorted, a state machine that reads
// numbers, an integer matrix, and a CRC-16 over all results. n = iterations.
#include <stdint.h>

enum { kNodes = 96, kSize = 16 };
typedef struct Node {
  struct Node* next;
  uint16_t key, value;
} Node;

static Node nodes[kNodes];
static int16_t ma[kSize * kSize], mb[kSize * kSize];
static int32_t mc[kSize * kSize];
static const char numbers[] =
    "5012,1234,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,-.123e-2,-87e+832,+0.6e-12,"
    "T0.3e-1F,-T.T++Tq,1T3.4e4z,34.0e-T^,";

static uint16_t crc16(uint32_t value, uint16_t crc) {
  for (uint32_t i = 0; i < 16; ++i) {
    uint32_t carry = (value ^ crc) & 1;
    value >>= 1;
    crc = (uint16_t)(crc >> 1);
    if (carry) crc ^= 0xa001;
  }
  return crc;
}

static Node* reverse(Node* list) {
  Node* done = 0;
  while (list) {
    Node* next = list->next;
    list->next = done;
    done = list;
    list = next;
  }
  return done;
}

static Node* find(Node* list, uint16_t key) {
  while (list && list->key != key) list = list->next;
  return list;
}

static int by_key(const Node* a, const Node* b) { return (int)a->key - (int)b->key; }
static int by_value(const Node* a, const Node* b) { return (int)a->value - (int)b->value; }

static Node* merge_sort(Node* list, int (*compare)(const Node*, const Node*)) {
  for (uint32_t width = 1;; width *= 2) {
    Node *p = list, *tail = 0;
    uint32_t merges = 0;
    list = 0;
    while (p) {
      Node* q = p;
      uint32_t left = 0, right = width;
      ++merges;
      while (left < width && q) {
        ++left;
        q = q->next;
      }
      while (left > 0 || (right > 0 && q)) {
        Node* e;
        if (left == 0 || (right > 0 && q && compare(p, q) > 0)) {
          e = q;
          q = q->next;
          --right;
        } else {
          e = p;
          p = p->next;
          --left;
        }
        if (tail) {
          tail->next = e;
        } else {
          list = e;
        }
        tail = e;
      }
      p = q;
    }
    if (tail) tail->next = 0;
    if (merges <= 1) return list;
  }
}

static uint16_t lists(uint32_t seed, uint16_t crc) {
  for (uint32_t i = 0; i < kNodes; ++i) {
    nodes[i].key = (uint16_t)((i * 37 + seed) % 251);
    nodes[i].value = (uint16_t)((i * 113) ^ seed);
    nodes[i].next = i + 1 < kNodes ? &nodes[i + 1] : 0;
  }
  Node* list = nodes;
  uint32_t found = 0;
  for (uint32_t i = 0; i < 24; ++i) {
    list = reverse(list);
    Node* hit = find(list, (uint16_t)((seed + i * 11) % 251));
    if (hit) found += hit->value & 0xff;
  }
  list = merge_sort(list, by_value);
  crc = crc16(list->key, crc);
  list = merge_sort(list, by_key);
  for (Node* p = list; p; p = p->next) crc = crc16(p->value, crc);
  return crc16(found, crc);
}

static uint16_t matrix(uint32_t seed, uint16_t crc) {
  for (uint32_t i = 0; i < kSize * kSize; ++i) {
    ma[i] = (int16_t)((seed + i * 3) % 127);
    mb[i] = (int16_t)((seed * 5 + i * 7) % 113);
  }
  for (uint32_t i = 0; i < kSize; ++i) {
    for (uint32_t j = 0; j < kSize; ++j) {
      int32_t sum = 0;
      for (uint32_t x = 0; x < kSize; ++x) {
        int32_t product = (int32_t)ma[i * kSize + x] * (int32_t)mb[x * kSize + j];
        sum += ((product >> 2) & 15) * ((product >> 5) & 127);
      }
      mc[i * kSize + j] = sum;
    }
  }
  for (uint32_t i = 0; i < kSize * kSize; i += 5) crc = crc16((uint32_t)mc[i], crc);
  return crc;
}

enum State { Start, Invalid, Sign, Integer, Fraction, Exponent, ExponentSign, Scientific, kStates };

static enum State advance(enum State state, char c) {
  int digit = c >= '0' && c <= '9';
  switch (state) {
    case Start: return digit ? Integer : c == '+' || c == '-' ? Sign : c == '.' ? Fraction : Invalid;
    case Sign: return digit ? Integer : c == '.' ? Fraction : Invalid;
    case Integer: return digit ? Integer : c == '.' ? Fraction : c == 'e' ? Exponent : Invalid;
    case Fraction: return digit ? Fraction : c == 'e' || c == 'E' ? Exponent : Invalid;
    case Exponent: return c == '+' || c == '-' ? ExponentSign : Invalid;
    case ExponentSign: return digit ? Scientific : Invalid;
    case Scientific: return digit ? Scientific : Invalid;
    default: return Invalid;
  }
}

static uint16_t states(uint32_t seed, uint16_t crc) {
  uint32_t counts[kStates];
  for (uint32_t i = 0; i < kStates; ++i) counts[i] = 0;
  uint32_t skip = seed % 7;
  enum State state = Start;
  for (const char* p = numbers; *p; ++p) {
    char c = *p;
    if (c != ',' && skip-- == 0) {
      c = (char)('0' + seed % 10);
      skip = 11;
    }
    if (c == ',') {
      ++counts[state];
      state = Start;
    } else {
      state = advance(state, c);
    }
  }
  for (uint32_t i = 0; i < kStates; ++i) crc = crc16(counts[i], crc);
  return crc;
}

uint32_t run(uint32_t n) {
  uint16_t crc = 0xffff;
  uint32_t seed = 0x3415;
  for (uint32_t i = 0; i < n; ++i) {
    crc = lists(seed, crc);
    crc = matrix(seed & 0xff, crc);
    crc = states(seed, crc);
    seed = (seed * 2053 + crc) & 0xffff;
  }
  return ((uint32_t)crc << 16) | seed;
}
