// Names of fields, cases and flags as constants, for the macros of component_host.h. Not part of the API.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <tuple>

#include "wherry/component_types.h"

namespace wherry::detail {

template <class Type, class Member>
struct Field {
  std::string_view name;
  Member Type::* member;
};
template <class Type, class Member>
constexpr Field<Type, Member> field(std::string_view name, Member Type::* member) {
  return {name, member};
}

template <class... Fields>
struct RecordDescription {
  static constexpr ComponentKind kKind = ComponentKind::Record;
  static constexpr size_t kCount = sizeof...(Fields);
  std::tuple<Fields...> fields;
};
template <class Type, class... Fields>
constexpr RecordDescription<Fields...> describe_record(Fields... fields) {
  static_assert(sizeof...(Fields) > 0, "a record has fields");
  return {{fields...}};
}

template <ComponentKind kind, size_t count>
struct NamesDescription {
  static constexpr ComponentKind kKind = kind;
  static constexpr size_t kCount = count;
  std::array<std::string_view, count> names;
};
template <ComponentKind kind, class... Names>
constexpr NamesDescription<kind, sizeof...(Names)> describe_names(Names... names) {
  return {{std::string_view(names)...}};
}

constexpr bool counts_up(std::initializer_list<uint64_t> values) {
  uint64_t expected = 0;
  for (const uint64_t value : values) {
    if (value != expected++) return false;
  }
  return true;
}
constexpr bool doubles(std::initializer_list<uint64_t> values) {
  uint64_t expected = 1;
  for (const uint64_t value : values) {
    if (value != expected) return false;
    expected *= 2;
  }
  return true;
}

}  // namespace wherry::detail

#define WHERRY_DETAIL_FIELD(Type, name) ::wherry::detail::field(#name, &Type::name)
#define WHERRY_DETAIL_NAME(Type, name) #name
#define WHERRY_DETAIL_ENUMERATOR(Type, name) static_cast<uint64_t>(Type::name)

// Applies `macro(Type, argument)` to every argument, with commas between.
#define WHERRY_DETAIL_EACH(macro, Type, ...) \
  __VA_OPT__(WHERRY_DETAIL_EXPAND(WHERRY_DETAIL_EACH_STEP(macro, Type, __VA_ARGS__)))
#define WHERRY_DETAIL_EACH_STEP(macro, Type, first, ...) \
  macro(Type, first) __VA_OPT__(, WHERRY_DETAIL_EACH_AGAIN WHERRY_DETAIL_PARENS(macro, Type, __VA_ARGS__))
#define WHERRY_DETAIL_EACH_AGAIN() WHERRY_DETAIL_EACH_STEP
#define WHERRY_DETAIL_PARENS ()
#define WHERRY_DETAIL_EXPAND(...) \
  WHERRY_DETAIL_EXPAND3(WHERRY_DETAIL_EXPAND3(WHERRY_DETAIL_EXPAND3(__VA_ARGS__)))
#define WHERRY_DETAIL_EXPAND3(...) \
  WHERRY_DETAIL_EXPAND2(WHERRY_DETAIL_EXPAND2(WHERRY_DETAIL_EXPAND2(__VA_ARGS__)))
#define WHERRY_DETAIL_EXPAND2(...) \
  WHERRY_DETAIL_EXPAND1(WHERRY_DETAIL_EXPAND1(WHERRY_DETAIL_EXPAND1(__VA_ARGS__)))
#define WHERRY_DETAIL_EXPAND1(...) __VA_ARGS__
