// A quick walk over the bytes before the real pass: the choice must be known when the first instruction is emitted.
//
// It is a tenth of lowering, so it does little: a table says what follows a one-byte instruction, integers are skipped by
// their continuation bits without being read, and no end is looked for within an instruction (there are zeros behind the
// code). The rest goes through the common reader; a walk by that alone took three times as long. Finding the size of an
// instruction in a word of eight bytes without a branch was tried: more instructions, and each waits for the one before.
#include "engine/lower/pinned.h"

#include <array>
#include <cstring>

#include "engine/wasm/instruction.h"

namespace wherry::lower {
namespace {

enum class Skip : uint8_t { Reader, Nothing, Local, OneInteger, TwoIntegers, Access, Open, End };

constexpr Skip skip_of(wasm::Op op, wasm::Immediate immediate) {
  using wasm::Immediate;
  using wasm::Op;
  if (op == Op::LocalGet || op == Op::LocalSet || op == Op::LocalTee) return Skip::Local;
  if (op == Op::End) return Skip::End;
  if (op == Op::TryTable) return Skip::Open;
  switch (immediate) {
    case Immediate::None: return Skip::Nothing;
    case Immediate::Block: return Skip::Open;
    case Immediate::Label:
    case Immediate::Func:
    case Immediate::Local:
    case Immediate::Global:
    case Immediate::Table:
    case Immediate::Memory:
    case Immediate::I32:
    case Immediate::I64: return Skip::OneInteger;
    case Immediate::CallIndirect: return Skip::TwoIntegers;
    case Immediate::MemArg1:
    case Immediate::MemArg2:
    case Immediate::MemArg4:
    case Immediate::MemArg8: return Skip::Access;
    default: return Skip::Reader;
  }
}

constexpr std::array<Skip, 256> make_skips() {
  std::array<Skip, 256> skips{};
#define OP(name, code, text, immediate, signature, feature) \
  if (code < 256) skips[code & 0xff] = skip_of(wasm::Op::name, wasm::Immediate::immediate);
#include "engine/wasm/opcodes.inc"
  return skips;
}

constexpr std::array<Skip, 256> kSkips = make_skips();
constexpr uint32_t kDeepestWeight = 12;  // 8^12 leaves room for eight million uses in 64 bits.

constexpr uint8_t kLoop = 0x03, kTryTable = 0x1f, kEmptyBlock = 0x40;
constexpr uint8_t kHasMemory = 0x40;

const uint8_t* skip_integer(const uint8_t* at) {
  while ((*at++ & 0x80) != 0) {}
  return at;
}

// Counts the uses of locals.
class Walk {
 public:
  Walk(base::ByteSpan code, wasm::Features features, std::span<uint64_t> counts)
      : at_(code.data()), end_(code.data() + code.size()), features_(features), counts_(counts) {}

  void run() {
    const uint8_t* at = at_;
    while (at < end_) {
      switch (kSkips[*at]) {
        case Skip::Local: {
          const uint32_t local = at[1];
          if (local >= 0x80) [[unlikely]] {
            at = use_far_local(at + 1);
            continue;
          }
          if (local < counts_.size()) counts_[local] += weight_;
          at += 2;
          continue;
        }
        case Skip::Nothing: ++at; continue;
        case Skip::OneInteger: at = skip_integer(at + 1); continue;
        case Skip::TwoIntegers: at = skip_integer(skip_integer(at + 1)); continue;
        case Skip::Access:
          if ((at[1] & kHasMemory) != 0) [[unlikely]]
            ++at;  // One integer more; the first has a single byte in valid code.
          at = skip_integer(skip_integer(at + 1));
          continue;
        case Skip::End:
          close();
          ++at;
          continue;
        case Skip::Open:
          open(*at);
          if (*at != kTryTable && at[1] == kEmptyBlock) {
            at += 2;
            continue;
          }
          [[fallthrough]];
        case Skip::Reader:
          at_ = at;
          if (!skip_slowly()) return;
          at = at_;
          continue;
      }
    }
  }

 private:
  const uint8_t* use_far_local(const uint8_t* at) {
    base::ByteReader reader({at, static_cast<size_t>(end_ - at)});
    const uint32_t local = reader.u32();
    if (local < counts_.size()) counts_[local] += weight_;
    return reader.position();
  }

  void close() {
    if (blocks_ > 0) {
      --blocks_;
    } else if (loops_ > 0) {
      blocks_ = outer_blocks_[--loops_];
      weight_ >>= 3;
    }
  }

  void open(uint8_t opcode) {
    if (opcode == kLoop && loops_ < kDeepestWeight) {
      outer_blocks_[loops_++] = blocks_;
      blocks_ = 0;
      weight_ <<= 3;
    } else {
      ++blocks_;
    }
  }

  bool skip_slowly() {
    base::ByteReader reader({at_, static_cast<size_t>(end_ - at_)});
    if (!wasm::read_instruction(reader, features_, &instruction_)) return false;
    at_ = reader.position();
    return true;
  }

  const uint8_t* at_;
  const uint8_t* const end_;
  const wasm::Features features_;
  const std::span<uint64_t> counts_;
  wasm::Instruction instruction_;
  // The nesting as a string of bits is not kept: `blocks_` counts blocks opened inside the innermost loop, and the
  // counts of outer loops are stacked for the first levels, which are all that weights tell apart.
  std::array<uint32_t, kDeepestWeight> outer_blocks_{};
  uint32_t loops_ = 0;
  uint32_t blocks_ = 0;
  uint64_t weight_ = 1;  // 8 to the power of `loops_`.
};

}  // namespace

PinnedLocals choose_pinned(base::ByteSpan code, std::span<const wasm::ValType> locals,
                           wasm::Features features, base::Vector<uint64_t>* counts) {
  PinnedLocals pinned;
  counts->clear();
  if (locals.empty() || !counts->resize(locals.size())) return pinned;
  Walk(code, features, counts->span()).run();
  uint64_t best = 0, second = 0;
  for (uint32_t i = 0; i < counts->size(); ++i) {
    const wasm::ValKind kind = locals[i].kind();
    if (kind == wasm::ValKind::F32 || kind == wasm::ValKind::F64 || kind == wasm::ValKind::V128) continue;
    const uint64_t count = (*counts)[i];
    if (count > best) {
      pinned.second = pinned.first;
      second = best;
      pinned.first = i;
      best = count;
    } else if (count > second) {
      pinned.second = i;
      second = count;
    }
  }
  return pinned;
}

}  // namespace wherry::lower
