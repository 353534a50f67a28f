// Calls between instances and with the host: contexts, memories, pinned locals and headers survive, whoever returns to
// whom, and traps say where. The instructions that the runtime carries out.
#include <catch2/catch.hpp>

#include "engine/interpret/frames.h"
#include "engine/interpret/test_machine.h"

namespace wherry::interpret::testing {
namespace {

const HandlerTable& table() { return handlers(MemoryMode::Checked); }

// Two instances, each with a memory whose first bytes tell it, and a function each.
struct World {
  Machine machine;
  Instance second;
  std::vector<uint8_t> bytes[2];
  abi::MemoryObject memories[2] = {};

  World() {
    machine.attach(&second);
    for (int i = 0; i < 2; ++i) {
      bytes[i].assign(64, static_cast<uint8_t>(0x10 * (i + 1)));
      memories[i].base = bytes[i].data();
      memories[i].size_bytes = 64;
      memories[i].page_size_log2 = 4;
      abi::Context& context = (i == 0 ? machine.instance : second).context;
      context.memory0 = &memories[i];
      context.memory0_base = memories[i].base;
    }
  }
};

constexpr uint64_t kMark[2] = {0x10, 0x20};

}  // namespace

TEST_CASE("a call to another instance switches context and memory, and returns") {
  World world;
  Machine& machine = world.machine;
  // Callee: (a, b) -> 1 result or more, in the second instance. Header 2-4. It reads its own memory.
  const uint32_t results = GENERATE(0u, 1u, 2u, 9u);
  Code callee_code(table());
  callee_code.constant(20, 0);
  callee_code.load(Op::I32Load8U, 20, 6);
  callee_code.binary(Op::I32Add, 6, 0, 6);
  callee_code.binary(Op::I32Add, 6, 1, 6);
  for (uint16_t i = 1; i < 9; ++i) callee_code.constant(static_cast<uint16_t>(6 + i), 600 + i);
  if (results == 0) callee_code.return_none(2);
  if (results == 1) callee_code.return_one(6, 2);
  if (results > 1) callee_code.emit(table().return_many, Slots{6, static_cast<uint16_t>(results), 0, 2});
  abi::FuncCode callee{};
  Machine::set_code(&callee, callee_code, 2, 32);
  const wasm::CanonType type = make_type(3, 2, results);
  abi::FuncObject object;
  Machine::set_func(&object, &callee, &world.second, &type);
  machine.instance.extra[0] = reinterpret_cast<uint64_t>(&object);

  Code code(table());
  code.constant(5, 1000, To::Pin0);
  code.constant(6, 2000, To::Pin1);
  code.constant(10, 3);
  code.constant(11, 4);
  code.emit_word(table().call_import, Instance::extra_offset(0));
  code.word(Slots{10, 5, 6, 2});
  code.emit(table().move[at(From::Acc, To::Slot)], Slots{0, 0, 9, 0});
  code.emit(table().move[at(From::Pin0, To::Slot)], Slots{0, 0, 7, 0});
  code.emit(table().move[at(From::Pin1, To::Slot)], Slots{0, 0, 8, 0});
  code.constant(30, 0);
  code.load(Op::I32Load8U, 30, 31);
  code.return_none(0);
  CHECK(machine.run(code) == TrapCode::None);
  CHECK(machine.slot(7) == 1000);
  CHECK(machine.slot(8) == 2000);
  CHECK(machine.slot(31) == kMark[0]);
  if (results != 0) CHECK(machine.slot(10) == kMark[1] + 7);
  if (results == 1) CHECK(machine.slot(9) == kMark[1] + 7);
  for (uint32_t i = 1; i < results; ++i) CHECK(machine.slot(10 + i) == 600 + i);
}

TEST_CASE("tail calls that cross instances come back to the right one") {
  World world;
  Machine& machine = world.machine;
  const wasm::CanonType type = make_type(3, 1, 1);
  // Each instance's function: n == 0 ? its memory's mark : tail call of the other's with n - 1. Header 1-3.
  Code codes[2] = {Code(table()), Code(table())};
  abi::FuncCode funcs[2] = {};
  abi::FuncObject objects[2];
  for (int i = 0; i < 2; ++i) {
    const auto zero = table().compare_branch[lower::family_of(Op::I32Eq).index] + 25;
    const uint32_t test = codes[i].emit(zero[at(From::Slot, From::Const)], SlotsBranch{0, 0, 0});
    codes[i].word(uint64_t{0});
    codes[i].constant(5, 1);
    codes[i].binary(Op::I32Sub, 0, 5, 6);
    codes[i].emit_word(table().return_call_import, Instance::extra_offset(0));
    codes[i].word(Slots{6, 1, 1, 0});
    codes[i].patch_branch(test, codes[i].size());
    codes[i].constant(8, 0);
    codes[i].load(Op::I32Load8U, 8, 9);
    codes[i].return_one(9, 1);
    Machine::set_code(&funcs[i], codes[i], 1, 16);
    Machine::set_func(&objects[i], &funcs[i], i == 0 ? &machine.instance : &world.second, &type);
  }
  machine.instance.extra[0] = reinterpret_cast<uint64_t>(&objects[1]);
  world.second.extra[0] = reinterpret_cast<uint64_t>(&objects[0]);
  for (uint64_t depth : {0, 1, 2, 3, 10001}) {
    // From the embedder.
    machine.stack()[0] = depth;
    CHECK(machine.enter(&objects[0]) == TrapCode::None);
    CHECK(machine.slot(0) == kMark[depth % 2]);
    // From a frame in the first instance, by a direct call.
    Code code(table());
    code.constant(4, 77, To::Pin0);
    code.constant(10, depth);
    code.emit_word(table().call, reinterpret_cast<Cell>(&funcs[0]));
    code.word(Slots{10, 4, 0, 1});
    code.emit(table().move[at(From::Pin0, To::Slot)], Slots{0, 0, 5, 0});
    code.constant(8, 0);
    code.load(Op::I32Load8U, 8, 9);
    code.return_none(0);
    CHECK(machine.run(code) == TrapCode::None);
    CHECK(machine.slot(10) == kMark[depth % 2]);
    CHECK(machine.slot(5) == 77);
    CHECK(machine.slot(9) == kMark[0]);
  }
}

namespace {

struct HostCall {
  Machine* machine = nullptr;
  abi::FuncObject* nested = nullptr;
  abi::HostStatus status = abi::HostStatus::Ok;
  uint32_t results = 0;
  abi::Context* caller = nullptr;
  abi::Crossing seen{};
  uint64_t* stack_top = nullptr;
  uint64_t* slots = nullptr;
};

abi::HostStatus host_entry(void* environment, abi::Context* caller, uint64_t* slots) {
  auto* self = static_cast<HostCall*>(environment);
  self->caller = caller;
  self->slots = slots;
  self->seen = *self->machine->activation.crossings;
  self->stack_top = self->machine->activation.stack_top;
  const uint64_t argument = slots[0];
  if (self->nested != nullptr) {
    uint64_t* base = self->machine->activation.stack_top;
    base[0] = argument;
    abi::Crossing crossing;
    if (tier().enter(self->nested, base, &crossing) != TrapCode::None) return abi::HostStatus::Trap;
    slots[0] = base[0] + 1;
    return abi::HostStatus::Ok;
  }
  for (uint32_t i = 0; i < self->results; ++i) slots[i] = argument + i;
  return self->status;
}

}  // namespace

TEST_CASE("host functions are called like others") {
  World world;
  Machine& machine = world.machine;
  HostCall call{.machine = &machine};
  call.results = GENERATE(0u, 1u, 7u);
  Instance host_instance;
  machine.attach(&host_instance);
  const wasm::CanonType type = make_type(5, 2, call.results);
  abi::HostFuncObject host;
  Machine::set_host(&host, host_entry, &call, &host_instance, &type);
  machine.instance.extra[0] = reinterpret_cast<uint64_t>(&host);
  const uint32_t header = std::max(2u, call.results);

  SECTION("by a call") {
    Code code(table());
    code.constant(5, 1000, To::Pin0);
    code.constant(20, 50);
    code.constant(21, 51);
    const uint32_t position = code.emit_word(table().call_import, Instance::extra_offset(0));
    code.word(Slots{20, 5, 5, 2});
    code.emit(table().move[at(From::Acc, To::Slot)], Slots{0, 0, 9, 0});
    code.emit(table().move[at(From::Pin1, To::Slot)], Slots{0, 0, 7, 0});
    code.constant(30, 0);
    code.load(Op::I32Load8U, 30, 31);
    code.return_none(0);
    CHECK(machine.run(code) == TrapCode::None);
    CHECK(call.caller == &machine.instance.context);
    CHECK(call.slots == machine.stack() + 20);
    CHECK(call.stack_top == machine.stack() + 20 + header + abi::kFrameHeaderSlots);
    CHECK(call.seen.cell == code.words.data() + position + 2);
    CHECK(call.seen.frame == machine.stack());
    CHECK(call.seen.context == &machine.instance.context);
    for (uint32_t i = 0; i < call.results; ++i) CHECK(machine.slot(20 + i) == 50 + i);
    if (call.results == 1) CHECK(machine.slot(9) == 50);
    CHECK(machine.slot(7) == 1000);
    CHECK(machine.slot(31) == kMark[0]);

    SECTION("that finds no room") {
      machine.set_stack_limit(machine.stack() + 20 + header + 2);
      abi::FuncCode func_code{};
      Machine::set_code(&func_code, code, 0, 22);
      const wasm::CanonType none = make_type(0, 0, 0);
      abi::FuncObject func;
      Machine::set_func(&func, &func_code, &machine.instance, &none);
      CHECK(machine.enter(&func) == TrapCode::CallStackExhausted);
      CHECK(machine.trap_position(code) == position);
    }
  }
  SECTION("by a tail call") {
    Code callee_code(table());
    callee_code.constant(6, 50);
    callee_code.constant(7, 51);
    callee_code.emit_word(table().return_call_import, Instance::extra_offset(0));
    callee_code.word(Slots{6, 2, 1, 0});
    abi::FuncCode callee{};
    Machine::set_code(&callee, callee_code, 1, 16);
    Code code(table());
    const uint32_t position = code.emit_word(table().call, reinterpret_cast<Cell>(&callee));
    code.word(Slots{20, 0, 0, 1});
    code.return_none(0);
    CHECK(machine.run(code) == TrapCode::None);
    CHECK(call.caller == &machine.instance.context);
    CHECK(call.seen.cell == code.words.data() + position + 2);
    CHECK(call.seen.frame == machine.stack());
    for (uint32_t i = 0; i < call.results; ++i) CHECK(machine.slot(20 + i) == 50 + i);
  }
  SECTION("by a tail call of the function that the embedder called") {
    Code code(table());
    code.constant(6, 50);
    code.emit_word(table().return_call_import, Instance::extra_offset(0));
    code.word(Slots{6, 2, 0, 0});
    CHECK(machine.run(code) == TrapCode::None);
    CHECK(call.caller == &machine.instance.context);
    CHECK(call.seen.cell == nullptr);
    for (uint32_t i = 0; i < call.results; ++i) CHECK(machine.slot(i) == 50 + i);
  }
  SECTION("by the embedder through the tier") {
    machine.stack()[0] = 50;
    CHECK(machine.enter(&host.base) == TrapCode::None);
    CHECK(call.caller == &host_instance.context);
    CHECK(call.seen.cell == nullptr);
    for (uint32_t i = 0; i < call.results; ++i) CHECK(machine.slot(i) == 50 + i);
  }
}

TEST_CASE("a host function calls back, and traps pass through it") {
  World world;
  Machine& machine = world.machine;
  Instance host_instance;
  machine.attach(&host_instance);
  // Inner, in the second instance: 100 / argument + its mark. Header 1-3.
  const wasm::CanonType type = make_type(3, 1, 1);
  Code inner_code(table());
  inner_code.constant(5, 100);
  const uint32_t divide = inner_code.size();
  inner_code.binary(Op::I32DivU, 5, 0, 6);
  inner_code.constant(7, 0);
  inner_code.load(Op::I32Load8U, 7, 8);
  inner_code.binary(Op::I32Add, 6, 8, 6);
  inner_code.return_one(6, 1);
  abi::FuncCode inner{};
  Machine::set_code(&inner, inner_code, 1, 16);
  abi::FuncObject inner_object;
  Machine::set_func(&inner_object, &inner, &world.second, &type);
  HostCall call{.machine = &machine, .nested = &inner_object};
  abi::HostFuncObject host;
  Machine::set_host(&host, host_entry, &call, &host_instance, &type);
  machine.instance.extra[0] = reinterpret_cast<uint64_t>(&host);

  Code code(table());
  code.move(0, 20);
  const uint32_t position = code.emit_word(table().call_import, Instance::extra_offset(0));
  code.word(Slots{20, 0, 0, 0});
  code.constant(30, 0);
  code.load(Op::I32Load8U, 30, 31);
  code.binary(Op::I32Add, 20, 31, 20);
  code.return_one(20, 1);
  abi::FuncCode outer{};
  Machine::set_code(&outer, code, 1, 40);
  abi::FuncObject outer_object;
  Machine::set_func(&outer_object, &outer, &machine.instance, &type);

  machine.stack()[0] = 5;
  CHECK(machine.enter(&outer_object) == TrapCode::None);
  CHECK(machine.slot(0) == 20 + kMark[1] + 1 + kMark[0]);
  CHECK(machine.activation.crossings == nullptr);
  CHECK(machine.activation.stack_top == machine.stack());

  machine.stack()[0] = 0;
  CHECK(machine.enter(&outer_object) == TrapCode::IntegerDivideByZero);
  CHECK(machine.crossing.cell == code.words.data() + position + 2);
  CHECK(machine.activation.crossings == nullptr);
  CHECK(divide == 3);

  call.nested = nullptr;
  call.status = abi::HostStatus::Trap;
  CHECK(machine.enter(&outer_object) == TrapCode::HostError);
  call.status = abi::HostStatus::Pending;
  CHECK(machine.enter(&outer_object) == TrapCode::HostError);
}

TEST_CASE("frames are walked across instances") {
  World world;
  Machine& machine = world.machine;
  const wasm::CanonType type = make_type(3, 0, 0);
  // inner (second instance) traps; middle (second) calls it; outer (first) calls middle.
  Code codes[3] = {Code(table()), Code(table()), Code(table())};
  abi::FuncCode funcs[3] = {};
  abi::FuncObject objects[3];
  codes[0].emit(table().unreachable, Slots{0, 0, 0, 0});
  codes[1].emit_word(table().call, reinterpret_cast<Cell>(&funcs[0]));
  codes[1].word(Slots{8, 0, 0, 0});
  codes[1].return_none(0);
  codes[2].constant(5, 1);
  codes[2].emit_word(table().call_import, Instance::extra_offset(0));
  codes[2].word(Slots{12, 0, 0, 0});
  codes[2].return_none(0);
  for (int i = 0; i < 3; ++i) {
    Machine::set_code(&funcs[i], codes[i], 0, 24);
    Machine::set_func(&objects[i], &funcs[i], i == 2 ? &machine.instance : &world.second, &type);
  }
  machine.instance.extra[0] = reinterpret_cast<uint64_t>(&objects[1]);
  CHECK(machine.enter(&objects[2]) == TrapCode::Unreachable);

  struct Walk {
    Code* codes;
    abi::FuncCode* funcs;
    std::vector<Frame> frames;
  } walk{codes, funcs, {}};
  const FindCode find = [](void* self, abi::Context*, const Cell* cell) -> const abi::FuncCode* {
    auto* state = static_cast<Walk*>(self);
    for (int i = 0; i < 3; ++i) {
      const std::vector<Cell>& words = state->codes[i].words;
      if (cell >= words.data() && cell < words.data() + words.size()) return &state->funcs[i];
    }
    return nullptr;
  };
  walk_frames(machine.crossing, &walk, find, [](void* self, const Frame& frame) {
    static_cast<Walk*>(self)->frames.push_back(frame);
    return true;
  });
  REQUIRE(walk.frames.size() == 3);
  const uint32_t positions[] = {0, 2, 5};
  const uint32_t bases[] = {20, 12, 0};
  for (int i = 0; i < 3; ++i) {
    CHECK(walk.frames[i].code == &funcs[i]);
    CHECK(walk.frames[i].cell == codes[i].words.data() + positions[i]);
    CHECK(walk.frames[i].base == machine.stack() + bases[i]);
    CHECK(walk.frames[i].context == &(i == 2 ? machine.instance : world.second).context);
  }
}

TEST_CASE("references, tables and memories in slots") {
  World world;
  Machine& machine = world.machine;
  abi::Ref entries[2] = {0, 16};
  abi::TableObject table_object{entries, 2, false};
  abi::MemoryObject wide = {};
  wide.page_size_log2 = 16;
  wide.size_bytes = 3 << 16;
  wide.is_64 = true;
  abi::FuncObject defined[3] = {};
  machine.instance.context.funcs = defined;
  machine.instance.extra[0] = reinterpret_cast<uint64_t>(&table_object);
  machine.instance.extra[1] = reinterpret_cast<uint64_t>(&wide);
  machine.instance.extra[2] = reinterpret_cast<uint64_t>(&world.memories[0]);
  machine.instance.extra[3] = reinterpret_cast<uint64_t>(&defined[0]);
  machine.builtins.make_func = [](abi::StoreState*, abi::FuncObject* func) { func->type_id = 5; };
  machine.builtins.memory_grow = [](abi::Context*, uint32_t, uint64_t, TrapCode* trap) {
    *trap = TrapCode::None;
    return ~uint64_t{0};
  };
  machine.builtins.table_grow = [](abi::Context*, uint32_t index, uint64_t delta, abi::Ref init, TrapCode*) {
    return index == 4 && delta == 9 && init == 32 ? uint64_t{2} : ~uint64_t{0};
  };
  machine.builtins.memory_copy = [](abi::Context* context, uint32_t to, uint32_t from, uint64_t a, uint64_t b,
                                    uint64_t c) {
    CHECK(context->store->activation->stack_top == context->store->stack_limit);
    return to == 1 && from == 2 && a == 3 && b == 4 && c == 5 ? TrapCode::None : TrapCode::MemoryOutOfBounds;
  };
  const uint32_t table_at = Instance::extra_offset(0), wide_at = Instance::extra_offset(1);
  const auto run = [&](Op op, std::vector<uint64_t> operands, uint32_t index = 0, uint32_t second = 0) {
    Code code(table());
    for (uint16_t i = 0; i < operands.size(); ++i) code.constant(static_cast<uint16_t>(5 + i), operands[i]);
    code.other(op, 5, index, second);
    code.return_none(0);
    return machine.run(code);
  };
  CHECK(run(Op::TableGet, {1}, 0, table_at) == TrapCode::None);
  CHECK(machine.slot(5) == 16);
  CHECK(run(Op::TableGet, {2}, 0, table_at) == TrapCode::TableOutOfBounds);
  CHECK(run(Op::TableSet, {0, 48}, 0, table_at) == TrapCode::None);
  CHECK(entries[0] == 48);
  CHECK(run(Op::TableSet, {~uint64_t{0}, 48}, 0, table_at) == TrapCode::TableOutOfBounds);
  CHECK(run(Op::TableSize, {0}, 0, table_at) == TrapCode::None);
  CHECK(machine.slot(5) == 2);
  CHECK(run(Op::TableGrow, {32, 9}, 4, table_at) == TrapCode::None);
  CHECK(machine.slot(5) == 2);
  CHECK(run(Op::TableGrow, {32, 8}, 4, table_at) == TrapCode::None);
  CHECK(machine.slot(5) == 0xffffffff);
  CHECK(run(Op::MemorySize, {0}, 0, wide_at) == TrapCode::None);
  CHECK(machine.slot(5) == 3);
  CHECK(run(Op::MemoryGrow, {1}, 0, wide_at) == TrapCode::None);
  CHECK(machine.slot(5) == ~uint64_t{0});
  CHECK(run(Op::MemoryGrow, {1}, 0, Instance::extra_offset(2)) == TrapCode::None);
  CHECK(machine.slot(5) == 0xffffffff);
  CHECK(run(Op::MemoryCopy, {3, 4, 5}, 1, 2) == TrapCode::None);
  CHECK(run(Op::MemoryCopy, {3, 4, 6}, 1, 2) == TrapCode::MemoryOutOfBounds);
  CHECK(run(Op::RefFunc, {0}, 2, 0) == TrapCode::None);
  CHECK(machine.slot(5) == reinterpret_cast<uint64_t>(&defined[2]));
  CHECK(defined[2].type_id == 5);
  CHECK(run(Op::RefFunc, {0}, 0, Instance::extra_offset(3)) == TrapCode::None);
  CHECK(machine.slot(5) == reinterpret_cast<uint64_t>(&defined[0]));
  CHECK(run(Op::RefIsNull, {0}) == TrapCode::None);
  CHECK(machine.slot(5) == 1);
  CHECK(run(Op::RefIsNull, {uint64_t{1} << 40}) == TrapCode::None);
  CHECK(machine.slot(5) == 0);
  CHECK(run(Op::RefEq, {8, 8}) == TrapCode::None);
  CHECK(machine.slot(5) == 1);
  CHECK(run(Op::RefAsNonNull, {8}) == TrapCode::None);
  CHECK(run(Op::RefAsNonNull, {0}) == TrapCode::NullReference);
  CHECK(run(Op::RefNull, {8}) == TrapCode::None);
  CHECK(machine.slot(5) == 0);
}

TEST_CASE("wide arithmetic") {
  Machine machine;
  const auto run = [&](Op op, std::vector<uint64_t> operands) {
    Code code(table());
    for (uint16_t i = 0; i < operands.size(); ++i) code.constant(static_cast<uint16_t>(5 + i), operands[i]);
    code.other(op, 5);
    code.return_none(0);
    CHECK(machine.run(code) == TrapCode::None);
    return std::pair(machine.slot(5), machine.slot(6));
  };
  constexpr uint64_t kMax = ~uint64_t{0};
  CHECK(run(Op::I64Add128, {kMax, 1, 1, 2}) == std::pair<uint64_t, uint64_t>(0, 4));
  CHECK(run(Op::I64Sub128, {0, 1, 1, 0}) == std::pair<uint64_t, uint64_t>(kMax, 0));
  CHECK(run(Op::I64MulWideS, {kMax, kMax}) == std::pair<uint64_t, uint64_t>(1, 0));
  CHECK(run(Op::I64MulWideS, {kMax, 2}) == std::pair<uint64_t, uint64_t>(kMax - 1, kMax));
  CHECK(run(Op::I64MulWideU, {kMax, kMax}) == std::pair<uint64_t, uint64_t>(1, kMax - 1));
}

}  // namespace wherry::interpret::testing
