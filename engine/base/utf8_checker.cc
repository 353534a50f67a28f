// Checking UTF-8 by three table look-ups a byte: the method of J. Keiser and D. Lemire, "Validating UTF-8 In Less Than One Instruction
// Per Byte" (2020). Every fault that two bytes in a row can show is a bit; a byte's upper half, its lower half and the upper half of the
// next byte each say which faults are possible, and what all three agree on is one. Two continuations in a row are the only thing that
// may or may not be right: that depends on the two bytes before.
//
// A byte at a time (utf8.cc) checks 0.3 to 0.4 GB/s of text that mixes its lengths, which a string from guest to guest is
// copied at forty times as fast. simdutf does this better and is not in Debian 12.
//
// SSSE3 is below the oldest processor that runs Wherry (docs/abi.md, "The interpreter's registers").
#include "engine/base/utf8_checker.h"

#include <cstring>

#if defined(__aarch64__)
#include <arm_neon.h>
#endif

#if defined(__x86_64__)
#define WHERRY_SHUFFLES __attribute__((target("ssse3")))
#else
#define WHERRY_SHUFFLES
#endif

namespace wherry::base {

namespace {

using Bytes = uint8_t __attribute__((vector_size(16)));

// Faults of a byte and the one behind it, by the paper's names.
constexpr uint8_t kTooShort = 1 << 0;      // A first byte, and no continuation.
constexpr uint8_t kTooLong = 1 << 1;       // ASCII, and a continuation.
constexpr uint8_t kOverlong3 = 1 << 2;     // e0 80 to e0 9f
constexpr uint8_t kTooLarge = 1 << 3;      // f4 90 and above
constexpr uint8_t kSurrogate = 1 << 4;     // ed a0 and above
constexpr uint8_t kOverlong2 = 1 << 5;     // c0, c1
constexpr uint8_t kTooLarge1000 = 1 << 6;  // f5 80 and above, f5 90...
constexpr uint8_t kOverlong4 = 1 << 6;     // f0 80 to f0 8f
constexpr uint8_t kTwoConts = 1 << 7;      // Right if a character of three or four bytes began before.
constexpr uint8_t kCarry = kTooShort | kTooLong | kTwoConts;

constexpr Bytes kFirstHigh = {kTooLong,
                              kTooLong,
                              kTooLong,
                              kTooLong,
                              kTooLong,
                              kTooLong,
                              kTooLong,
                              kTooLong,
                              kTwoConts,
                              kTwoConts,
                              kTwoConts,
                              kTwoConts,
                              kTooShort | kOverlong2,
                              kTooShort,
                              kTooShort | kOverlong3 | kSurrogate,
                              kTooShort | kTooLarge | kTooLarge1000 | kOverlong4};
constexpr Bytes kFirstLow = {kCarry | kOverlong3 | kOverlong2 | kOverlong4,
                             kCarry | kOverlong2,
                             kCarry,
                             kCarry,
                             kCarry | kTooLarge,
                             kCarry | kTooLarge | kTooLarge1000,
                             kCarry | kTooLarge | kTooLarge1000,
                             kCarry | kTooLarge | kTooLarge1000,
                             kCarry | kTooLarge | kTooLarge1000,
                             kCarry | kTooLarge | kTooLarge1000,
                             kCarry | kTooLarge | kTooLarge1000,
                             kCarry | kTooLarge | kTooLarge1000,
                             kCarry | kTooLarge | kTooLarge1000,
                             kCarry | kTooLarge | kTooLarge1000 | kSurrogate,
                             kCarry | kTooLarge | kTooLarge1000,
                             kCarry | kTooLarge | kTooLarge1000};
constexpr uint8_t kCont = kTooLong | kOverlong2 | kTwoConts;
constexpr Bytes kSecondHigh = {kTooShort,
                               kTooShort,
                               kTooShort,
                               kTooShort,
                               kTooShort,
                               kTooShort,
                               kTooShort,
                               kTooShort,
                               kCont | kOverlong3 | kTooLarge1000 | kOverlong4,
                               kCont | kOverlong3 | kTooLarge,
                               kCont | kSurrogate | kTooLarge,
                               kCont | kSurrogate | kTooLarge,
                               kTooShort,
                               kTooShort,
                               kTooShort,
                               kTooShort};

// The last bytes of a vector that promise more than the vector has.
constexpr Bytes kComplete = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                             0xff, 0xff, 0xff, 0xff, 0xff, 0xef, 0xdf, 0xbf};

// table[index] for each; indices are below 16.
WHERRY_SHUFFLES inline Bytes look_up(Bytes table, Bytes index) {
#if defined(__x86_64__)
  using Chars = char __attribute__((vector_size(16)));
  return reinterpret_cast<Bytes>(
      __builtin_ia32_pshufb128(reinterpret_cast<Chars>(table), reinterpret_cast<Chars>(index)));
#elif defined(__aarch64__)
  return reinterpret_cast<Bytes>(
      vqtbl1q_u8(reinterpret_cast<uint8x16_t>(table), reinterpret_cast<uint8x16_t>(index)));
#else
  Bytes found;
  for (int i = 0; i < 16; ++i) found[i] = table[index[i]];
  return found;
#endif
}

bool is_zero(Bytes bytes) {
  uint64_t halves[2];
  std::memcpy(halves, &bytes, sizeof halves);
  return (halves[0] | halves[1]) == 0;
}

}  // namespace

WHERRY_SHUFFLES void Utf8Checker::add_vector(Bytes bytes) {
  const Bytes one =
      __builtin_shufflevector(last_, bytes, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  const Bytes two =
      __builtin_shufflevector(last_, bytes, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
  const Bytes three =
      __builtin_shufflevector(last_, bytes, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28);
  const Bytes faults =
      look_up(kFirstHigh, one >> 4) & look_up(kFirstLow, one & 0x0f) & look_up(kSecondHigh, bytes >> 4);
  const Bytes third = __builtin_elementwise_sub_sat(two, Bytes{} + static_cast<uint8_t>(0xe0 - 0x80));
  const Bytes fourth = __builtin_elementwise_sub_sat(three, Bytes{} + static_cast<uint8_t>(0xf0 - 0x80));
  const Bytes must_continue = (third | fourth) & 0x80;
  wrong_ |= must_continue ^ faults;
  incomplete_ = __builtin_elementwise_sub_sat(bytes, kComplete);
  last_ = bytes;
}

WHERRY_SHUFFLES void Utf8Checker::add(const uint8_t* bytes, size_t size) {
  for (; size >= kBlock; size -= kBlock, bytes += kBlock) {
    Bytes vectors[4];
    std::memcpy(vectors, bytes, sizeof vectors);
    if (is_zero(((vectors[0] | vectors[1]) | (vectors[2] | vectors[3])) & 0x80)) {
      add_ascii();
      continue;
    }
    for (const Bytes vector : vectors) add_vector(vector);
  }
  if (size == 0) return;
  uint8_t rest[kBlock] = {};  // Zeros are ASCII.
  std::memcpy(rest, bytes, size);
  add(rest, kBlock);
}

void Utf8Checker::add_ascii() {
  wrong_ |= incomplete_;
  incomplete_ = Bytes{};
  last_ = Bytes{};
}

bool Utf8Checker::finish() {
  wrong_ |= incomplete_;
  return is_zero(wrong_);
}

}  // namespace wherry::base
