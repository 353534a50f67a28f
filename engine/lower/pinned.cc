// A quick walk over the bytes before the real pass: the choice must be known when the first instruction is emitted.
//
// It is a tenth of lowering, so it does little: a table says what follows a one-byte instruction, integers are skipped by
// their continuation bits without being read, and no end is looked for within an instruction (there are zeros behind the
// code). The rest goes through the common reader; a walk by that alone took three times as long. Finding the size of an
// instruction in a word of eight bytes without a branch was tried: more instructions, and each waits for the one before.
//
// Functions with v128 locals consist of what the common reader reads anyway, and take another walk. What makes a vector's register
// pay is the wait for a slot that has just been written, where a turn of a loop needs what the turn before made: some eight
// cycles. A local that each turn writes before it reads it has nothing of that, and one that is written by an instruction without
// a form for the register costs a dispatch more, so uses are not simply counted.
#include "engine/lower/pinned.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/lower/vector_code.h"
#include "engine/wasm/instruction.h"

namespace wherry::lower {
namespace {

enum class Skip : uint8_t { Reader, Nothing, Local, Call, OneInteger, TwoIntegers, Access, Open, End };

constexpr Skip skip_of(wasm::Op op, wasm::Immediate immediate) {
  using wasm::Immediate;
  using wasm::Op;
  if (op == Op::LocalGet || op == Op::LocalSet || op == Op::LocalTee) return Skip::Local;
  if (op == Op::End) return Skip::End;
  if (op == Op::Call) return Skip::Call;
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

// Where a walk is in the nesting of blocks. Not kept as a string of bits: `blocks_` counts blocks opened inside the innermost
// loop, and the counts of outer loops are stacked for the first levels, which are all that weights tell apart.
class Nesting {
 public:
  // What a use here weighs: 8 to the power of the loops around it.
  uint64_t weight() const { return weight_; }

  // Whether a turn of a loop begins.
  bool open(bool is_loop) {
    if (!is_loop || loops_ == kDeepestWeight) {
      ++blocks_;
      return false;
    }
    outer_blocks_[loops_++] = blocks_;
    blocks_ = 0;
    weight_ <<= 3;
    return true;
  }

  // Whether it was a loop that ended.
  bool close() {
    if (blocks_ > 0) {
      --blocks_;
      return false;
    }
    if (loops_ == 0) return false;
    blocks_ = outer_blocks_[--loops_];
    weight_ >>= 3;
    return true;
  }

 private:
  std::array<uint32_t, kDeepestWeight> outer_blocks_{};
  uint32_t loops_ = 0;
  uint32_t blocks_ = 0;
  uint64_t weight_ = 1;
};

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
          if (local < counts_.size()) counts_[local] += nesting_.weight();
          at += 2;
          continue;
        }
        case Skip::Nothing: ++at; continue;
        case Skip::Call: calls_ += nesting_.weight(); [[fallthrough]];
        case Skip::OneInteger: at = skip_integer(at + 1); continue;
        case Skip::TwoIntegers:
          calls_ += nesting_.weight();
          at = skip_integer(skip_integer(at + 1));
          continue;
        case Skip::Access:
          if ((at[1] & kHasMemory) != 0) [[unlikely]]
            ++at;  // One integer more; the first has a single byte in valid code.
          at = skip_integer(skip_integer(at + 1));
          continue;
        case Skip::End:
          nesting_.close();
          ++at;
          continue;
        case Skip::Open:
          catches_ = catches_ || *at == kTryTable;
          nesting_.open(*at == kLoop);
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

  // Weighted as uses are; whether handlers of exceptions are entered from elsewhere.
  uint64_t calls() const { return calls_; }
  bool catches() const { return catches_; }

 private:
  const uint8_t* use_far_local(const uint8_t* at) {
    base::ByteReader reader({at, static_cast<size_t>(end_ - at)});
    const uint32_t local = reader.u32();
    if (local < counts_.size()) counts_[local] += nesting_.weight();
    return reader.position();
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
  Nesting nesting_;
  uint64_t calls_ = 0;
  bool catches_ = false;
};

// Counts all of it where there are v128 locals. For these a count is a number with a sign, what a register is worth: the reads of
// what was there when the turn of the innermost loop began, less two for each write that takes an instruction of its own.
class VectorWalk {
 public:
  // `turns` says when a local was last written.
  VectorWalk(base::ByteSpan code, wasm::Features features, std::span<const wasm::ValType> locals,
             std::span<uint64_t> counts, std::span<uint64_t> turns)
      : reader_(code), features_(features), locals_(locals), counts_(counts), turns_(turns) {}

