// Start functions and values (Binary.md, "Start Definitions" and "Value Definitions"), both behind the feature Values.
// Each value is used exactly once.
//
// A value's bytes are read by its type, member after member, with a stack of what is still to come.
#include "component/validator.h"
#include "engine/base/byte_reader.h"
#include "engine/base/utf8.h"
#include "engine/wasm/instruction.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;

Result<void> Validator::use_value(uint32_t index, uint64_t offset) {
  if (frame().used_values[index] != 0) {
    return base::fail(ErrorCode::ValueUse, offset, "value " + std::to_string(index) + " is used twice");
  }
  frame().used_values[index] = 1;
  return {};
}

Result<void> Validator::start(const Start& start, uint64_t offset) {
  const TypeNode func = types()[TypeId(WHERRY_TRY(at(Sort::Func, start.func, offset)))];
  if (func.members.count != start.arguments.size()) {
    return base::fail(ErrorCode::TypeMismatch, offset,
                      "found " + std::to_string(start.arguments.size()) +
                          " arguments of the start function, expected " + std::to_string(func.members.count));
  }
  for (uint32_t i = 0; i < func.members.count; ++i) {
    const uint32_t index = start.arguments[i];
    const uint32_t item = WHERRY_TRY(at(Sort::Value, index, offset));
    WHERRY_TRY(use_value(index, offset));
    std::string why;
    const ValType wanted = types().members(func.members)[i].type;
    if (!WHERRY_TRY(types().equal(ValType::from_bits(item), wanted, &why))) {
      return base::fail(ErrorCode::TypeMismatch, offset,
                        "argument " + std::to_string(i) + " of the start function: " + why);
    }
  }
  const uint32_t results = func.first.is_none() ? 0 : 1;
  if (results != start.results) {
    return base::fail(ErrorCode::TypeMismatch, offset,
                      "found " + std::to_string(start.results) + " results of the start function, expected " +
                          std::to_string(results));
  }
  return results == 0 ? Result<void>() : push(Sort::Value, func.first.bits());
}

namespace {

class ValueReader {
 public:
  ValueReader(const Types& types, base::ByteReader reader) : types_(types), reader_(reader) {}

  Result<void> run(ValType type) {
    if (!work_.push_back({type, 1})) return out_of_memory();
    while (!work_.empty()) {
      Item& top = work_.back();
      if (top.count == 0 || top.type.is_none()) {
        work_.pop_back();
        continue;
      }
      --top.count;
      const ValType next = top.type;
      WHERRY_TRY(next.is_prim() ? read_prim(next.prim()) : read(types_[next.id()]));
      if (!reader_.ok()) return wasm::reader_failure(reader_);
    }
    if (reader_.at_end()) return {};
    return base::fail(ErrorCode::SectionSizeMismatch, reader_.offset(), "bytes after the end of a value");
  }

 private:
  struct Item {
    ValType type;
    uint32_t count;
  };

  base::Failure malformed_value(const char* what) {
    return base::fail(ErrorCode::MalformedComponentItem, reader_.offset(), what);
  }
  Result<void> push(ValType type, uint32_t count = 1) {
    if (!work_.push_back({type, count})) return out_of_memory();
    return {};
  }
  // A number below `count`.
  Result<uint32_t> choice(uint32_t count) {
    const uint32_t index = reader_.u32();
    if (!reader_.ok()) return wasm::reader_failure(reader_);
    if (index >= count) return malformed_value("a case that the type does not have");
    return index;
  }

  Result<void> read_char() {
    const uint8_t* const begin = reader_.position();
    const uint8_t lead = reader_.u8();
    const uint32_t more = lead < 0x80 ? 0 : (lead < 0xe0 ? 1 : (lead < 0xf0 ? 2 : 3));
    reader_.take(more);
    if (!reader_.ok()) return wasm::reader_failure(reader_);
    if (!base::is_utf8({begin, more + 1})) return base::fail(ErrorCode::MalformedUtf8, reader_.offset());
    return {};
  }

  Result<void> read_prim(Prim prim) {
    switch (prim) {
      case Prim::Bool:
        if (reader_.u8() > 1) return malformed_value("a bool is 0 or 1");
        return {};
      case Prim::S8:
      case Prim::U8: reader_.u8(); return {};
      case Prim::U16:
        if (reader_.u32() > 0xffff) return malformed_value("a u16 is less than 65536");
        return {};
      case Prim::S16:
        if (const int32_t value = reader_.s32(); value < -32768 || value > 32767) {
          return malformed_value("an s16 is between -32768 and 32767");
        }
        return {};
      case Prim::U32: reader_.u32(); return {};
      case Prim::S32: reader_.s32(); return {};
      case Prim::U64: reader_.u64(); return {};
      case Prim::S64: reader_.s64(); return {};
      case Prim::F32: {
        const uint32_t bits = reader_.fixed32();
        const bool is_nan = (bits & 0x7fffffff) > 0x7f800000;
        if (is_nan && bits != 0x7fc00000) return malformed_value("a NaN that is not canonical");
        return {};
      }
      case Prim::F64: {
        const uint64_t bits = reader_.fixed64();
        const bool is_nan = (bits & 0x7fffffffffffffff) > 0x7ff0000000000000;
        if (is_nan && bits != 0x7ff8000000000000) return malformed_value("a NaN that is not canonical");
        return {};
      }
      case Prim::Char: return read_char();
      case Prim::String: {
        const base::ByteSpan bytes = reader_.take(reader_.u32());
        if (!base::is_utf8(bytes)) return base::fail(ErrorCode::MalformedUtf8, reader_.offset());
        return {};
      }
      case Prim::ErrorContext: return malformed_value("there are no values of error-context");
    }
    return {};
  }

  Result<void> read(const TypeNode& node) {
    const std::span<const Member> members = types_.members(node.members);
    switch (node.kind) {
      case TypeKind::Prim: return read_prim(node.first.prim());
      case TypeKind::Record:
      case TypeKind::Tuple:
        for (size_t i = members.size(); i-- > 0;) WHERRY_TRY(push(members[i].type));
        return {};
      case TypeKind::Variant: return push(members[WHERRY_TRY(choice(node.members.count))].type);
      case TypeKind::Enum: WHERRY_TRY(choice(node.members.count)); return {};
      case TypeKind::Flags: reader_.take((members.size() + 7) / 8); return {};
      case TypeKind::List: {
        const uint32_t count = reader_.u32();
        if (reader_.ok() && count > reader_.remaining())
          return malformed_value("a list longer than its bytes");
        return push(node.first, count);
      }
      case TypeKind::FixedList:
        if (node.length > reader_.remaining()) return malformed_value("a list longer than its bytes");
        return push(node.first, node.length);
      case TypeKind::Option: return WHERRY_TRY(choice(2)) == 1 ? push(node.first) : Result<void>();
      case TypeKind::Result: return push(WHERRY_TRY(choice(2)) == 0 ? node.first : node.second);
      default: return malformed_value("there are no values of this type");
    }
  }

  const Types& types_;
  base::ByteReader reader_;
  base::Vector<Item> work_;
};

}  // namespace

Result<void> Validator::value(const ValueDef& value, uint64_t offset) {
  const ValType type = WHERRY_TRY(val_type(value.type, offset));
  WHERRY_TRY(ValueReader(types(), base::ByteReader(value.bytes, value.offset)).run(type));
  return push(Sort::Value, type.bits());
}

}  // namespace wherry::component
