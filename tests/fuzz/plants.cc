// Faults on purpose: handler tables with one wrong entry, to see how long the differential fuzzer takes to notice.
//
// Linked into a program of its own (fuzz_planted) in front of the interpreter: the linker sends calls of interpret::handlers
// here (--wrap), so that no line of the engine knows about it. WHERRY_PLANT=N chooses; tests/fuzz/planted.py runs all.
// Each plant is a mistake that a handler could really have, in one operand class only, so that most programs never meet it.
// With WHERRY_PLANT=N,trap the entry traps instead: how soon that is noticed says whether programs get there at all, or get
// there and hide what went wrong.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "engine/interpret/interpreter.h"

// The names that --wrap makes of the mangled one; a reference is passed as a pointer is.
extern "C" const void* __real__ZN6wherry9interpret8handlersENS0_10MemoryModeE(
    wherry::interpret::MemoryMode mode);
extern "C" const void* __wrap__ZN6wherry9interpret8handlersENS0_10MemoryModeE(
    wherry::interpret::MemoryMode mode);

namespace wherry::fuzz {

namespace {

using interpret::MemoryMode;
using lower::family_of;
using lower::From;
using lower::Handler;
using lower::HandlerTable;
using lower::kFromCount;
using lower::kToCount;
using lower::To;
using wasm::Op;

constexpr uint32_t at(From a) { return static_cast<uint32_t>(a); }
constexpr uint32_t at(To to) { return static_cast<uint32_t>(to); }
constexpr uint32_t at(From a, From b, To to) { return (at(a) * kFromCount + at(b)) * kToCount + at(to); }

// What is planted: the wrong handler, or one that traps.
bool traps() {
  const char* wish = std::getenv("WHERRY_PLANT");
  return wish != nullptr && std::strstr(wish, ",trap") != nullptr;
}
Handler planted_as(const HandlerTable& table, Handler wrong) { return traps() ? table.unreachable : wrong; }

// A copy of a row that may be written to. It lives as long as the process.
Handler* writable(const Handler** row, size_t count) {
  auto copy = std::make_unique<Handler[]>(count);
  for (size_t i = 0; i < count; ++i) copy[i] = (*row)[i];
  *row = copy.get();
  return copy.release();
}

// One class of an instruction with two operands does what another instruction does.
void binary(HandlerTable* table, Op op, Op other, From a, From b, To to) {
  const Handler* from = table->binary[family_of(other).index];
  const Handler** row = &table->binary[family_of(op).index];
  writable(row, size_t{kFromCount} * kFromCount * kToCount)[at(a, b, to)] =
      planted_as(*table, from[at(a, b, to)]);
}

void unary(HandlerTable* table, Op op, Op other, From a, To to) {
  const Handler* from = table->unary[family_of(other).index];
  const Handler** row = &table->unary[family_of(op).index];
  writable(row, size_t{kFromCount} * kToCount)[at(a) * kToCount + at(to)] =
      planted_as(*table, from[at(a) * kToCount + at(to)]);
}

void compare_branch(HandlerTable* table, Op op, Op other, uint32_t sense, From a, From b) {
  const uint32_t index = (sense * kFromCount + at(a)) * kFromCount + at(b);
  const Handler* from = table->compare_branch[family_of(other).index];
  const Handler** row = &table->compare_branch[family_of(op).index];
  writable(row, size_t{2} * kFromCount * kFromCount)[index] = planted_as(*table, from[index]);
}

void load(HandlerTable* table, Op op, Op other, From a, To to) {
  const Handler* from = table->load[family_of(other).index];
  const Handler** row = &table->load[family_of(op).index];
  writable(row, size_t{kFromCount} * kToCount)[at(a) * kToCount + at(to)] =
      planted_as(*table, from[at(a) * kToCount + at(to)]);
}

void load_indexed(HandlerTable* table, Op op, Op other, From a, From b, To to) {
  const Handler* from = table->load_indexed[family_of(other).index];
  const Handler** row = &table->load_indexed[family_of(op).index];
  writable(row, size_t{kFromCount} * kFromCount * kToCount)[at(a, b, to)] =
      planted_as(*table, from[at(a, b, to)]);
}

void store(HandlerTable* table, Op op, Op other, From a, From value) {
  const uint32_t index = at(a) * kFromCount + at(value);
  const Handler* from = table->store[family_of(other).index];
  const Handler** row = &table->store[family_of(op).index];
  writable(row, size_t{kFromCount} * kFromCount)[index] = planted_as(*table, from[index]);
}

struct Plant {
  const char* what;
  void (*apply)(HandlerTable* table, MemoryMode mode);
};

constexpr Plant kPlants[] = {
    {"i32.add acc, constant -> slot subtracts",
     [](HandlerTable* t, MemoryMode) {
       binary(t, Op::I32Add, Op::I32Sub, From::Acc, From::Const, To::Slot);
     }},
    {"i64.shr_u slot, acc -> slot is signed",
     [](HandlerTable* t, MemoryMode) {
       binary(t, Op::I64ShrU, Op::I64ShrS, From::Slot, From::Acc, To::Slot);
     }},
    {"i32.rotl slot, slot -> acc rotates right",
     [](HandlerTable* t, MemoryMode) {
       binary(t, Op::I32Rotl, Op::I32Rotr, From::Slot, From::Slot, To::Acc);
     }},
    {"f64.min slot, acc -> acc is f64.max",
     [](HandlerTable* t, MemoryMode) { binary(t, Op::F64Min, Op::F64Max, From::Slot, From::Acc, To::Acc); }},
    {"f32.floor acc -> acc is f32.trunc",
     [](HandlerTable* t, MemoryMode) { unary(t, Op::F32Floor, Op::F32Trunc, From::Acc, To::Acc); }},
    {"i64.extend_i32_s pin0 -> acc is unsigned",
     [](HandlerTable* t, MemoryMode) {
       unary(t, Op::I64ExtendI32S, Op::I64ExtendI32U, From::Pin0, To::Acc);
     }},
    {"branch on i32.lt_s acc, slot takes equal, too",
     [](HandlerTable* t, MemoryMode) {
       compare_branch(t, Op::I32LtS, Op::I32LeS, 1, From::Acc, From::Slot);
     }},
    {"branch unless i64.ge_u slot, constant is signed",
     [](HandlerTable* t, MemoryMode) {
       compare_branch(t, Op::I64GeU, Op::I64GeS, 0, From::Slot, From::Const);
     }},
    {"i32.load8_s acc -> acc is unsigned where there are guard pages",
     [](HandlerTable* t, MemoryMode mode) {
       if (mode == MemoryMode::Guarded) load(t, Op::I32Load8S, Op::I32Load8U, From::Acc, To::Acc);
     }},
    {"i64.load16_u of slot + constant -> acc is signed where there are checks",
     [](HandlerTable* t, MemoryMode mode) {
       if (mode == MemoryMode::Checked) {
         load_indexed(t, Op::I64Load16U, Op::I64Load16S, From::Slot, From::Const, To::Acc);
       }
     }},
    {"i64.store32 slot, acc stores 64 bits",
     [](HandlerTable* t, MemoryMode) { store(t, Op::I64Store32, Op::I64Store, From::Slot, From::Acc); }},
    {"br_table takes its index from pin0 when it is in pin1",
     [](HandlerTable* t, MemoryMode) {
       t->br_table[at(From::Pin1)] = planted_as(*t, t->br_table[at(From::Pin0)]);
     }},
    {"global.set of acc sets what pin0 holds",
     [](HandlerTable* t, MemoryMode) {
       t->global_set[0][at(From::Acc)] = planted_as(*t, t->global_set[0][at(From::Pin0)]);
     }},
    {"i32.store16 in another memory stores 8 bits",
     [](HandlerTable* t, MemoryMode) {
       t->store_any[family_of(Op::I32Store16).index][0] =
           planted_as(*t, t->store_any[family_of(Op::I32Store8).index][0]);
     }},
    {"i64.sub128 adds",
     [](HandlerTable* t, MemoryMode) {
       t->other[static_cast<uint32_t>(Op::I64Sub128)] =
           planted_as(*t, t->other[static_cast<uint32_t>(Op::I64Add128)]);
     }},
};

HandlerTable planted(MemoryMode mode) {
  HandlerTable table =
      *static_cast<const HandlerTable*>(__real__ZN6wherry9interpret8handlersENS0_10MemoryModeE(mode));
  const char* wish = std::getenv("WHERRY_PLANT");
  const size_t number = wish == nullptr ? std::size(kPlants) : std::strtoul(wish, nullptr, 10);
  if (number < std::size(kPlants)) {
    kPlants[number].apply(&table, mode);
    if (mode == MemoryMode::Guarded) std::fprintf(stderr, "planted: %s\n", kPlants[number].what);
  }
  return table;
}

}  // namespace

}  // namespace wherry::fuzz

const void* __wrap__ZN6wherry9interpret8handlersENS0_10MemoryModeE(wherry::interpret::MemoryMode mode) {
  using namespace wherry;
  static const lower::HandlerTable kGuarded = fuzz::planted(interpret::MemoryMode::Guarded);
  static const lower::HandlerTable kChecked = fuzz::planted(interpret::MemoryMode::Checked);
  return mode == interpret::MemoryMode::Guarded ? &kGuarded : &kChecked;
}