  void run() {
    wasm::Instruction instruction;
    wasm::Op before = wasm::Op::Nop;
    while (reader_.remaining() > 0 && wasm::read_instruction(reader_, features_, &instruction)) {
      switch (instruction.op) {
        case wasm::Op::LocalGet:
        case wasm::Op::LocalSet:
        case wasm::Op::LocalTee: use(instruction, before); break;
        case wasm::Op::Call:
        case wasm::Op::CallIndirect: calls_ += nesting_.weight(); break;
        case wasm::Op::TryTable: catches_ = true; [[fallthrough]];
        case wasm::Op::Loop:
        case wasm::Op::Block:
        case wasm::Op::If: turn_ += nesting_.open(instruction.op == wasm::Op::Loop); break;
        case wasm::Op::End: turn_ += nesting_.close(); break;
        default: break;
      }
      before = instruction.op;
    }
  }

  uint64_t calls() const { return calls_; }
  bool catches() const { return catches_; }

 private:
  void use(const wasm::Instruction& instruction, wasm::Op before) {
    const uint32_t local = instruction.index;
    if (local >= locals_.size()) return;
    if (locals_[local].kind() != wasm::ValKind::V128) {
      counts_[local] += nesting_.weight();
    } else if (instruction.op != wasm::Op::LocalGet) {
      turns_[local] = turn_;
      if (vector_family_of(before).pinned == 0) counts_[local] -= 2 * nesting_.weight();
    } else if (turns_[local] != turn_) {
      counts_[local] += nesting_.weight();
    }
  }

  base::ByteReader reader_;
  const wasm::Features features_;
  const std::span<const wasm::ValType> locals_;
  const std::span<uint64_t> counts_;
  const std::span<uint64_t> turns_;
  Nesting nesting_;
  uint64_t turn_ = 1;
  uint64_t calls_ = 0;
  bool catches_ = false;
};

// The two that are used most; of equals the first.
class Best {
 public:
  void offer(uint32_t local, uint64_t count) {
    if (count > best_) {
      second = first;
      second_ = best_;
      first = local;
      best_ = count;
    } else if (count > second_) {
      second = local;
      second_ = count;
    }
  }
  uint64_t sum() const { return best_ + second_; }
  uint64_t best() const { return best_; }

  uint32_t first = PinnedLocals::kNone;
  uint32_t second = PinnedLocals::kNone;

 private:
  uint64_t best_ = 0;
  uint64_t second_ = 0;
};

// Filling the registers is worth it from so many uses on, and so many for each call.
constexpr uint64_t kLeastFloatUses = 16;
constexpr uint64_t kFloatUsesForCall = 4;

template <class Walk>
PinnedLocals chosen(const Walk& walk, std::span<const wasm::ValType> locals,
                    std::span<const uint64_t> counts) {
  PinnedLocals pinned;
  Best integers, floats, vectors;
  for (uint32_t i = 0; i < locals.size(); ++i) {
    const wasm::ValKind kind = locals[i].kind();
    if (kind == wasm::ValKind::F64) {
      floats.offer(i, counts[i]);
    } else if (kind == wasm::ValKind::V128) {
      if (static_cast<int64_t>(counts[i]) > 0) vectors.offer(i, counts[i]);
    } else if (kind != wasm::ValKind::F32) {
      integers.offer(i, counts[i]);
    }
  }
  pinned.first = integers.first;
  pinned.second = integers.second;
  if (walk.catches()) return pinned;
  const auto pays = [&walk](uint64_t uses) {
    return uses >= kLeastFloatUses && uses / kFloatUsesForCall >= walk.calls();
  };
  if (pays(floats.sum())) {
    pinned.first_float = floats.first;
    pinned.second_float = floats.second;
  }
  if (pays(vectors.best())) pinned.vector = vectors.first;
  return pinned;
}

}  // namespace

PinnedLocals choose_pinned(base::ByteSpan code, std::span<const wasm::ValType> locals,
                           wasm::Features features, base::Vector<uint64_t>* counts) {
  counts->clear();
  const bool has_vectors = std::any_of(locals.begin(), locals.end(),
                                       [](wasm::ValType type) { return type.kind() == wasm::ValKind::V128; });
  if (locals.empty() || !counts->resize(locals.size() * (has_vectors ? 2 : 1))) return {};
  const std::span<uint64_t> all = counts->span();
  if (has_vectors) {
    VectorWalk walk(code, features, locals, all.first(locals.size()), all.subspan(locals.size()));
    walk.run();
    return chosen(walk, locals, all);
  }
  Walk walk(code, features, all);
  walk.run();
  return chosen(walk, locals, all);
}

}  // namespace wherry::lower
