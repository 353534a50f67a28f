// A quick walk over the bytes before the real pass: the choice must be known when the first instruction is
// emitted. Only lengths of immediates are read for the common one-byte instructions; the rest goes through the
// common reader.
#include "engine/lower/pinned.h"

#include <array>

#include "engine/wasm/instruction.h"

namespace wherry::lower {
namespace {

enum class Skip : uint8_t { Reader, Nothing, OneLeb, TwoLebs, MemArg, SignedLeb, Four, Eight };

constexpr std::array<Skip, 256> make_skips() {
  using wasm::Immediate;
  std::array<Skip, 256> skips{};
  const auto of = [](Immediate immediate) {
    switch (immediate) {
      case Immediate::None: return Skip::Nothing;
      case Immediate::Label:
      case Immediate::Func:
      case Immediate::Local:
      case Immediate::Global:
      case Immediate::Table:
      case Immediate::Memory: return Skip::OneLeb;
      case Immediate::CallIndirect: return Skip::TwoLebs;
      case Immediate::MemArg1:
      case Immediate::MemArg2:
      case Immediate::MemArg4:
      case Immediate::MemArg8: return Skip::MemArg;
      case Immediate::I32:
      case Immediate::I64: return Skip::SignedLeb;
      case Immediate::F32: return Skip::Four;
      case Immediate::F64: return Skip::Eight;
      default: return Skip::Reader;
    }
  };
#define OP(name, code, text, immediate, signature, feature) \
  if (code < 256) skips[code & 0xff] = of(Immediate::immediate);
#include "engine/wasm/opcodes.inc"
  return skips;
}

constexpr std::array<Skip, 256> kSkips = make_skips();
constexpr uint32_t kDeepestWeight = 12;  // 8^12 leaves room for eight million uses in 64 bits.

constexpr uint8_t kBlock = 0x02, kLoop = 0x03, kIf = 0x04, kEnd = 0x0b, kTryTable = 0x1f, kLocalGet = 0x20,
                  kLocalTee = 0x22;

}  // namespace

PinnedLocals choose_pinned(base::ByteSpan body, std::span<const wasm::ValType> locals,
                           wasm::Features features, base::Vector<uint64_t>* counts) {
  PinnedLocals pinned;
  counts->clear();
  if (locals.empty() || !counts->resize(locals.size())) return pinned;
  base::ByteReader reader(body);
  for (uint32_t groups = reader.u32(); groups != 0 && reader.ok(); --groups) {
    reader.u32();
    if (!wasm::read_val_type(reader, features)) return pinned;
  }
  wasm::Instruction instruction;
  // The nesting as a string of bits is not kept: `blocks` counts blocks opened inside the innermost loop, and the
  // counts of outer loops are stacked for the first levels, which are all that weights tell apart.
  std::array<uint32_t, kDeepestWeight> outer_blocks{};
  uint32_t loops = 0;
  uint32_t blocks = 0;
  while (!reader.at_end()) {
    const uint8_t byte = reader.peek();
    if (byte >= kLocalGet && byte <= kLocalTee) {
      reader.u8();
      const uint32_t local = reader.u32();
      if (local < counts->size()) (*counts)[local] += uint64_t{1} << (3 * loops);
      continue;
    }
    if (byte == kLoop && loops < kDeepestWeight) {
      outer_blocks[loops++] = blocks;
      blocks = 0;
    } else if (byte == kBlock || byte == kLoop || byte == kIf || byte == kTryTable) {
      ++blocks;
    } else if (byte == kEnd) {
      if (blocks > 0) {
        --blocks;
      } else if (loops > 0) {
        blocks = outer_blocks[--loops];
      }
    }
    switch (kSkips[byte]) {
      case Skip::Reader:
        if (!wasm::read_instruction(reader, features, &instruction)) return pinned;
        continue;
      case Skip::MemArg: {
        constexpr uint32_t kHasMemory = 0x40;
        reader.u8();
        if ((reader.u32() & kHasMemory) != 0) reader.u32();
        reader.u64();
        continue;
      }
      case Skip::TwoLebs: reader.u8(), reader.u32(), reader.u32(); continue;
      case Skip::OneLeb: reader.u8(), reader.u32(); continue;
      case Skip::SignedLeb: reader.u8(), reader.s64(); continue;
      case Skip::Nothing: reader.u8(); continue;
      case Skip::Four: reader.u8(), reader.fixed32(); continue;
      case Skip::Eight: reader.u8(), reader.fixed64(); continue;
    }
  }
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
