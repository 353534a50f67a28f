#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "engine/interpret/dispatch.h"
#include "engine/interpret/operations.h"
#include "engine/lower/slot_code.h"
#include "engine/lower/step.h"

// Which combinations of operand classes have a handler, and the rows of the handler table that the files of handlers
// make. Every combination would be 20,000 handlers; what is left out is rare or cannot occur, and lowering then
// reads the slot (all values but temporaries in an accumulator are in their slots too). Always there, whatever else
// is pruned: all operands in slots with the result to a slot; and a constant on the right of Binary and
// compare_branch, as the value of stores, and as the whole address of load and store.
namespace wherry::interpret {

inline constexpr uint32_t kFroms = lower::kFromCount;
inline constexpr uint32_t kTos = lower::kToCount;

constexpr bool is_pin(From from) { return from == From::Pin0 || from == From::Pin1; }
constexpr bool is_pin(To to) { return to == To::Pin0 || to == To::Pin1; }

// A row of handlers, defined for each operation in one file and only named elsewhere.
template <uint32_t count>
struct Row {
  Cell cells[count];
};

// Makes a row from a function object with `template <uint32_t> Cell operator()() const`.
template <class Entry, uint32_t... index>
constexpr auto make_row(Entry entry, std::integer_sequence<uint32_t, index...>) {
  return Row<sizeof...(index)> { {entry.template operator()<index>()...} };
}
template <uint32_t count, class Entry>
constexpr Row<count> make_row(Entry entry) {
  return make_row(entry, std::make_integer_sequence<uint32_t, count>());
}
// The same for instructions that have numbers, the row's first being `first`.
template <class Entry, uint32_t... index>
constexpr auto make_row(Entry entry, lower::Step first, std::integer_sequence<uint32_t, index...>) {
  return Row<sizeof...(index)> {
    {lower::numbered(entry.template operator()<index>(), lower::number_of(first) + index)...}
  };
}
template <uint32_t count, class Entry>
constexpr Row<count> make_row(Entry entry, lower::Step first) {
  return make_row(entry, first, std::make_integer_sequence<uint32_t, count>());
}

constexpr From from_at(uint32_t index) { return static_cast<From>(index % kFroms); }
constexpr To to_at(uint32_t index) { return static_cast<To>(index % kTos); }

// Two operands. Both in one register happens only for `x op x`, which is worth a handler for squares.
template <class In>
constexpr bool are_operands(From a, From b) {
  if (a == b && a != From::Slot) return std::is_same_v<In, double> && is_pin(a);
  return !std::is_same_v<In, float> || (!is_pin(a) && !is_pin(b));
}

// What has forms with pinned f64 locals: what loops of arithmetic consist of.
constexpr bool has_float_pins(Op op) {
  switch (op) {
    case Op::F64Add:
    case Op::F64Sub:
    case Op::F64Mul:
    case Op::F64Div:
    case Op::F64Lt:
    case Op::F64Gt:
    case Op::F64Le:
    case Op::F64Ge:
    case Op::F64Neg:
    case Op::F64Abs:
    case Op::F64Sqrt:
    case Op::F64ConvertI32S:
    case Op::F64ConvertI32U:
    case Op::F64Load: return true;
    default: return false;
  }
}

template <Op op>
constexpr bool has_binary(From a, From b, To to) {
  using In = typename Operation<op>::In;
  constexpr Kind kind = Operation<op>::kKind;
  if (!are_operands<In>(a, b)) return false;
  if (kIsFloat<In> && (kind == Kind::Compare || !has_float_pins(op)) &&
      (is_pin(a) || is_pin(b) || is_pin(to)))
    return false;
  if (a == From::Const && kind != Kind::Ordered) return false;
  switch (kind) {
    case Kind::Compare: return !is_pin(to);
    case Kind::Rare: return a != From::Pin1 && !is_pin(b) && to != To::Pin1;
    default: return kIsFloat<In> || !(a == From::Const && is_pin(to));
  }
}

template <Op op>
constexpr bool has_unary(From a, To to) {
  using In = typename Operation<op>::In;
  using Out = typename Operation<op>::Out;
  if (a == From::Const || (kIsFloat<In> && is_pin(a) && !has_float_pins(op))) return false;
  return !is_pin(to) || has_float_pins(op) || (!kIsFloat<In> && !kIsFloat<Out>);
}

template <Op op>
constexpr bool has_compare_branch(From a, From b) {
  using In = typename Operation<op>::In;
  if (kIsFloat<In> && !has_float_pins(op) && (is_pin(a) || is_pin(b))) return false;
  return are_operands<In>(a, b) && a != From::Const;
}

enum class Access : uint8_t { Guarded, Checked };

template <Op op>
constexpr bool has_load(From, To to) {
  return !kIsFloat<typename Operation<op>::Out> || !is_pin(to) || has_float_pins(op);
}

// Checked memories are the exception (hosts without signals, unusual page sizes): their indexed forms leave out pins.
template <Op op, Access access>
constexpr bool has_load_indexed(From a, From b, To to) {
  constexpr bool kFew = access == Access::Checked || Operation<op>::kKind == Kind::Rare;
  if (a == From::Const || !are_operands<uint32_t>(a, b) || !has_load<op>(a, to)) return false;
  return !kFew || (!is_pin(a) && !is_pin(b) && !is_pin(to));
}

// The address and an integer value are in one register only when they are one value.
template <Op op>
constexpr bool has_store(From a, From value) {
  using In = typename Operation<op>::In;
  if constexpr (kIsFloat<In>) return std::is_same_v<In, double> || !is_pin(value);
  return !(a == value && a != From::Slot && a != From::Const);
}

template <Op op, Access access>
constexpr bool has_store_indexed(From a, From b, From value) {
  using In = typename Operation<op>::In;
  constexpr bool kFew = access == Access::Checked || Operation<op>::kKind == Kind::Rare;
  if (a == From::Const || !are_operands<uint32_t>(a, b) || !has_store<op>(a, value)) return false;
  if (b == From::Const && value == From::Const && sizeof(In) == 8) return false;
  if (!kIsFloat<In> && value == b && b != From::Slot && b != From::Const) return false;
  if (is_pin(value) && (is_pin(a) + is_pin(b) + (a == From::Acc) + (b == From::Acc)) > 1) return false;
  return !kFew || (!is_pin(a) && !is_pin(b) && !is_pin(value));
}

template <Op op>
struct BinaryRow {
  static const Row<kFroms * kFroms * kTos> row;
};
template <Op op>
struct UnaryRow {
  static const Row<kFroms * kTos> row;
};
template <Op op>
struct CompareBranchRow {
  static const Row<2 * kFroms * kFroms> row;
};

template <Op op, Access access>
struct LoadRow {
  static const Row<kFroms * kTos> plain;
  static const Row<kFroms * kFroms * kTos> indexed;
};
template <Op op, Access access>
struct StoreRow {
  static const Row<kFroms * kFroms> plain;
  static const Row<kFroms * kFroms * kFroms> indexed;
};

}  // namespace wherry::interpret
