#include "engine/wasm/instruction.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "engine/wasm/errors.h"

using namespace wherry;
using namespace wherry::wasm;
using Bytes = std::vector<uint8_t>;

namespace {

void put_leb(Bytes& bytes, uint32_t value) {
  while (value >= 0x80) {
    bytes.push_back(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  bytes.push_back(static_cast<uint8_t>(value));
}

// One well-formed immediate of each kind.
Bytes sample(Immediate immediate) {
  switch (immediate) {
    case Immediate::None: return {};
    case Immediate::Block: return {0x40};
    case Immediate::LabelTable: return {2, 0, 1, 2};
    case Immediate::TryTable: return {0x7f, 4, 0, 1, 0, 1, 2, 0, 2, 3, 3, 0x81, 0x01};
    case Immediate::SelectTypes: return {1, 0x63, 0x70};
    case Immediate::Field:
    case Immediate::ArrayFixed:
    case Immediate::ArrayData:
    case Immediate::ArrayElement:
    case Immediate::ArrayCopy:
    case Immediate::CallIndirect:
    case Immediate::TableInit:
    case Immediate::TableCopy:
    case Immediate::MemoryInit:
    case Immediate::MemoryCopy: return {7, 9};
    case Immediate::LaneArg1:
    case Immediate::LaneArg2:
    case Immediate::LaneArg4:
    case Immediate::LaneArg8: return {0x40, 3, 9, 1};
    case Immediate::Shuffle:
    case Immediate::V128: return {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    case Immediate::I32:
    case Immediate::I64: return {0x7f};
    case Immediate::F32: return {0, 0, 0x80, 0x3f};
    case Immediate::F64: return {0, 0, 0, 0, 0, 0, 0xf0, 0x3f};
    case Immediate::Heap: return {0x70};
    case Immediate::BranchCast: return {3, 7, 0x6e, 0x05};
    case Immediate::Fence: return {0};
    default: break;
  }
  if (is_memory_access(immediate)) return {0x42, 3, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01};
  return {7};
}

Bytes encode(const OpInfo& row, const Bytes& immediate) {
  Bytes bytes;
  if (row.code < 0x100) {
    bytes.push_back(static_cast<uint8_t>(row.code));
  } else {
    bytes.push_back(static_cast<uint8_t>(row.code >> 12));
    put_leb(bytes, row.code & 0xfff);
  }
  bytes.insert(bytes.end(), immediate.begin(), immediate.end());
  return bytes;
}

base::Result<Instruction> read(const Bytes& bytes, Features features = Features::all()) {
  base::ByteReader reader({bytes.data(), bytes.size()});
  Instruction instruction;
  WHERRY_TRY(read_instruction(reader, features, &instruction));
  return instruction;
}

std::string error_of(const Bytes& bytes, Features features = Features::all()) {
  const auto result = read(bytes, features);
  return result ? "no error" : describe(result.error());
}

Features without(Feature feature) {
  Features features = Features::all();
  features.set(feature, false);
  return features;
}

}  // namespace

TEST_CASE("every row is read back as itself, and its immediate to the last byte") {
  uint32_t failures = 0;
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const OpInfo& row = info(static_cast<Op>(i));
    const Bytes bytes = encode(row, sample(row.immediate));
    base::ByteReader reader({bytes.data(), bytes.size()}, 5);
    Instruction instruction;
    const auto read_result = read_instruction(reader, Features::all(), &instruction);
    const bool good =
        read_result && instruction.op == static_cast<Op>(i) && reader.at_end() && instruction.offset == 5;
    if (!good) UNSCOPED_INFO(row.text);
    failures += !good;
  }
  CHECK(failures == 0);
}

TEST_CASE("every row, cut short anywhere, is an unexpected end") {
  uint32_t failures = 0;
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const OpInfo& row = info(static_cast<Op>(i));
    const Bytes bytes = encode(row, sample(row.immediate));
    for (size_t size = 0; size < bytes.size(); ++size) {
      const auto result = read(Bytes(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size)));
      const bool good = !result && result.error().code == ErrorCode::UnexpectedEnd;
      if (!good) UNSCOPED_INFO(row.text << " of " << size << " bytes");
      failures += !good;
    }
  }
  CHECK(failures == 0);
}

