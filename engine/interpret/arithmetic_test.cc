// Every handler of arithmetic, comparison, moves and select, in every operand class, against the functions of
// operations.h; and those functions against numbers written down.
#include <catch2/catch.hpp>
#include <limits>

#include "engine/interpret/test_machine.h"

namespace wherry::interpret::testing {
namespace {

// Slots of the programs: the operands, the result, what the accumulator and the pins hold afterwards.
constexpr uint16_t kA = 4, kB = 5, kC = 6, kD = 7, kAcc = 8, kPin0 = 9, kPin1 = 10, kPin0Out = 11,
                   kPin1Out = 12, kRaw = 13;

template <class T>
std::vector<T> edge_values() {
  if constexpr (std::is_integral_v<T>) {
    return {0,
            1,
            2,
            31,
            32,
            65,
            T(-1),
            T(-2),
            std::numeric_limits<T>::max() / 2,
            std::numeric_limits<T>::max() / 2 + 1,
            T(0x123456789abcdef0),
            T(0x80ff8000)};
  } else {
    using Limits = std::numeric_limits<T>;
    return {0,
            T(-0.0),
            1,
            -1,
            T(0.5),
            T(-0.5),
            T(1.5),
            T(2.5),
            T(-3.5),
            Limits::infinity(),
            -Limits::infinity(),
            Limits::quiet_NaN(),
            Limits::signaling_NaN(),
            Limits::max(),
            Limits::lowest(),
            Limits::denorm_min(),
            T(2147483648.0),
            T(-2147483649.0),
            T(4294967296.0),
            T(9223372036854775808.0),
            T(-9223372036854775808.0),
            T(18446744073709551616.0),
            T(2147483647.5),
            T(8388609.5)};
  }
}

// Puts `value` where `from` takes it; a constant goes to `*constants` instead.
template <class T>
void place(Code* code, T value, From from, uint16_t slot, std::vector<uint64_t>* constants) {
  const HandlerTable& handlers = code->handlers;
  if constexpr (std::is_same_v<T, double>) {
    if (from == From::Pin0) return place_float_pin(code, To::Pin0, kPin0, value);
    if (from == From::Pin1) return place_float_pin(code, To::Pin1, kPin1, value);
  }
  switch (from) {
    case From::Slot: code->constant(slot, bits_of(value)); return;
    case From::Const: constants->push_back(bits_of(value)); return;
    case From::Pin0: code->constant(kPin0, bits_of(value), To::Pin0); return;
    case From::Pin1: code->constant(kPin1, bits_of(value), To::Pin1); return;
    case From::Acc: break;
  }
  if constexpr (std::is_integral_v<T>) {
    code->constant(0, bits_of(value), To::Acc);
  } else {
    constexpr Op op = sizeof(T) == 4 ? Op::F32ReinterpretI32 : Op::F64ReinterpretI64;
    code->constant(kRaw, bits_of(value));
    code->emit(handlers.unary[lower::family_of(op).index][at(From::Slot, To::Acc)], Slots{kRaw, 0, 0, 0});
  }
}

// Operands in the accumulator are placed last, since placing the others may use it.
template <class X, class Y>
void place_both(Code* code, X x, From a, Y y, From b, std::vector<uint64_t>* constants) {
  if (a == From::Acc) {
    place(code, y, b, kB, constants);
    place(code, x, a, kA, constants);
  } else {
    place(code, x, a, kA, constants);
    place(code, y, b, kB, constants);
  }
}

// Both operands in one register.
constexpr bool are_one(From a, From b) { return a == b && (a == From::Pin0 || a == From::Pin1); }

// Copies accumulator and pins to slots, and ends.
template <class T>
void observe(Code* code) {
  const HandlerTable& handlers = code->handlers;
  if constexpr (std::is_same_v<T, float>)
    code->emit(handlers.move_f32, Slots{0, 0, kAcc, 0});
  else if constexpr (std::is_same_v<T, double>)
    code->emit(handlers.move_f64, Slots{0, 0, kAcc, 0});
  else
    code->emit(handlers.move[at(From::Acc, To::Slot)], Slots{0, 0, kAcc, 0});
  observe_pins<T>(code, kPin0Out, kPin1Out);
  code->return_none(0);
}

constexpr uint16_t destination(To to) { return to == To::Pin0 ? kPin0 : to == To::Pin1 ? kPin1 : kD; }

// Whether the result is where it has to be: 0, or which place is wrong.
template <class T>
int misplaced(Machine& machine, To to, T expected) {
  if (!is_same(machine.slot(kAcc), expected)) return 1;
  if (to != To::Acc && !is_same(machine.slot(destination(to)), expected)) return 2;
  if (to == To::Acc && machine.slot(kD) != 77) return 3;
  if (to == To::Pin0 && !is_same(machine.slot(kPin0Out), expected)) return 4;
  if (to == To::Pin1 && !is_same(machine.slot(kPin1Out), expected)) return 5;
  return 0;
}

// The first trouble found, for a message; counts what was tried.
struct Findings {
  std::string first;
  uint32_t handlers = 0;
  void add(std::string_view what, Op op, From a, From b, To to, uint64_t x, uint64_t y) {
    if (!first.empty()) return;
    char text[200];
    snprintf(text, sizeof text, "%.*s: %s a=%u b=%u to=%u x=%llx y=%llx", int(what.size()), what.data(),
             wasm::info(op).text.data(), at(a), at(b), at(to), static_cast<unsigned long long>(x),
             static_cast<unsigned long long>(y));
    first = text;
  }
};

template <Op op>
void try_binary(Machine& machine, const HandlerTable& handlers, Findings* findings) {
  using Operation = Operation<op>;
  using In = typename Operation::In;
  const lower::Handler* row = handlers.binary[lower::family_of(op).index];
  for (const auto [slot, right] : {std::pair{From::Slot, From::Slot}, {From::Slot, From::Const}}) {
    if (row[at(slot, right, To::Slot)] == 0) findings->add("missing", op, slot, right, To::Slot, 0, 0);
  }
  for (From a : kAllFrom) {
    for (From b : kAllFrom) {
      for (To to : kAllTo) {
        const lower::Handler handler = row[at(a, b, to)];
        if (handler == 0) continue;
        ++findings->handlers;
        for (In x : edge_values<In>()) {
          for (In y : edge_values<In>()) {
            if (are_one(a, b) && bits_of(x) != bits_of(y)) continue;
            Code code(handlers);
            std::vector<uint64_t> constants;
            place_both(&code, x, a, y, b, &constants);
            code.words.reserve(64);
            const uint32_t position = code.emit(handler, Slots{kA, kB, destination(to), 0});
            for (uint64_t constant : constants) code.word(constant);
            observe<typename Operation::Out>(&code);
            machine.stack()[kD] = 77;
            const TrapCode trap = machine.run(code);
            const TrapCode expected = Operation::trap(x, y);
            if (trap != expected) findings->add("trap", op, a, b, to, bits_of(x), bits_of(y));
            if (expected != TrapCode::None) {
              if (machine.trap_position(code) != position)
                findings->add("position", op, a, b, to, bits_of(x), bits_of(y));
              continue;
            }
            if (misplaced(machine, to, Operation::value(x, y)) != 0)
              findings->add("value", op, a, b, to, bits_of(x), bits_of(y));
          }
        }
      }
    }
  }
}

template <Op op>
void try_unary(Machine& machine, const HandlerTable& handlers, Findings* findings) {
  using Operation = Operation<op>;
  using In = typename Operation::In;
  const lower::Handler* row = handlers.unary[lower::family_of(op).index];
  if (row[at(From::Slot, To::Slot)] == 0)
    findings->add("missing", op, From::Slot, From::Slot, To::Slot, 0, 0);
  for (From a : kAllFrom) {
    for (To to : kAllTo) {
      const lower::Handler handler = row[at(a, to)];
      if (handler == 0) continue;
      ++findings->handlers;
      for (In x : edge_values<In>()) {
        Code code(handlers);
        std::vector<uint64_t> constants;
        place(&code, x, a, kA, &constants);
        const uint32_t position = code.emit(handler, Slots{kA, 0, destination(to), 0});
        observe<typename Operation::Out>(&code);
        machine.stack()[kD] = 77;
        const TrapCode trap = machine.run(code);
        const TrapCode expected = Operation::trap(x);
        if (trap != expected) findings->add("trap", op, a, a, to, bits_of(x), 0);
        if (expected != TrapCode::None) {
          if (machine.trap_position(code) != position) findings->add("position", op, a, a, to, bits_of(x), 0);
          continue;
        }
        if (misplaced(machine, to, Operation::value(x)) != 0)
          findings->add("value", op, a, a, to, bits_of(x), 0);
      }
    }
  }
}

template <Op op>
void try_compare_branch(Machine& machine, const HandlerTable& handlers, Findings* findings) {
  using In = typename Operation<op>::In;
  for (bool sense : {false, true}) {
    const lower::Handler* row = handlers.compare_branch[lower::family_of(op).index] + sense * 25;
    if (row[at(From::Slot, From::Slot)] == 0)
      findings->add("missing", op, From::Slot, From::Slot, To::Slot, 0, 0);
    if (row[at(From::Slot, From::Const)] == 0)
      findings->add("missing", op, From::Slot, From::Const, To::Slot, 0, 0);
    for (From a : kAllFrom) {
      for (From b : kAllFrom) {
        const lower::Handler handler = row[at(a, b)];
        if (handler == 0) continue;
        ++findings->handlers;
        for (In x : edge_values<In>()) {
          for (In y : edge_values<In>()) {
            if (are_one(a, b) && bits_of(x) != bits_of(y)) continue;
            Code code(handlers);
            std::vector<uint64_t> constants;
            code.constant(kD, 0);
            place_both(&code, x, a, y, b, &constants);
            const uint32_t position = code.emit(handler, SlotsBranch{kA, kB, 0});
            for (uint64_t constant : constants) code.word(constant);
            code.constant(kD, 1);
            code.patch_branch(position, code.size());
            code.return_none(0);
            const bool taken = (Operation<op>::value(x, y) != 0) == sense;
            if (machine.run(code) != TrapCode::None)
              findings->add("trap", op, a, b, To::Slot, bits_of(x), bits_of(y));
            if (machine.slot(kD) != !taken)
              findings->add("branch", op, a, b, To::Slot, bits_of(x), bits_of(y));
          }
        }
      }
    }
  }
}

template <class In, Kind kind, Op op>
void try_pair(Machine& machine, const HandlerTable& handlers, Findings* findings) {
  try_binary<op>(machine, handlers, findings);
  if constexpr (kind == Kind::Compare || op == Op::I32And)
    try_compare_branch<op>(machine, handlers, findings);
}

}  // namespace

TEST_CASE("i32 arithmetic and comparison in every operand class") {
  Machine machine;
  Findings findings;
  const HandlerTable& table = handlers(MemoryMode::Guarded);
#define INTEGER(name, kind, trap, value) \
  try_pair<uint32_t, Kind::kind, Op::I32##name>(machine, table, &findings);
#include "engine/interpret/operations.inc"
  CHECK(findings.first == "");
  CHECK(findings.handlers > 1000);
}

TEST_CASE("i64 arithmetic and comparison in every operand class") {
  Machine machine;
  Findings findings;
  const HandlerTable& table = handlers(MemoryMode::Guarded);
#define INTEGER(name, kind, trap, value) \
  try_pair<uint64_t, Kind::kind, Op::I64##name>(machine, table, &findings);
#include "engine/interpret/operations.inc"
  CHECK(findings.first == "");
  CHECK(findings.handlers > 1000);
}

TEST_CASE("float arithmetic and comparison in every operand class") {
  Machine machine;
  Findings findings;
  const HandlerTable& table = handlers(MemoryMode::Guarded);
#define FLOAT(name, kind, value)                                         \
  try_pair<float, Kind::kind, Op::F32##name>(machine, table, &findings); \
  try_pair<double, Kind::kind, Op::F64##name>(machine, table, &findings);
#include "engine/interpret/operations.inc"
  CHECK(findings.first == "");
  CHECK(findings.handlers > 300);
}

TEST_CASE("unary instructions in every operand class") {
  Machine machine;
  Findings findings;
  const HandlerTable& table = handlers(MemoryMode::Checked);
#define UNARY(op, In, Out, trap, value) try_unary<Op::op>(machine, table, &findings);
#include "engine/interpret/operations.inc"
  CHECK(findings.first == "");
  CHECK(findings.handlers > 400);
}

TEST_CASE("moves and select in every operand class") {
  Machine machine;
  const HandlerTable& table = handlers(MemoryMode::Guarded);
  constexpr uint64_t kX = 0x1122334455667788, kY = 0x99aabbccddeeff00;
  uint32_t wrong = 0;
  uint32_t tried = 0;
  for (From a : kAllFrom) {
    for (To to : kAllTo) {
      const lower::Handler handler = table.move[at(a, to)];
      if (handler == 0) continue;
      Code code(table);
      std::vector<uint64_t> constants;
      place(&code, kX, a, kA, &constants);
      code.emit(handler, Slots{kA, 0, destination(to), 0});
      observe<uint64_t>(&code);
      machine.stack()[kD] = 77;
      wrong += machine.run(code) != TrapCode::None || misplaced(machine, to, kX) != 0;
    }
    for (From b : kAllFrom) {
      for (From condition : kAllFrom) {
        for (To to : kAllTo) {
          const lower::Handler handler = table.select[at(a, b, condition) * lower::kToCount + at(to)];
          if (handler == 0) continue;
          ++tried;
          for (uint32_t chosen : {0u, 1u, 0x80000000u}) {
            Code code(table);
            std::vector<uint64_t> constants;
            if (condition != From::Acc) place(&code, chosen, condition, kC, &constants);
            place_both(&code, kX, a, kY, b, &constants);
            if (condition == From::Acc) place(&code, chosen, condition, kC, &constants);
            code.emit(handler, Slots{kA, kB, destination(to), kC});
            for (uint64_t constant : constants) code.word(constant);
            observe<uint64_t>(&code);
            machine.stack()[kD] = 77;
            wrong +=
                machine.run(code) != TrapCode::None || misplaced(machine, to, chosen != 0 ? kX : kY) != 0;
          }
        }
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(tried > 100);
  CHECK(table.select[at(From::Slot, From::Slot, From::Slot) * lower::kToCount] != 0);
}

TEST_CASE("f64 locals in registers are set from everywhere, and filled from slots") {
  Machine machine;
  const HandlerTable& table = handlers(MemoryMode::Guarded);
  const double value = 2.5, other = -7.25;
  uint32_t tried = 0;
  for (From a : kAllFrom) {
    for (To to : {To::Pin0, To::Pin1}) {
      const lower::Handler handler = table.pin_f64[at(a)][to == To::Pin1];
      if (handler == 0) continue;
      ++tried;
      Code code(table);
      std::vector<uint64_t> constants;
      place(&code, value, a, kA, &constants);
      code.emit(handler, Slots{kA, 0, destination(to), 0});
      for (uint64_t constant : constants) code.word(constant);
      observe<double>(&code);
      CHECK(machine.run(code) == TrapCode::None);
      CHECK(misplaced(machine, to, value) == 0);
    }
  }
  CHECK(tried == 8);
  Code code(table);
  code.constant(kA, bits_of(value));
  code.constant(kB, bits_of(other));
  code.emit(table.load_pins_f64, Slots{kA, kB, 0, 0});
  observe<double>(&code);
  CHECK(machine.run(code) == TrapCode::None);
  CHECK(machine.slot(kPin0Out) == bits_of(value));
  CHECK(machine.slot(kPin1Out) == bits_of(other));
}

TEST_CASE("moves of several slots, and far ones") {
  Machine machine;
  const HandlerTable& table = handlers(MemoryMode::Guarded);
  Code code(table);
  for (uint16_t i = 0; i < 4; ++i) code.constant(10 + i, 100 + i);
  code.emit(table.move_up, Slots{10, 4, 12, 0});  // Upwards, overlapping: 100..103 to 12..15.
  code.emit(table.move_up, Slots{12, 4, 11, 0});  // Downwards: to 11..14.
  code.emit(table.move_up, Slots{12, 0, 3, 0});
  code.emit(table.move2, Slots{11, 12, 20, 21});
  code.emit_word(table.move_wide, uint64_t{14} | uint64_t{22} << 32);
  code.return_none(0);
  CHECK(machine.run(code) == TrapCode::None);
  for (uint32_t i = 0; i < 4; ++i) CHECK(machine.slot(11 + i) == 100 + i);
  CHECK(machine.slot(15) == 103);
  CHECK(machine.slot(20) == 100);
  CHECK(machine.slot(21) == 101);
  CHECK(machine.slot(22) == 103);
}

TEST_CASE("globals, own and imported") {
  Machine machine;
  const HandlerTable& table = handlers(MemoryMode::Guarded);
  uint64_t imported = 5;
  machine.instance.extra[0] = 3;
  machine.instance.extra[1] = reinterpret_cast<uint64_t>(&imported);
  for (bool is_imported : {false, true}) {
    const uint32_t offset = Instance::extra_offset(is_imported);
    uint64_t& global = is_imported ? imported : machine.instance.extra[0];
    for (From a : kAllFrom) {
      Code code(table);
      std::vector<uint64_t> constants;
      place(&code, uint64_t{1234567}, a, kA, &constants);
      code.emit(table.global_set[is_imported][at(a)], SlotsOffset{kA, 0, offset});
      for (uint64_t constant : constants) code.word(constant);
      code.return_none(0);
      CHECK(machine.run(code) == TrapCode::None);
      CHECK(global == 1234567);
      global = 9;
    }
    for (To to : kAllTo) {
      Code code(table);
      code.emit(table.global_get[is_imported][at(to)], SlotsOffset{0, destination(to), offset});
      observe<uint64_t>(&code);
      machine.stack()[kD] = 77;
      CHECK(machine.run(code) == TrapCode::None);
      CHECK(misplaced(machine, to, uint64_t{9}) == 0);
    }
  }
}

TEST_CASE("results that the specification names") {
  CHECK(Operation<Op::I32DivS>::value(uint32_t(-7), 2) == uint32_t(-3));
  CHECK(Operation<Op::I32RemS>::value(uint32_t(-7), 2) == uint32_t(-1));
  CHECK(Operation<Op::I32RemS>::value(0x80000000, uint32_t(-1)) == 0);
  CHECK(Operation<Op::I64RemS>::trap(uint64_t{1} << 63, ~uint64_t{0}) == TrapCode::None);
  CHECK(Operation<Op::I32DivS>::trap(0x80000000, uint32_t(-1)) == TrapCode::IntegerOverflow);
  CHECK(Operation<Op::I64DivU>::trap(1, 0) == TrapCode::IntegerDivideByZero);
  CHECK(Operation<Op::I32Shl>::value(1, 33) == 2);
  CHECK(Operation<Op::I32ShrS>::value(0x80000000, 31) == 0xffffffff);
  CHECK(Operation<Op::I64Rotl>::value(0x8000000000000001, 1) == 3);
  CHECK(Operation<Op::I32Clz>::value(0) == 32);
  CHECK(Operation<Op::I64Ctz>::value(0) == 64);
  CHECK(Operation<Op::I32Extend8S>::value(0x1ff) == 0xffffffff);
  CHECK(Operation<Op::F32Nearest>::value(2.5f) == 2.0f);
  CHECK(Operation<Op::F64Nearest>::value(-3.5) == -4.0);
  CHECK(std::signbit(Operation<Op::F64Nearest>::value(-0.25)));
  CHECK(std::signbit(Operation<Op::F64Min>::value(0.0, -0.0)));
  CHECK(!std::signbit(Operation<Op::F64Max>::value(0.0, -0.0)));
  CHECK(std::isnan(Operation<Op::F32Min>::value(1.0f, std::numeric_limits<float>::quiet_NaN())));
  CHECK(Operation<Op::F32Copysign>::value(1.0f, -0.0f) == -1.0f);
  CHECK(std::bit_cast<uint32_t>(Operation<Op::F32Neg>::value(std::bit_cast<float>(0x7fa00000))) ==
        0xffa00000);
  CHECK(Operation<Op::I32TruncF64S>::trap(-2147483648.9) == TrapCode::None);
  CHECK(Operation<Op::I32TruncF64S>::value(-2147483648.9) == 0x80000000);
  CHECK(Operation<Op::I32TruncF64S>::trap(-2147483649.0) == TrapCode::IntegerOverflow);
  CHECK(Operation<Op::I32TruncF32S>::trap(2147483648.0f) == TrapCode::IntegerOverflow);
  CHECK(Operation<Op::I32TruncF32S>::trap(-2147483648.0f) == TrapCode::None);
  CHECK(Operation<Op::I32TruncF32U>::trap(-0.99f) == TrapCode::None);
  CHECK(Operation<Op::I32TruncF32U>::trap(-1.0f) == TrapCode::IntegerOverflow);
  CHECK(Operation<Op::I64TruncF64S>::trap(-9223372036854775808.0) == TrapCode::None);
  CHECK(Operation<Op::I64TruncF64U>::trap(18446744073709551616.0) == TrapCode::IntegerOverflow);
  CHECK(Operation<Op::I64TruncF64U>::value(18446744073709549568.0) == 0xfffffffffffff800);
  CHECK(Operation<Op::I32TruncF32S>::trap(std::nanf("")) == TrapCode::InvalidConversionToInteger);
  CHECK(Operation<Op::I32TruncSatF32S>::value(std::nanf("")) == 0);
  CHECK(Operation<Op::I32TruncSatF64S>::value(1e300) == 0x7fffffff);
  CHECK(Operation<Op::I64TruncSatF32U>::value(-5.0f) == 0);
  CHECK(Operation<Op::I64TruncSatF32S>::value(-1e30f) == uint64_t{1} << 63);
  CHECK(Operation<Op::F32ConvertI64U>::value(0xffffffffffffffff) == 18446744073709551616.0f);
  CHECK(Operation<Op::F64ConvertI64U>::value(0x8000000000000401) == 9223372036854777856.0);
  CHECK(Operation<Op::I64Load8S>::value(int8_t(-1)) == ~uint64_t{0});
  CHECK(Operation<Op::I64Load32U>::value(0xffffffff) == 0xffffffff);
}

}  // namespace wherry::interpret::testing
