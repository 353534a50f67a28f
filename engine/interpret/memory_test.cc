// Loads and stores in every operand class and all three kinds of handler: inside the memory, across its end, and with
// the exact place of the trap.
#include <catch2/catch.hpp>

#include "engine/base/os/reservations.h"
#include "engine/base/os/virtual_memory.h"
#include "engine/interpret/test_machine.h"

namespace wherry::interpret::testing {
namespace {

constexpr uint64_t kReserved = (uint64_t{4} << 30) + (uint64_t{32} << 20);
constexpr uint64_t kCommitted = 65536;
constexpr uint16_t kA = 4, kB = 5, kD = 6, kAcc = 7, kPin0 = 9, kPin1 = 10, kPin0Out = 11, kPin1Out = 12,
                   kRaw = 13;

// A page of Wasm in a guarded reservation.
class Memory {
 public:
  Memory() {
    object.base = static_cast<uint8_t*>(base::reserve_pages(kReserved));
    REQUIRE(object.base != nullptr);
    REQUIRE(base::commit_pages(object.base, kCommitted));
    REQUIRE(base::register_reservation(object.base, kReserved));
    object.size_bytes = kCommitted;
    object.page_size_log2 = 16;
    object.has_guard = true;
  }
  ~Memory() {
    base::unregister_reservation(object.base);
    base::release_pages(object.base, kReserved);
  }
  void attach(Instance* instance) {
    instance->context.memory0 = &object;
    instance->context.memory0_base = object.base;
  }

