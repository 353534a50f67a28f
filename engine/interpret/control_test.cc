// Branches, calls inside and between instances, tail calls, host functions, traps with their frames, metering.
#include <algorithm>
#include <catch2/catch.hpp>

#include "engine/interpret/frames.h"
#include "engine/interpret/test_machine.h"

namespace wherry::interpret::testing {
namespace {

const HandlerTable& table() { return handlers(MemoryMode::Checked); }

// fib(n) as lowering would write it. Slots: 0 parameter (pinned), 1-3 header, 4.. temporaries.
void write_fib(Code* code, const abi::FuncCode* self) {
  const auto branch_handlers = code->handlers.compare_branch[lower::family_of(Op::I32LtS).index];
  const auto subtract = code->handlers.binary[lower::family_of(Op::I32Sub).index];
  const auto add = code->handlers.binary[lower::family_of(Op::I32Add).index];
  const uint32_t test = code->emit(branch_handlers[at(From::Pin0, From::Const)], SlotsBranch{0, 0, 0});
  code->word(2);
  code->emit(code->handlers.return_one[1][at(From::Pin0)], Slots{0, 0, 0, 1});
  code->patch_branch(test, code->size());
  for (uint16_t i = 1; i <= 2; ++i) {
    const auto base = static_cast<uint16_t>(3 + i);
    code->emit(subtract[at(From::Pin0, From::Const, To::Slot)], Slots{0, 0, base, 0});
    code->word(i);
    code->emit_word(code->handlers.call, reinterpret_cast<Cell>(self));
    code->word(Slots{base, 0, 0, 1});
  }
  code->emit(add[at(From::Slot, From::Acc, To::Acc)], Slots{4, 0, 4, 0});
  code->emit(code->handlers.return_one[lower::kNearHeaders][at(From::Acc)], Slots{0, 0, 0, 1});
  // The branch is taken when n < 2 is false: sense 0.
}

struct Walk {
  std::vector<Frame> frames;
  std::vector<std::pair<const Code*, const abi::FuncCode*>> code;

