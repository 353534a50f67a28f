// Component values of test scripts. They are written without their types, so both directions are led by the type that the function has;
// an expected result becomes a value of that type and is compared, and only what NaN means is kept apart. Depth is
// bounded by that of types.
#include "cli/wast_component_values.h"

#include <bit>
#include <vector>

namespace wherry::cli {

using text::WastNan;
using text::WastPart;
using text::WastPartKind;

namespace {

// Reads parts one after the other.
class Reader {
 public:
  Reader(const text::WastCommand& command, size_t place) : command_(command), place_(place) {}

  bool has_nan = false;

  std::optional<ComponentVal> value(ComponentType type) {
    if (type.is_empty() || place_ >= command_.parts.size()) return std::nullopt;
    const WastPart& part = command_.parts[place_++];
    has_nan = has_nan || part.nan != WastNan::None;
    switch (type.kind()) {
      case ComponentKind::Bool: return number<bool>(part, WastPartKind::Bool);
      case ComponentKind::S8: return number<int8_t>(part, WastPartKind::S8);
      case ComponentKind::U8: return number<uint8_t>(part, WastPartKind::U8);
      case ComponentKind::S16: return number<int16_t>(part, WastPartKind::S16);
      case ComponentKind::U16: return number<uint16_t>(part, WastPartKind::U16);
      case ComponentKind::S32: return number<int32_t>(part, WastPartKind::S32);
      case ComponentKind::U32: return number<uint32_t>(part, WastPartKind::U32);
      case ComponentKind::S64: return number<int64_t>(part, WastPartKind::S64);
      case ComponentKind::U64: return number<uint64_t>(part, WastPartKind::U64);
      case ComponentKind::F32:
        if (part.kind != WastPartKind::F32) return std::nullopt;
        return ComponentVal(std::bit_cast<float>(static_cast<uint32_t>(part.bits)));
      case ComponentKind::F64:
        if (part.kind != WastPartKind::F64) return std::nullopt;
        return ComponentVal(std::bit_cast<double>(part.bits));
      case ComponentKind::Char: return character(part);
      case ComponentKind::String:
        if (part.kind != WastPartKind::Str) return std::nullopt;
        return ComponentVal::string(std::string(part.text));
      case ComponentKind::List:
      case ComponentKind::FixedList:
      case ComponentKind::Map: return list(part, type);
      case ComponentKind::Record: return record(part, type);
      case ComponentKind::Tuple: return tuple(part, type);
      case ComponentKind::Flags: return flags(part, type);
      case ComponentKind::Enum:
      case ComponentKind::Variant: return variant(part, type);
      case ComponentKind::Option:
        if (part.kind == WastPartKind::None) return ComponentVal::none();
        if (part.kind != WastPartKind::Some) return std::nullopt;
        if (auto inner = value(type.first())) return ComponentVal::some(*std::move(inner));
        return std::nullopt;
      case ComponentKind::Result: return result(part, type);
      default: return std::nullopt;
    }
  }

 private:
  template <class T>
  static std::optional<ComponentVal> number(const WastPart& part, WastPartKind kind) {
    if (part.kind != kind) return std::nullopt;
    return ComponentVal(static_cast<T>(part.bits));
  }

  static std::optional<ComponentVal> character(const WastPart& part) {
    if (part.kind != WastPartKind::Char || part.text.empty()) return std::nullopt;
    const auto at = [&](size_t i) { return static_cast<uint8_t>(i < part.text.size() ? part.text[i] : 0); };
    const uint32_t first = at(0);
    if (first < 0x80) return ComponentVal(static_cast<char32_t>(first));
    const size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    uint32_t bits = first & (0x3f >> more);
    for (size_t i = 1; i <= more; ++i) bits = bits << 6 | (at(i) & 0x3f);
    return ComponentVal(static_cast<char32_t>(bits));
  }

  std::optional<ComponentVal> list(const WastPart& part, ComponentType type) {
    if (part.kind != WastPartKind::List) return std::nullopt;
    ComponentVal::List items;
    for (uint32_t i = 0; i < part.count; ++i) {
      if (type.kind() == ComponentKind::Map) {
        if (place_ >= command_.parts.size() || command_.parts[place_].kind != WastPartKind::Tuple)
          return std::nullopt;
        ++place_;
        auto key = value(type.first());
        auto mapped = key ? value(type.second()) : std::nullopt;
        if (!mapped) return std::nullopt;
        items.push_back(ComponentVal::tuple({*std::move(key), *std::move(mapped)}));
        continue;
      }
      auto item = value(type.first());
      if (!item) return std::nullopt;
      items.push_back(*std::move(item));
    }
    if (type.kind() == ComponentKind::Map) return ComponentVal::map(std::move(items));
    return type.kind() == ComponentKind::List ? ComponentVal::list(std::move(items))
                                              : ComponentVal::fixed_list(std::move(items));
  }