  abi::MemoryObject object{};
};

struct Sum {
  uint32_t a, b, offset;
};

// One access as a program: where it is, and what it is made of.
struct Access {
  From a = From::Slot, b = From::Slot, value = From::Slot;
  bool indexed = false;
  Sum address{};
  uint64_t stored = 0;
};

// The registers are given their values in an order in which the accumulator is last.
void place(Code* code, From from, uint16_t slot, uint64_t value) {
  if (from == From::Slot) code->constant(slot, value);
  if (from == From::Pin0) code->constant(kPin0, value, To::Pin0);
  if (from == From::Pin1) code->constant(kPin1, value, To::Pin1);
}

template <class T>
void place_in_accumulator(Code* code, uint64_t bits) {
  if constexpr (std::is_integral_v<T>) {
    code->constant(0, bits, To::Acc);
  } else {
    constexpr Op op = sizeof(T) == 4 ? Op::F32ReinterpretI32 : Op::F64ReinterpretI64;
    code->constant(kRaw, bits);
    code->emit(code->handlers.unary[lower::family_of(op).index][at(From::Slot, To::Acc)],
               Slots{kRaw, 0, 0, 0});
  }
}

uint16_t destination(To to) { return to == To::Pin0 ? kPin0 : to == To::Pin1 ? kPin1 : kD; }

template <class T>
void observe(Code* code) {
  if constexpr (std::is_same_v<T, float>)
    code->emit(code->handlers.move_f32, Slots{0, 0, kAcc, 0});
  else if constexpr (std::is_same_v<T, double>)
    code->emit(code->handlers.move_f64, Slots{0, 0, kAcc, 0});
  else
    code->emit(code->handlers.move[at(From::Acc, To::Slot)], Slots{0, 0, kAcc, 0});
  observe_pins<T>(code, kPin0Out, kPin1Out);
  code->return_none(0);
}

// Sums that lead to the same place in different ways; the last wraps in 32 bits.
std::vector<Sum> sums_to(uint64_t address, bool indexed) {
  const auto low = static_cast<uint32_t>(address);
  if (!indexed) return {{low, 0, 0}, {low - 8, 0, 8}};
  return {{low, 0, 0}, {low - 24, 16, 8}, {low + 100, static_cast<uint32_t>(-108), 8}};
}

struct Findings {
  std::string first;
  uint32_t handlers = 0;
  void add(const char* what, Op op, const Access& access, uint32_t to) {
    if (!first.empty()) return;
    char text[200];
    snprintf(text, sizeof text, "%s: %s a=%u b=%u value=%u to=%u indexed=%u address=%x+%x+%x", what,
             wasm::info(op).text.data(), at(access.a), at(access.b), at(access.value), to, access.indexed,
             access.address.a, access.address.b, access.address.offset);
    first = text;
  }
};

template <Op op>
void try_load(Machine& machine, const lower::HandlerTable& handlers, uint8_t* base, lower::Handler handler,
              Access access, To to, Findings* findings) {
  using Memory = typename Operation<op>::Memory;
  using Out = typename Operation<op>::Out;
  ++findings->handlers;
  const uint64_t last = kCommitted - sizeof(Memory);
  for (uint64_t place_bytes : {uint64_t{200}, last, last + 1, uint64_t{0x7ffffff0}}) {
    for (Sum sum : sums_to(place_bytes, access.indexed)) {
      if (access.a == From::Const) sum = {0, 0, static_cast<uint32_t>(place_bytes)};
      access.address = sum;
      Code code(handlers);
      place(&code, access.a, kA, sum.a);
      if (access.indexed) place(&code, access.b, kB, sum.b);
      if (access.a == From::Acc) place_in_accumulator<uint32_t>(&code, sum.a);
      if (access.indexed && access.b == From::Acc) place_in_accumulator<uint32_t>(&code, sum.b);
      const uint32_t position =
          access.indexed
              ? code.emit(handler, Slots{kA, kB, destination(to), static_cast<uint16_t>(sum.offset)})
              : code.emit(handler, SlotsOffset{kA, destination(to), sum.offset});
      if (access.indexed && access.b == From::Const) code.word(sum.b);
      observe<Out>(&code);
      machine.stack()[kD] = 77;
      const TrapCode trap = machine.run(code);
      if (place_bytes > last) {
        if (trap != TrapCode::MemoryOutOfBounds) findings->add("no trap", op, access, at(to));
        if (machine.trap_position(code) != position || machine.crossing.frame != machine.stack() ||
            machine.crossing.context != &machine.instance.context) {
          findings->add("position", op, access, at(to));
        }
        continue;
      }
      Memory value;
      std::memcpy(&value, base + place_bytes, sizeof value);
      const Out expected = Operation<op>::value(value);
      bool good = trap == TrapCode::None && machine.slot(kAcc) == bits_of(expected);
      good = good && machine.slot(destination(to)) == (to == To::Acc ? 77 : bits_of(expected));
      good = good && (to != To::Pin0 || machine.slot(kPin0Out) == bits_of(expected));
      good = good && (to != To::Pin1 || machine.slot(kPin1Out) == bits_of(expected));
      if (!good) findings->add("value", op, access, at(to));
    }
  }
}

template <Op op>
void try_store(Machine& machine, const lower::HandlerTable& handlers, uint8_t* base, lower::Handler handler,
               Access access, Findings* findings) {
  using Memory = typename Operation<op>::Memory;
  using In = typename Operation<op>::In;
  ++findings->handlers;
  const uint64_t stored = bits_of(std::bit_cast<In>(
      static_cast<std::conditional_t<sizeof(In) == 4, uint32_t, uint64_t>>(0x8182838485868788)));
  const uint64_t last = kCommitted - sizeof(Memory);
  for (uint64_t place_bytes : {uint64_t{200}, last, last + 1, uint64_t{0x7ffffff0}}) {
    for (Sum sum : sums_to(place_bytes, access.indexed)) {
      if (access.a == From::Const) sum = {0, 0, static_cast<uint32_t>(place_bytes)};
      access.address = sum;
      Code code(handlers);
      if (!std::is_integral_v<In> && access.value == From::Acc) place_in_accumulator<In>(&code, stored);
      place(&code, access.a, kA, sum.a);
      if (access.indexed) place(&code, access.b, kB, sum.b);
      if (std::is_same_v<In, double> && (access.value == From::Pin0 || access.value == From::Pin1)) {
        place_float_pin(&code, access.value == From::Pin0 ? To::Pin0 : To::Pin1, kRaw,
                        std::bit_cast<double>(stored));
      } else {
        place(&code, access.value, kD, stored);
      }
      if (access.a == From::Acc) place_in_accumulator<uint32_t>(&code, sum.a);
      if (access.indexed && access.b == From::Acc) place_in_accumulator<uint32_t>(&code, sum.b);
      if (std::is_integral_v<In> && access.value == From::Acc) place_in_accumulator<In>(&code, stored);
      const uint32_t position = access.indexed
                                    ? code.emit(handler, Slots{kA, kB, kD, static_cast<uint16_t>(sum.offset)})
                                    : code.emit(handler, SlotsOffset{kA, kD, sum.offset});
      if (access.indexed && access.b == From::Const) {
        code.word(access.value == From::Const ? sum.b | stored << 32 : sum.b);
      } else if (access.value == From::Const) {
        code.word(stored);
      }
      code.return_none(0);
      std::memset(base + 190, 0x11, 40);
      std::memset(base + kCommitted - 16, 0x11, 16);
      const TrapCode trap = machine.run(code);
      if (place_bytes > last) {
        if (trap != TrapCode::MemoryOutOfBounds) findings->add("no trap", op, access, 0);
        if (machine.trap_position(code) != position) findings->add("position", op, access, 0);
        if (base[kCommitted - 1] != 0x11) findings->add("wrote in part", op, access, 0);
        continue;
      }
      if (trap != TrapCode::None || std::memcmp(base + place_bytes, &stored, sizeof(Memory)) != 0 ||
          base[place_bytes - 1] != 0x11 ||
          (place_bytes < last && base[place_bytes + sizeof(Memory)] != 0x11)) {
        findings->add("bytes", op, access, 0);
      }
    }
  }
}

template <Op op>
void try_loads(Machine& machine, const lower::HandlerTable& handlers, uint8_t* base, Findings* findings) {
  const uint32_t family = lower::family_of(op).index;
  if (handlers.load[family][at(From::Const, To::Slot)] == 0) findings->add("missing", op, {}, 0);
  if (handlers.load_indexed[family][at(From::Slot, From::Slot, To::Slot)] == 0)
    findings->add("missing", op, {}, 0);
  for (From a : kAllFrom) {
    for (To to : kAllTo) {
      const lower::Handler plain = handlers.load[family][at(a, to)];
      if (plain != 0) try_load<op>(machine, handlers, base, plain, {.a = a}, to, findings);
      for (From b : kAllFrom) {
        const lower::Handler indexed = handlers.load_indexed[family][at(a, b, to)];
        if (indexed != 0)
          try_load<op>(machine, handlers, base, indexed, {.a = a, .b = b, .indexed = true}, to, findings);
      }
    }
  }
}

template <Op op>
void try_stores(Machine& machine, const lower::HandlerTable& handlers, uint8_t* base, Findings* findings) {
  const uint32_t family = lower::family_of(op).index;
  if (handlers.store[family][at(From::Const, From::Const)] == 0) findings->add("missing", op, {}, 0);
  if (handlers.store_indexed[family][at(From::Slot, From::Slot, From::Slot)] == 0)
    findings->add("missing", op, {}, 0);
  for (From a : kAllFrom) {
    for (From value : kAllFrom) {
      const lower::Handler plain = handlers.store[family][at(a, value)];
      if (plain != 0) try_store<op>(machine, handlers, base, plain, {.a = a, .value = value}, findings);
      for (From b : kAllFrom) {
        const lower::Handler indexed = handlers.store_indexed[family][at(a, b, value)];
        if (indexed == 0) continue;
        try_store<op>(machine, handlers, base, indexed, {.a = a, .b = b, .value = value, .indexed = true},
                      findings);
      }
    }
  }
}

void try_all(MemoryMode mode) {
  Machine machine;
  Memory memory;
  memory.attach(&machine.instance);
  uint8_t* base = memory.object.base;
  for (uint64_t i = 0; i < kCommitted; ++i) base[i] = static_cast<uint8_t>(i * 7 + 129);
  const lower::HandlerTable& table = handlers(mode);
  Findings findings;
#define LOAD(op, Memory, Out, kind) try_loads<Op::op>(machine, table, base, &findings);
#define STORE(op, In, Memory, kind) try_stores<Op::op>(machine, table, base, &findings);
#include "engine/interpret/operations.inc"
  CHECK(findings.first == "");
  CHECK(findings.handlers > 600);
}

}  // namespace

TEST_CASE("guarded accesses in every operand class") {
  REQUIRE(use_faults());
  REQUIRE(use_faults());
  try_all(MemoryMode::Guarded);
}

TEST_CASE("checked accesses in every operand class") { try_all(MemoryMode::Checked); }

TEST_CASE("accesses to any memory check 64-bit sums") {
  Machine machine;
  Memory memory;
  const lower::HandlerTable& table = handlers(MemoryMode::Guarded);
  machine.instance.extra[2] = reinterpret_cast<uint64_t>(&memory.object);
  const uint32_t load = lower::family_of(Op::I64Load16S).index;
  const uint32_t store = lower::family_of(Op::I64Store).index;
  const auto run = [&](uint64_t index, uint64_t offset, bool is_64) {
    Code code(table);
    code.constant(kA, index);
    code.constant(kB, 0x8000111122223333);
    code.emit(table.store_any[store][is_64], Slots{kA, kB, 0, 0});
    code.word(offset);
    code.word(Instance::extra_offset(2));
    code.emit(table.load_any[load][is_64], Slots{kA, 0, kD, 0});
    code.word(offset + 6);
    code.word(Instance::extra_offset(2));
    code.return_none(0);
    return machine.run(code);
  };
  CHECK(run(8, 16, true) == TrapCode::None);
  CHECK(machine.slot(kD) == 0xffffffffffff8000);
  CHECK(run(kCommitted - 8, 0, false) == TrapCode::None);
  CHECK(run(kCommitted - 7, 0, true) == TrapCode::MemoryOutOfBounds);
  CHECK(run(~uint64_t{0}, 1, true) == TrapCode::MemoryOutOfBounds);
  CHECK(run(~uint64_t{0}, 0, true) == TrapCode::MemoryOutOfBounds);
  CHECK(run(16, ~uint64_t{0} - 16, true) == TrapCode::MemoryOutOfBounds);
  CHECK(run(0, ~uint64_t{0}, true) == TrapCode::MemoryOutOfBounds);
}

}  // namespace wherry::interpret::testing