TEST_CASE("every row whose feature is off is refused by the feature's name") {
  uint32_t failures = 0;
  for (uint32_t i = 0; i < kOpCount; ++i) {
    const OpInfo& row = info(static_cast<Op>(i));
    if (row.feature == Feature::Mvp) continue;
    const auto result = read(encode(row, sample(row.immediate)), without(row.feature));
    const bool good = !result && result.error().code == ErrorCode::FeatureDisabled &&
                      result.error().detail.starts_with(feature_key(row.feature));
    if (!good) UNSCOPED_INFO(row.text);
    failures += !good;
  }
  CHECK(failures == 0);
}

TEST_CASE("every other opcode is illegal, at every prefix") {
  std::vector<bool> known(0xff000, false);
  for (uint32_t i = 0; i < kOpCount; ++i) known[info(static_cast<Op>(i)).code] = true;
  uint32_t failures = 0, illegal = 0;
  const auto check = [&](const Bytes& bytes) {
    const auto result = read(bytes);
    ++illegal;
    failures += result || (result.error().code != ErrorCode::IllegalOpcode &&
                           result.error().code != ErrorCode::LegacyExceptions);
  };
  for (uint32_t code = 0; code < 0x100; ++code) {
    if (!known[code] && (code < 0xfb || code == 0xff)) check({static_cast<uint8_t>(code), 0, 0, 0, 0});
  }
  for (uint32_t prefix = 0xfb; prefix <= 0xfe; ++prefix) {
    for (uint32_t sub = 0; sub < 0x1000; ++sub) {
      if (known[prefix << 12 | sub]) continue;
      Bytes bytes{static_cast<uint8_t>(prefix)};
      put_leb(bytes, sub);
      check(bytes);
    }
  }
  CHECK(failures == 0);
  CHECK(illegal > 15000);
  CHECK(error_of({0xfd, 0xff, 0xff, 0xff, 0xff, 0x0f}) ==
        "illegal opcode: found 0xfd 0xffffffff at offset 0x0");
  CHECK(error_of({0x06, 0x40}) == "legacy exception handling is not supported: found try at offset 0x0");
}

TEST_CASE("a prefixed opcode may be spelled long") {
  CHECK(read({0xfc, 0x8b, 0x80, 0x00, 0x00})->op == Op::MemoryFill);
  CHECK(error_of({0xfc, 0x8b, 0x80, 0x80, 0x80, 0x80, 0x00}) ==
        "integer representation too long at offset 0x1");
}

TEST_CASE("memory accesses: alignment, memory, offset") {
  const auto plain = read({0x28, 0x02, 0x10});
  CHECK(plain->align_log2 == 2);
  CHECK(plain->memory == 0);
  CHECK(plain->value == 16);
  const auto second = read({0x28, 0x43, 0x05, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01});
  CHECK(second->align_log2 == 3);
  CHECK(second->memory == 5);
  CHECK(second->value == ~uint64_t{0});
  CHECK(error_of({0x28, 0x80, 0x01, 0}) ==
        "malformed memop flags: found 0x80, expected less than 0x80 at offset 0x1");
  CHECK(error_of({0x28, 0x42, 0, 0}, without(Feature::MultiMemory)) ==
        "malformed memop flags: found 0x42, expected less than 0x40 at offset 0x1");
  CHECK(error_of({0x28, 0x02, 0xff, 0xff, 0xff, 0xff, 0x1f}, without(Feature::Memory64)) ==
        "integer too large at offset 0x2");
}

TEST_CASE("block types") {
  CHECK(read({0x02, 0x40})->block.kind == BlockType::Kind::Empty);
  CHECK(read({0x02, 0x7b})->block.value == kV128);
  CHECK(read({0x02, 0x63, 0x69})->block.value == kExnRef);
  CHECK(read({0x02, 0xc0, 0x00})->block.type == TypeIndex(64));
  CHECK(error_of({0x02, 0xff, 0x7f}) == "malformed block type: found a negative type index at offset 0x1");
  CHECK(error_of({0x02, 0x41}) == "malformed value type: found 0x41 at offset 0x1");
  CHECK(error_of({0x02, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}) ==
        "integer representation too long at offset 0x1");
  CHECK(error_of({0x02, 0x00}, without(Feature::MultiValue)) ==
        "feature is disabled: multi-value, needed by a block's type index at offset 0x1");
}