  std::optional<ComponentVal> record(const WastPart& part, ComponentType type) {
    if (part.kind != WastPartKind::Record || part.count != type.count()) return std::nullopt;
    ComponentVal::List fields(type.count());
    for (uint32_t i = 0; i < part.count; ++i) {
      const std::optional<size_t> field = type.find(command_.parts[place_++].text);
      auto found = field ? value(type.type(*field)) : std::nullopt;
      if (!found) return std::nullopt;
      fields[*field] = *std::move(found);
    }
    return ComponentVal::record(std::move(fields));
  }

  std::optional<ComponentVal> tuple(const WastPart& part, ComponentType type) {
    if (part.kind != WastPartKind::Tuple || part.count != type.count()) return std::nullopt;
    ComponentVal::List items;
    for (uint32_t i = 0; i < part.count; ++i) {
      auto item = value(type.type(i));
      if (!item) return std::nullopt;
      items.push_back(*std::move(item));
    }
    return ComponentVal::tuple(std::move(items));
  }

  std::optional<ComponentVal> flags(const WastPart& part, ComponentType type) {
    if (part.kind != WastPartKind::Flags) return std::nullopt;
    uint32_t bits = 0;
    for (uint32_t i = 0; i < part.count; ++i) {
      const std::optional<size_t> flag = type.find(command_.parts[place_++].text);
      if (!flag) return std::nullopt;
      bits |= 1u << *flag;
    }
    return ComponentVal::flags(bits);
  }

  std::optional<ComponentVal> variant(const WastPart& part, ComponentType type) {
    const bool is_enum = type.kind() == ComponentKind::Enum;
    if (part.kind != (is_enum ? WastPartKind::Enum : WastPartKind::Variant)) return std::nullopt;
    const std::optional<size_t> found = type.find(part.text);
    if (!found) return std::nullopt;
    const auto index = static_cast<uint32_t>(*found);
    if (is_enum) return ComponentVal::enumeration(index);
    if (part.count == 0) return ComponentVal::variant(index);
    auto payload = value(type.type(index));
    if (!payload) return std::nullopt;
    return ComponentVal::variant(index, *std::move(payload));
  }

  std::optional<ComponentVal> result(const WastPart& part, ComponentType type) {
    const bool is_ok = part.kind == WastPartKind::Ok;
    if (!is_ok && part.kind != WastPartKind::Err) return std::nullopt;
    if (part.count == 0) return is_ok ? ComponentVal::ok() : ComponentVal::error();
    auto payload = value(is_ok ? type.first() : type.second());
    if (!payload) return std::nullopt;
    return is_ok ? ComponentVal::ok(*std::move(payload)) : ComponentVal::error(*std::move(payload));
  }

  const text::WastCommand& command_;
  size_t place_;
};

bool is_nan(const ComponentVal& value) {
  if (value.kind() == ComponentKind::F32) return value.get<float>() != value.get<float>();
  return value.kind() == ComponentKind::F64 && value.get<double>() != value.get<double>();
}

// Any NaN is like any other, since the canonical ABI may change them.
bool is_alike(const ComponentVal& a, const ComponentVal& b) {
  if (is_nan(a) && is_nan(b)) return a.kind() == b.kind();
  if (a.items().empty() && a.payload() == nullptr) return a == b;
  if (a.kind() != b.kind() || a.index() != b.index()) return false;
  if (a.payload() != nullptr) return b.payload() != nullptr && is_alike(*a.payload(), *b.payload());
  if (a.items().size() != b.items().size()) return false;
  for (size_t i = 0; i < a.items().size(); ++i) {
    if (!is_alike(a.items()[i], b.items()[i])) return false;
  }
  return true;
}

}  // namespace

std::optional<ComponentVal> component_value_of(const text::WastCommand& command, size_t place,
                                               ComponentType type) {
  return Reader(command, place).value(type);
}

bool matches(const text::WastCommand& command, size_t place, ComponentType type, const ComponentVal& value) {
  Reader reader(command, place);
  const std::optional<ComponentVal> wanted = reader.value(type);
  // A pattern such as nan:canonical has no bits of its own.
  return wanted && (is_alike(*wanted, value) || (reader.has_nan && is_nan(value)));
}

}  // namespace wherry::cli