  static const abi::FuncCode* find(void* self, abi::Context*, const Cell* cell) {
    for (const auto& [words, func] : static_cast<Walk*>(self)->code) {
      if (cell >= words->words.data() && cell < words->words.data() + words->size()) return func;
    }
    return nullptr;
  }
  static bool visit(void* self, const Frame& frame) {
    static_cast<Walk*>(self)->frames.push_back(frame);
    return true;
  }
  void run(const abi::Crossing& crossing) { walk_frames(crossing, this, find, visit); }
};

}  // namespace

TEST_CASE("a recursive function with pinned parameter") {
  Machine machine;
  Code code(table());
  abi::FuncCode fib{};
  write_fib(&code, &fib);
  Machine::set_code(&fib, code, 1, 8);
  const wasm::CanonType type = make_type(1, 1, 1);
  abi::FuncObject func;
  Machine::set_func(&func, &fib, &machine.instance, &type);
  machine.stack()[0] = 20;
  const uint64_t before = dispatch_count();
  CHECK(machine.enter(&func) == TrapCode::None);
  CHECK(machine.slot(0) == 6765);
#ifdef WHERRY_COUNT_DISPATCHES
  CHECK(dispatch_count() - before > 100000);
#else
  CHECK(dispatch_count() == before);
#endif
  CHECK(machine.activation.crossings == nullptr);
  CHECK(machine.activation.stack_top == machine.stack());
}

TEST_CASE("stack exhaustion is a trap at the call, with all frames in place") {
  Machine machine;
  Code code(table());
  abi::FuncCode self{};
  const uint32_t call = code.emit_word(table().call, reinterpret_cast<Cell>(&self));
  code.word(Slots{10, 0, 0, 0});
  code.return_none(0);
  Machine::set_code(&self, code, 0, 16);
  const wasm::CanonType type = make_type(1, 0, 0);
  abi::FuncObject func;
  Machine::set_func(&func, &self, &machine.instance, &type);
  CHECK(machine.enter(&func) == TrapCode::CallStackExhausted);
  CHECK(machine.store.trap == TrapCode::CallStackExhausted);
  CHECK(machine.trap_position(code) == call);
  Walk walk{.frames = {}, .code = {{&code, &self}}};
  walk.run(machine.crossing);
  CHECK(walk.frames.size() == (Machine::kStackSlots - 16) / 10 + 1);
  CHECK(walk.frames.back().base == machine.stack());
  CHECK(walk.frames.back().cell == code.words.data() + call + 2);

  SECTION("the embedder's own call can find no room either") {
    machine.set_stack_limit(machine.stack() + 15);
    CHECK(machine.enter(&func) == TrapCode::CallStackExhausted);
    CHECK(machine.crossing.cell == nullptr);
    machine.set_stack_limit(machine.stack() + 16);
    CHECK(machine.enter(&func) == TrapCode::CallStackExhausted);
    CHECK(machine.trap_position(code) == call);
  }
  SECTION("nor on the native stack") {
    machine.activation.native_stack_limit = ~uintptr_t{0};
    CHECK(machine.enter(&func) == TrapCode::CallStackExhausted);
    CHECK(machine.crossing.cell == nullptr);
  }
}

TEST_CASE("locals are zero and pins loaded at every call, the first included") {
  Machine machine;
  // Callee: 1 parameter, header 1-3, locals 4-8 of which 5 is pinned; returns local 4 + pin + parameter.
  abi::FuncCode callee{};
  static abi::FuncCode* callee_address;
  callee_address = &callee;
  static Code* callee_code;
  Code words(table());
  words.emit(table().binary[lower::family_of(Op::I64Add).index][at(From::Slot, From::Pin0, To::Slot)],
             Slots{4, 0, 9, 0});
  words.binary(Op::I64Add, 9, 8, 9);
  words.binary(Op::I64Add, 9, 0, 9);
  words.constant(4, 55);
  words.constant(5, 66);
  words.constant(8, 77);
  words.return_one(9, 1);
  callee_code = &words;
  machine.builtins.prepare_code = [](abi::Context*, abi::FuncCode* code) {
    code->zero_begin = 4;
    code->zero_count = 5;
    code->pinned0 = 5;
    Machine::set_code(code, *callee_code, 1, 16);
    return code == callee_address;
  };
  Code code(table());
  code.constant(3, 1234, To::Pin0);
  for (int i = 0; i < 2; ++i) {
    code.constant(10, 1000);
    for (uint16_t slot = 11; slot < 24; ++slot) code.constant(slot, 0xdead);
    code.emit_word(table().call, reinterpret_cast<Cell>(&callee));
    code.word(Slots{10, 3, 4, 1});
    code.move(10, static_cast<uint16_t>(5 + i));
  }
  code.emit(table().move[at(From::Pin0, To::Slot)], Slots{0, 0, 7, 0});
  code.return_none(0);
  CHECK(machine.run(code) == TrapCode::None);
  CHECK(machine.slot(5) == 1000);
  CHECK(machine.slot(6) == 1000);
  CHECK(machine.slot(7) == 1234);
}

TEST_CASE("code that cannot be prepared ends the run") {
  Machine machine;
  abi::FuncCode callee{};
  Code code(table());
  const uint32_t call = code.emit_word(table().call, reinterpret_cast<Cell>(&callee));
  code.word(Slots{10, 0, 0, 0});
  code.return_none(0);
  CHECK(machine.run(code) == TrapCode::HostError);
  CHECK(machine.trap_position(code) == call);
  const wasm::CanonType type = make_type(1, 0, 0);
  abi::FuncObject func;
  Machine::set_func(&func, &callee, &machine.instance, &type);
  CHECK(machine.enter(&func) == TrapCode::HostError);
  CHECK(machine.crossing.cell == nullptr);
}

TEST_CASE("a stub entry prepares the code and goes on in it") {
  Machine machine;
  static const Code* words;
  Code code(table());
  code.emit(table().move[at(From::Pin1, To::Slot)], Slots{0, 0, 6, 0});
  code.return_one(5, 1);
  words = &code;
  machine.builtins.prepare_code = [](abi::Context*, abi::FuncCode* self) {
    self->pinned1 = 0;
    self->zero_begin = 4;
    self->zero_count = 2;
    Machine::set_code(self, *words, 1, 16);
    return true;
  };
  // A caller that knows the frame by the type and jumps to `entry`.
  abi::FuncCode callee{};
  callee.entry = tier().stub_entry;
  callee.param_slots = 1;
  callee.frame_slots = 8;
  const wasm::CanonType type = make_type(1, 1, 1);
  abi::FuncObject func;
  Machine::set_func(&func, &callee, &machine.instance, &type);
  machine.stack()[0] = 31;
  machine.stack()[5] = 99;
  CHECK(machine.enter(&func) == TrapCode::None);
  CHECK(machine.slot(0) == 0);
  CHECK(machine.slot(6) == 31);
}

TEST_CASE("branches and tables of branches") {
  Machine machine;
  for (From a : {From::Slot, From::Acc, From::Pin0, From::Pin1}) {
    for (uint32_t index : {0u, 1u, 2u, 3u, 0x80000000u, 0xffffffffu}) {
      Code code(table());
      code.constant(4, index,
                    a == From::Acc    ? To::Acc
                    : a == From::Pin0 ? To::Pin0
                    : a == From::Pin1 ? To::Pin1
                                      : To::Slot);
      const uint32_t position = code.emit(table().br_table[at(a)], SlotsBranch{4, 0, 2});
      code.word(uint64_t{0});
      code.word(uint64_t{0});
      uint32_t distances[4] = {2};
      for (uint32_t i = 0; i < 3; ++i) {
        distances[i + 1] = code.size() - position - 2;
        code.constant(5, 100 + i);
        code.return_none(0);
      }
      std::memcpy(&code.words[position + 2], distances, sizeof distances);
      CHECK(machine.run(code) == TrapCode::None);
      CHECK(machine.slot(5) == 100 + std::min(index, 2u));

      for (bool sense : {false, true}) {
        Code test(table());
        test.constant(4, index,
                      a == From::Acc    ? To::Acc
                      : a == From::Pin0 ? To::Pin0
                      : a == From::Pin1 ? To::Pin1
                                        : To::Slot);
        const uint32_t branch = test.emit(table().branch_if[sense][at(a)], SlotsBranch{4, 0, 0});
        test.constant(5, 1);
        test.return_none(0);
        test.patch_branch(branch, test.size());
        test.constant(5, 2);
        test.return_none(0);
        CHECK(machine.run(test) == TrapCode::None);
        CHECK(machine.slot(5) == ((index != 0) == sense ? 2 : 1));
      }
    }
  }
  Code code(table());
  const uint32_t over = code.emit(table().branch, SlotsBranch{0, 0, 0});
  code.emit(table().unreachable, Slots{0, 0, 0, 0});
  code.patch_branch(over, code.size());
  const uint32_t end = code.emit(table().unreachable, Slots{0, 0, 0, 0});
  CHECK(machine.run(code) == TrapCode::Unreachable);
  CHECK(machine.trap_position(code) == end);
}

TEST_CASE("returns of one value, from everywhere and of every type") {
  Machine machine;
  const auto params = GENERATE(uint16_t{0}, uint16_t{1}, uint16_t{3}, uint16_t{5});
  const bool is_near = GENERATE(false, true) && params < lower::kNearHeaders;
  const uint32_t header = is_near ? params : lower::kNearHeaders;
  for (From a : kAllFrom) {
    Code callee_code(table());
    callee_code.constant(8, 42,
                         a == From::Acc    ? To::Acc
                         : a == From::Pin0 ? To::Pin0
                         : a == From::Pin1 ? To::Pin1
                                           : To::Slot);
    callee_code.emit(table().return_one[header][at(a)], Slots{8, 0, 0, params});
    if (a == From::Const) callee_code.word(42);
    abi::FuncCode callee{};
    Machine::set_code(&callee, callee_code, params, 16);
    Code code(table());
    code.emit_word(table().call, reinterpret_cast<Cell>(&callee));
    code.word(Slots{10, 0, 0, params});
    code.emit(table().move[at(From::Acc, To::Slot)], Slots{0, 0, 5, 0});
    code.return_none(0);
    CHECK(machine.run(code) == TrapCode::None);
    CHECK(machine.slot(10) == 42);
    CHECK(machine.slot(5) == 42);
  }
  const auto from_bits = [](Op op) {
    return table().unary[lower::family_of(op).index][at(From::Slot, To::Acc)];
  };
  for (bool is_wide : {false, true}) {
    Code code(table());
    code.constant(4, 0x4048f5c300000000);
    code.emit(from_bits(is_wide ? Op::F64ReinterpretI64 : Op::F32ReinterpretI32), Slots{4, 0, 0, 0});
    const lower::Handler* by_header = is_wide ? table().return_f64 : table().return_f32;
    code.emit(by_header[is_near ? 0 : lower::kNearHeaders], Slots{0, 0, 0, 0});
    CHECK(machine.run(code) == TrapCode::None);
    CHECK(machine.slot(0) == (is_wide ? 0x4048f5c300000000 : 0));
  }
}

TEST_CASE("fuel and interruption") {
  Machine machine;
  Code code(table());
  const uint32_t fuel = code.emit_word(table().fuel, 3);
  code.constant(4, 1);
  const uint32_t interrupt = code.emit_word(table().interrupt, 0);
  code.constant(4, 2);
  code.return_none(0);
  machine.store.fuel = 5;
  CHECK(machine.run(code) == TrapCode::None);
  CHECK(machine.store.fuel == 2);
  machine.builtins.out_of_fuel = [](abi::Context* context) {
    return context->store->fuel < -100 ? TrapCode::OutOfFuel : TrapCode::None;
  };
  machine.builtins.interrupted = [](abi::Context*) { return TrapCode::None; };
  machine.store.deadline_epoch = 0;
  CHECK(machine.run(code) == TrapCode::None);
  CHECK(machine.store.fuel == -1);
  CHECK(machine.slot(4) == 2);
  machine.builtins.interrupted = [](abi::Context*) { return TrapCode::Interrupted; };
  CHECK(machine.run(code) == TrapCode::Interrupted);
  CHECK(machine.trap_position(code) == interrupt);
  machine.store.fuel = -100;
  CHECK(machine.run(code) == TrapCode::OutOfFuel);
  CHECK(machine.trap_position(code) == fuel);
}

// How long a piece of code a cell stands for is its cost: lowering makes it larger in long functions.
TEST_CASE("a look that costs more brings the next real look nearer") {
  Machine machine;
  machine.instance.extra[0] = 0;
  machine.builtins.interrupted = [](abi::Context* context) {
    ++context->store->callee_index;  // Nobody else uses it here.
    return TrapCode::None;
  };
  machine.store.deadline_epoch = 0;
  const auto looks = [&machine](uint64_t cost, uint32_t cells) {
    Code code(table());
    for (uint32_t i = 0; i < cells; ++i) code.emit_word(table().look, cost);
    code.return_none(0);
    machine.store.fuel = lower::kLookEvery;
    machine.store.callee_index = 0;
    CHECK(machine.run(code) == TrapCode::None);
    return machine.store.callee_index;
  };
  CHECK(looks(1, lower::kLookEvery) == 0);
  CHECK(looks(1, lower::kLookEvery + 1) == 1);
  CHECK(looks(1, 2 * lower::kLookEvery + 2) == 2);
  CHECK(looks(100, lower::kLookEvery / 100) == 0);
  CHECK(looks(100, lower::kLookEvery / 100 + 1) == 1);
  CHECK(looks(lower::kLookEvery, 7) == 3);
  CHECK(looks(uint64_t{1} << 40, 7) == 7);
}

TEST_CASE("calls look when they are made to, once, and before they find no room") {
  Machine machine;
  machine.builtins.interrupted = [](abi::Context* context) {
    CHECK(context->store->activation->stack_top == context->store->stack_limit);
    context->store->call_limit = reinterpret_cast<uintptr_t>(context->store->stack_limit);
    ++context->store->callee_index;
    return TrapCode::None;
  };
  const wasm::CanonType type = make_type(7, 0, 0);
  Code callee_code(table());
  callee_code.constant(4, 1);
  callee_code.return_none(0);
  abi::FuncCode callee{};
  Machine::set_code(&callee, callee_code, 0, 16);
  abi::FuncObject object;
  const bool is_cross = GENERATE(false, true);
  Instance other;
  machine.attach(&other);
  Machine::set_func(&object, &callee, is_cross ? &other : &machine.instance, &type);
  machine.instance.extra[0] = reinterpret_cast<uint64_t>(&object);
  for (const bool is_tail : {false, true}) {
    Code code(table());
    const uint32_t call =
        code.emit_word(is_tail ? table().return_call_import : table().call_import, Instance::extra_offset(0));
    code.word(Slots{10, 0, 0, 0});
    code.return_none(0);
    machine.store.callee_index = 0;
    machine.store.call_limit = 0;
    CHECK(machine.run(code) == TrapCode::None);
    CHECK(machine.store.callee_index == 1);
    CHECK(machine.run(code) == TrapCode::None);
    CHECK(machine.store.callee_index == 1);

    const auto counts = machine.builtins.interrupted;
    machine.builtins.interrupted = [](abi::Context*) { return TrapCode::Interrupted; };
    machine.store.call_limit = 0;
    CHECK(machine.run(code) == TrapCode::Interrupted);
    CHECK(machine.trap_position(code) == call);
    machine.builtins.interrupted = counts;

    machine.store.callee_index = 0;
    Machine::set_code(&callee, callee_code, 0, Machine::kStackSlots + 1);
    CHECK(machine.run(code) == TrapCode::CallStackExhausted);
    CHECK(machine.trap_position(code) == call);
    CHECK(machine.store.callee_index == 1);
    Machine::set_code(&callee, callee_code, 0, 16);
  }
}

TEST_CASE("tail calls take no stack, whoever they call") {
  Machine machine;
  const wasm::CanonType type = make_type(7, 2, 1);
  // countdown(n, sum): n == 0 ? sum : countdown(n - 1, sum + n). Header 2-4, arguments at 6.
  Code code(table());
  abi::FuncCode self{};
  abi::FuncObject object;
  const auto zero = code.handlers.compare_branch[lower::family_of(Op::I32Eq).index] + 25;
  const uint32_t test = code.emit(zero[at(From::Slot, From::Const)], SlotsBranch{0, 0, 0});
  code.word(uint64_t{0});
  code.constant(5, 1);
  code.binary(Op::I32Sub, 0, 5, 6);
  code.binary(Op::I32Add, 1, 0, 7);
  const Slots moves{6, 2, 2, 0};
  abi::TableObject entries{};
  abi::Ref entry = reinterpret_cast<abi::Ref>(&object);
  entries.entries = &entry;
  entries.size = 1;
  machine.instance.extra[0] = reinterpret_cast<uint64_t>(&object);
  machine.instance.extra[1] = reinterpret_cast<uint64_t>(&entries);
  const int kind = GENERATE(0, 1, 2, 3, 4);
  if (kind == 0) code.emit_word(table().return_call, reinterpret_cast<Cell>(&self));
  if (kind == 1) code.emit_word(table().return_call_import, Instance::extra_offset(0));
  if (kind == 2 || kind == 3) {
    code.constant(9, 0);
    code.emit_word(table().return_call_indirect[kind == 3], uint64_t{9} | uint64_t{8} << 32);
    code.word(Instance::extra_offset(1));
  }
  if (kind == 4) {
    code.constant(9, reinterpret_cast<uint64_t>(&object));
    code.emit(table().return_call_ref, Slots{9, 0, 0, 0});
  }
  code.word(moves);
  code.patch_branch(test, code.size());
  code.return_one(1, 2);
  Machine::set_code(&self, code, 2, 16);
  Machine::set_func(&object, &self, &machine.instance, &type);
  machine.stack()[0] = 10000;
  machine.stack()[1] = 0;
  CHECK(machine.enter(&object) == TrapCode::None);
  CHECK(machine.slot(0) == 50005000);
}

TEST_CASE("call_indirect finds every reason to refuse") {
  Machine machine;
  std::vector<wasm::CanonId> display = {wasm::CanonId(7), wasm::CanonId(9)};
  const wasm::CanonType wanted = make_type(7, 0, 1);
  wasm::CanonType below = make_type(9, 0, 1);
  below.display = display;
  wasm::CanonType other = make_type(10, 0, 1);
  Code callee_code(table());
  callee_code.constant(4, 17);
  callee_code.return_one(4, 0);
  abi::FuncCode callee{};
  static abi::FuncCode* callee_address;
  callee_address = &callee;
  Machine::set_code(&callee, callee_code, 0, 16);
  abi::FuncObject objects[4] = {};
  Machine::set_func(&objects[0], &callee, &machine.instance, &wanted);
  Machine::set_func(&objects[1], &callee, &machine.instance, &below);
  Machine::set_func(&objects[2], &callee, &machine.instance, &other);
  static Machine* self;
  static const wasm::CanonType* made_type;
  self = &machine;
  made_type = &wanted;
  machine.builtins.make_func = [](abi::StoreState*, abi::FuncObject* func) {
    Machine::set_func(func, callee_address, &self->instance, made_type);
  };
  abi::Ref entries[5] = {};
  for (int i = 0; i < 4; ++i) entries[i] = reinterpret_cast<abi::Ref>(&objects[i]);
  abi::TableObject object{entries, 5, false};
  machine.instance.extra[0] = reinterpret_cast<uint64_t>(&object);

  const auto call = [&](uint64_t index, bool subtypes, From a) {
    Code code(table());
    code.constant(4, index,
                  a == From::Acc    ? To::Acc
                  : a == From::Pin0 ? To::Pin0
                  : a == From::Pin1 ? To::Pin1
                                    : To::Slot);
    const uint32_t position =
        code.emit_word(table().call_indirect[subtypes][at(a)], uint64_t{4} | uint64_t{8} << 32);
    code.word(Instance::extra_offset(0));
    code.word(Slots{10, 4, 0, 0});
    code.return_none(0);
    machine.stack()[10] = 0;
    const TrapCode trap = machine.run(code);
    CHECK((trap == TrapCode::None ? machine.slot(10) == 17 : machine.trap_position(code) == position));
    return trap;
  };
  for (From a : {From::Slot, From::Acc, From::Pin0, From::Pin1}) {
    for (bool subtypes : {false, true}) {
      CHECK(call(0, subtypes, a) == TrapCode::None);
      CHECK(call(1, subtypes, a) == (subtypes ? TrapCode::None : TrapCode::IndirectCallTypeMismatch));
      CHECK(call(2, subtypes, a) == TrapCode::IndirectCallTypeMismatch);
      CHECK(call(4, subtypes, a) == TrapCode::UninitializedElement);
      CHECK(call(5, subtypes, a) == TrapCode::UndefinedElement);
      CHECK(call(uint64_t{1} << 32, subtypes, a) == TrapCode::UndefinedElement);
      objects[3] = {};
      CHECK(call(3, subtypes, a) == TrapCode::None);  // Made by the call.
    }
  }
}

TEST_CASE("call_ref of null, and of what is not made yet") {
  Machine machine;
  const wasm::CanonType type = make_type(7, 0, 1);
  Code callee_code(table());
  callee_code.constant(4, 17);
  callee_code.return_one(4, 0);
  abi::FuncCode callee{};
  static abi::FuncCode* callee_address;
  callee_address = &callee;
  Machine::set_code(&callee, callee_code, 0, 16);
  static Machine* self;
  static const wasm::CanonType* made_type;
  self = &machine;
  made_type = &type;
  machine.builtins.make_func = [](abi::StoreState*, abi::FuncObject* func) {
    Machine::set_func(func, callee_address, &self->instance, made_type);
  };
  abi::FuncObject func{};
  for (From a : {From::Slot, From::Acc, From::Pin0, From::Pin1}) {
    for (uint64_t ref : {uint64_t{0}, reinterpret_cast<uint64_t>(&func)}) {
      func = {};
      Code code(table());
      code.constant(4, ref,
                    a == From::Acc    ? To::Acc
                    : a == From::Pin0 ? To::Pin0
                    : a == From::Pin1 ? To::Pin1
                                      : To::Slot);
      code.emit(table().call_ref[at(a)], Slots{4, 0, 0, 0});
      code.word(Slots{10, 4, 0, 0});
      code.return_none(0);
      CHECK(machine.run(code) == (ref == 0 ? TrapCode::NullFunctionReference : TrapCode::None));
      if (ref != 0) CHECK(machine.slot(10) == 17);
    }
  }
}

}  // namespace wherry::interpret::testing
