// Relaxed atomic accesses compile to plain moves: this costs only what vector moves would have gained. A word at a time
// where source and target have the same alignment, else bytes.
// Rejected: memmove and memset, which the language does not define under a race (and which the sanitizer reports).
#include "engine/runtime/shared_bytes.h"

namespace wherry::runtime {
namespace {

using Word [[gnu::may_alias]] = uint64_t;
constexpr size_t kWord = sizeof(Word);

size_t offset_in_word(const uint8_t* at) { return reinterpret_cast<uintptr_t>(at) % kWord; }

void move_byte(uint8_t* to, const uint8_t* from) {
  __atomic_store_n(to, __atomic_load_n(from, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
}

void move_word(uint8_t* to, const uint8_t* from) {
  const uint64_t word = __atomic_load_n(reinterpret_cast<const Word*>(from), __ATOMIC_RELAXED);
  __atomic_store_n(reinterpret_cast<Word*>(to), word, __ATOMIC_RELAXED);
}

void move_forwards(uint8_t* to, const uint8_t* from, size_t size, bool by_words) {
  size_t at = 0;
  if (by_words) {
    while (at < size && offset_in_word(to + at) != 0) move_byte(to + at, from + at), ++at;
    for (; size - at >= kWord; at += kWord) move_word(to + at, from + at);
  }
  for (; at < size; ++at) move_byte(to + at, from + at);
}

void move_backwards(uint8_t* to, const uint8_t* from, size_t size, bool by_words) {
  size_t left = size;
  if (by_words) {
    while (left != 0 && offset_in_word(to + left) != 0) --left, move_byte(to + left, from + left);
    for (; left >= kWord; left -= kWord) move_word(to + left - kWord, from + left - kWord);
  }
  while (left != 0) --left, move_byte(to + left, from + left);
}

}  // namespace

void move_shared(uint8_t* to, const uint8_t* from, size_t size_bytes) {
  const bool by_words = offset_in_word(to) == offset_in_word(from);
  if (reinterpret_cast<uintptr_t>(to) <= reinterpret_cast<uintptr_t>(from)) {
    move_forwards(to, from, size_bytes, by_words);
  } else {
    move_backwards(to, from, size_bytes, by_words);
  }
}

void fill_shared(uint8_t* to, uint8_t value, size_t size_bytes) {
  constexpr uint64_t kEachByte = 0x0101'0101'0101'0101;
  size_t at = 0;
  while (at < size_bytes && offset_in_word(to + at) != 0)
    __atomic_store_n(to + at++, value, __ATOMIC_RELAXED);
  for (; size_bytes - at >= kWord; at += kWord) {
    __atomic_store_n(reinterpret_cast<Word*>(to + at), value * kEachByte, __ATOMIC_RELAXED);
  }
  while (at < size_bytes) __atomic_store_n(to + at++, value, __ATOMIC_RELAXED);
}

}  // namespace wherry::runtime
