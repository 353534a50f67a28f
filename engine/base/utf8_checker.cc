// Checking UTF-8 by three table look-ups a byte: the method of J. Keiser and D. Lemire, "Validating UTF-8 In Less Than One Instruction
// Per Byte" (2020). Every fault that two bytes in a row can show is a bit; a byte's upper half, its lower half and the upper half of the
// next byte each say which faults are possible, and what all three agree on is one. Two continuations in a row are the only thing that
// may or may not be right: that depends on the two bytes before.
//
// A byte at a time (utf8.cc) checks 0.3 to 0.4 GB/s of text that mixes its lengths, which a string from guest to guest is
// copied at forty times as fast. simdutf does this better and is not in Debian 12.
//
// Where the processor has AVX2, blocks go 32 bytes at a time: the same steps, twice as wide. The C library knows at the start of the process
// what there is; asking the processor itself would leave a virtual machine, which costs more than a short string.
//
// SSSE3 is below the oldest processor that runs Wherry (docs/abi.md, "The interpreter's registers").
#include "engine/base/utf8_checker.h"

#include <cstring>

#if defined(__aarch64__)
#include <arm_neon.h>
#endif
#if defined(__x86_64__) && __has_include(<sys/platform/x86.h>)
#define _Bool bool  // As the header means it, which glibc 2.36 wrote for C alone.
#include <sys/platform/x86.h>
#undef _Bool
#define WHERRY_HAS_WIDE 1
#else
#define WHERRY_HAS_WIDE 0
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

#if WHERRY_HAS_WIDE
namespace {

using Wide = uint8_t __attribute__((vector_size(32)));
using WideChars = char __attribute__((vector_size(32)));

#define WHERRY_WIDE __attribute__((target("avx2")))

WHERRY_WIDE inline Wide twice(Bytes bytes) {
  return __builtin_shufflevector(bytes, bytes, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2,
                                 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

WHERRY_WIDE inline Wide look_up_wide(Wide table, Wide index) {
  return reinterpret_cast<Wide>(
      __builtin_ia32_pshufb256(reinterpret_cast<WideChars>(table), reinterpret_cast<WideChars>(index)));
}

// `bytes` moved up by `by`, behind the end of what came before. `across` is the upper half of that and the lower half of `bytes`.
template <int by>
WHERRY_WIDE inline Wide behind(Wide across, Wide bytes) {
  return reinterpret_cast<Wide>(__builtin_ia32_palignr256(reinterpret_cast<WideChars>(bytes),
                                                          reinterpret_cast<WideChars>(across), 16 - by));
}

WHERRY_WIDE inline bool is_zero_wide(Wide bytes) {
  using Longs = long long __attribute__((vector_size(32)));
  return __builtin_ia32_ptestz256(reinterpret_cast<Longs>(bytes), reinterpret_cast<Longs>(bytes)) != 0;
}

// The faults of `bytes`, which follow `last`: as add_vector has them.
WHERRY_WIDE inline Wide faults_of(Wide last, Wide bytes) {
  const Wide across =
      __builtin_shufflevector(last, bytes, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
                              33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47);
  const Wide one = behind<1>(across, bytes);
  const Wide faults = look_up_wide(twice(kFirstHigh), one >> 4) & look_up_wide(twice(kFirstLow), one & 0x0f) &
                      look_up_wide(twice(kSecondHigh), bytes >> 4);
  const Wide third =
      __builtin_elementwise_sub_sat(behind<2>(across, bytes), Wide{} + static_cast<uint8_t>(0xe0 - 0x80));
  const Wide fourth =
      __builtin_elementwise_sub_sat(behind<3>(across, bytes), Wide{} + static_cast<uint8_t>(0xf0 - 0x80));
  return ((third | fourth) & 0x80) ^ faults;
}

// Looks at whole blocks and answers their faults; writes them to `to` on the way. What is looked at is what is written.
template <bool kCopies>
WHERRY_WIDE Bytes check_blocks(const uint8_t* bytes, uint8_t* to, size_t size, Bytes* last,
                               Bytes* incomplete) {
  const Wide kNothing = {};
  Wide before =
      __builtin_shufflevector(kNothing, twice(*last), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
                              48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63);
  const Wide complete = __builtin_shufflevector(twice(kComplete), kNothing + uint8_t{0xff}, 32, 33, 34, 35,
                                                36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 0, 1, 2, 3, 4,
                                                5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  Wide open =
      __builtin_shufflevector(twice(*incomplete), kNothing, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
                              44, 45, 46, 47, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  Wide wrong = {};
  for (size_t at = 0; at < size; at += Utf8Checker::kBlock) {
    Wide first;
    Wide second;
    std::memcpy(&first, bytes + at, sizeof first);
    std::memcpy(&second, bytes + at + sizeof first, sizeof second);
    if constexpr (kCopies) {
      std::memcpy(to + at, &first, sizeof first);
      std::memcpy(to + at + sizeof first, &second, sizeof second);
    }
    if (is_zero_wide((first | second) & 0x80)) {
      wrong |= open;
      open = kNothing;
    } else {
      wrong |= faults_of(before, first) | faults_of(first, second);
      open = __builtin_elementwise_sub_sat(second, complete);
    }
    before = second;
  }
  const auto upper = [](Wide wide) WHERRY_WIDE {
    return __builtin_shufflevector(wide, wide, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
                                   31);
  };
  *last = upper(before);
  *incomplete = upper(open);
  return upper(wrong) |
         __builtin_shufflevector(wrong, wrong, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

}  // namespace
#endif

WHERRY_SHUFFLES void Utf8Checker::add(const uint8_t* bytes, size_t size) {
#if WHERRY_HAS_WIDE
  if (size >= 4 * kBlock && CPU_FEATURE_ACTIVE(AVX2)) {
    const size_t whole = size / kBlock * kBlock;
    wrong_ |= check_blocks<false>(bytes, nullptr, whole, &last_, &incomplete_);
    bytes += whole;
    size -= whole;
  }
#endif
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

void Utf8Checker::copy(const uint8_t* from, uint8_t* to, size_t size) {
#if WHERRY_HAS_WIDE
  if (CPU_FEATURE_ACTIVE(AVX2)) {
    const size_t whole = size / kBlock * kBlock;
    wrong_ |= check_blocks<true>(from, to, whole, &last_, &incomplete_);
    from += whole;
    to += whole;
    size -= whole;
  }
#endif
  constexpr size_t kPiece = 4096;  // is in the first-level cache when it is looked at
  while (size != 0) {
    const size_t piece = size < kPiece ? size : kPiece;
    std::memcpy(to, from, piece);
    add(to, piece);
    from += piece;
    to += piece;
    size -= piece;
  }
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
