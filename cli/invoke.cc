// Values on the command line. Numbers are written as in the text format (hexadecimal, `inf`, `nan` and underscores
// included); integers may be signed or unsigned; vectors are one hexadecimal number; of references there is only `null`.
#include "cli/invoke.h"

#include <string>
#include <vector>

#include "cli/console.h"
#include "engine/inspect/text.h"

namespace wherry::cli {

namespace {

bool parse_vector(std::string_view text, V128* out) {
  if (!text.starts_with("0x") || text.size() < 3) return false;
  *out = {};
  for (const char c : text.substr(2)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0 || out->high >> 60 != 0) return false;
    out->high = out->high << 4 | out->low >> 60;
    out->low = out->low << 4 | static_cast<uint64_t>(digit);
  }
  return true;
}

Result<Val> parse_value(std::string_view text, ValType type) {
  uint64_t bits = 0;
  uint32_t bits32 = 0;
  V128 vector;
  switch (type.kind()) {
    case ValKind::I32:
      if (text::parse_integer(text, 32, &bits) != text::NumberFault::None) break;
      return Val(static_cast<uint32_t>(bits));
    case ValKind::I64:
      if (text::parse_integer(text, 64, &bits) != text::NumberFault::None) break;
      return Val(bits);
    case ValKind::F32:
      if (text::parse_f32(text, &bits32) != text::NumberFault::None) break;
      return Val(std::bit_cast<float>(bits32));
    case ValKind::F64:
      if (text::parse_f64(text, &bits) != text::NumberFault::None) break;
      return Val(std::bit_cast<double>(bits));
    case ValKind::V128:
      if (!parse_vector(text, &vector)) break;
      return Val(vector);
    case ValKind::Ref:
      if (text != "null") break;
      if (const std::optional<Val> null = Val::zero(type)) return *null;
      break;
  }
  return Error::usage("argument " + quoted(text) + " is no value of type " + to_string(type));
}

std::string to_text(const Val& value) {
  switch (value.kind()) {
    case ValueKind::I32: return std::to_string(*value.get<int32_t>());
    case ValueKind::I64: return std::to_string(*value.get<int64_t>());
    case ValueKind::F32: return text::format_f32(std::bit_cast<uint32_t>(*value.get<float>()));
    case ValueKind::F64: return text::format_f64(std::bit_cast<uint64_t>(*value.get<double>()));
    case ValueKind::V128: {
      const V128 vector = *value.get<V128>();
      std::string out = "0x";
      for (uint32_t i = 0; i < 32; ++i) {
        const uint64_t half = i < 16 ? vector.high : vector.low;
        out += "0123456789abcdef"[half >> (60 - 4 * (i % 16)) & 15];
      }
      return out;
    }
    case ValueKind::FuncRef: return value.get<Func>()->is_null() ? "null" : "funcref";
    case ValueKind::AnyRef: return value.get<AnyRef>()->is_null() ? "null" : "anyref";
    case ValueKind::ExnRef: return value.get<ExnRef>()->is_null() ? "null" : "exnref";
    case ValueKind::ExternRef: break;
  }
  return value.get<ExternRef>()->is_null() ? "null" : "externref";
}

}  // namespace

Result<void> invoke(StoreRef store, Instance instance, std::string_view name,
                    std::span<const char* const> arguments) {
  Result<Func> found = instance.func(store, name);
  if (!found && name.find('(') != std::string_view::npos) {
    return Error::usage(
        "there is no exported function " + quoted(name) +
        ": of a core module --invoke takes the name alone, and arguments stand behind the file");
  }
  if (!found) return std::move(found).error();
  const Func func = *found;
  WHERRY_ASSIGN_OR_RETURN(const FuncType type, func.type(store));
  if (arguments.size() != type.params.size()) {
    return Error::usage("function " + quoted(name) + " takes " + std::to_string(type.params.size()) +
                        " arguments, not " + std::to_string(arguments.size()) + ": " + to_string(type));
  }
  std::vector<Val> params, results(type.results.size());
  for (size_t i = 0; i < arguments.size(); ++i) {
    WHERRY_ASSIGN_OR_RETURN(const Val value, parse_value(arguments[i], type.params[i]));
    params.push_back(value);
  }
  WHERRY_RETURN_IF_ERROR(func.call(store, params, results));
  std::string out;
  for (const Val& result : results) out += to_text(result) + '\n';
  print_out(out);
  return {};
}

}  // namespace wherry::cli