TEST_CASE("lists are kept and can be walked") {
  const Bytes br_table{0x0e, 2, 4, 0x80, 0x01, 6};
  const auto table = read(br_table);
  LabelList labels(*table);
  CHECK(table->count == 2);
  CHECK(labels.next() == 4);
  CHECK(labels.next() == 128);
  CHECK(labels.next() == 6);

  const Bytes try_table{0x1f, 0x40, 2, 0x01, 7, 1, 0x02, 3};
  const auto caught = read(try_table);
  CatchList catches(*caught);
  const CatchClause first = catches.next();
  CHECK(first.kind == CatchKind::CatchRef);
  CHECK(first.tag == TagIndex(7));
  CHECK(first.label == 1);
  const CatchClause second = catches.next();
  CHECK(second.kind == CatchKind::CatchAll);
  CHECK(second.label == 3);
  CHECK(error_of({0x1f, 0x40, 1, 0x04, 0}) ==
        "malformed catch clause: found 0x04, expected 0x00 to 0x03 at offset 0x3");
  CHECK(error_of({0x0e, 0xff, 0xff, 0xff, 0x7f, 0}) ==
        "too many items: found 268435455 labels, expected at most 7654321 at offset 0x1");
}

TEST_CASE("constants keep their bits") {
  CHECK(read({0x41, 0x80, 0x80, 0x80, 0x80, 0x78})->value == 0xffffffff80000000);
  CHECK(read({0x42, 0x7f})->value == ~uint64_t{0});
  CHECK(read({0x43, 1, 0, 0xa0, 0x7f})->value == 0x7fa00001);
  CHECK(read({0x44, 1, 0, 0, 0, 0, 0, 0xf4, 0x7f})->value == 0x7ff4000000000001);
}

TEST_CASE("casts carry both types") {
  const auto cast = read({0xfb, 0x18, 0x02, 0x01, 0x6e, 0x03});
  CHECK(cast->index == 1);
  CHECK(cast->cast.source == ValType::ref(AbstractHeap::Any, false));
  CHECK(cast->cast.target == ValType::ref(HeapType::concrete(3), true));
  CHECK(error_of({0xfb, 0x18, 0x04, 0, 0x6e, 0x6e}) ==
        "malformed br_on_cast flags: found 0x04, expected 0x00 to 0x03 at offset 0x2");
}

TEST_CASE("without several memories and tables, their places are zero bytes") {
  CHECK(error_of({0x3f, 0x01}, without(Feature::MultiMemory)) ==
        "zero byte expected: found 0x01, expected 0x00 at offset 0x1");
  CHECK(error_of({0x11, 0x00, 0x80, 0x00}, without(Feature::ReferenceTypes)) ==
        "zero byte expected: found 0x80, expected 0x00 at offset 0x2");
  CHECK(read({0x11, 0x00, 0x80, 0x00})->second == 0);
  CHECK(error_of({0xfe, 0x03, 0x01}) == "zero byte expected: found 0x01, expected 0x00 at offset 0x2");
}

TEST_CASE("types of values and heaps") {
  CHECK(error_of({0xd0, 0x64}) == "malformed heap type: found 0x64 at offset 0x1");
  CHECK(error_of({0xd0, 0xff, 0xff, 0xff, 0xff, 0x0f}) == "unknown type: 4294967295 at offset 0x1");
  CHECK(error_of({0xd0, 0x6e}, without(Feature::Gc)) ==
        "feature is disabled: gc, needed by any at offset 0x1");
  CHECK(error_of({0x1c, 1, 0x7b}, without(Feature::Simd)) ==
        "feature is disabled: simd, needed by v128 at offset 0x2");
  CHECK(error_of({0x1c, 1, 0x78}) == "malformed value type: found 0x78 at offset 0x2");
}

TEST_CASE("signatures are what the table says") {
  CHECK(info(Op::I64Add128).signature.param_count == 4);
  CHECK(info(Op::I64Add128).signature.result_count == 2);
  CHECK(info(Op::F64Store).signature.params[0] == 'A');
  CHECK(info(Op::F64Store).signature.params[1] == 'D');
  CHECK(info(Op::F64Store).signature.result_count == 0);
  CHECK(info(Op::Call).signature.is_special);
  CHECK(info(Op::Nop).signature.param_count == 0);
  CHECK(natural_align_log2(info(Op::V128Load).immediate) == 4);
  CHECK(natural_align_log2(info(Op::I32Load16U).immediate) == 1);
  CHECK(is_memory_access(info(Op::V128Store8Lane).immediate));
  CHECK_FALSE(is_memory_access(info(Op::MemoryGrow).immediate));
}
