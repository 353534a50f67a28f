#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "engine/abi/activation.h"
#include "engine/abi/tier.h"
#include "engine/interpret/interpreter.h"
#include "engine/interpret/operations.h"
#include "engine/lower/slot_code.h"
#include "engine/wasm/type_registry.h"

// For the tests of the interpreter: slot code written by hand, and a store of instances without a runtime.
namespace wherry::interpret::testing {

using abi::Cell;
using lower::From;
using lower::HandlerTable;
using lower::Slots;
using lower::SlotsBranch;
using lower::SlotsOffset;
using lower::To;
using wasm::Op;
using wasm::TrapCode;

inline constexpr From kAllFrom[] = {From::Slot, From::Const, From::Acc, From::Pin0, From::Pin1};
inline constexpr To kAllTo[] = {To::Slot, To::Acc, To::Pin0, To::Pin1};

template <class T>
constexpr uint32_t at(T value) {
  return static_cast<uint32_t>(value);
}
constexpr uint32_t at(From a, From b) { return at(a) * lower::kFromCount + at(b); }
constexpr uint32_t at(From a, To to) { return at(a) * lower::kToCount + at(to); }
constexpr uint32_t at(From a, From b, To to) { return at(a, b) * lower::kToCount + at(to); }
constexpr uint32_t at(From a, From b, From c) { return at(a, b) * lower::kFromCount + at(c); }

// A value as its slot holds it.
template <class T>
uint64_t bits_of(T value) {
  if constexpr (sizeof(T) == 4)
    return std::bit_cast<uint32_t>(value);
  else
    return std::bit_cast<uint64_t>(value);
}

// Equal bits, or two quiet NaNs (which of two NaN operands is passed on is not specified).
template <class T>
bool is_same(uint64_t found, T expected) {
  if (found == bits_of(expected)) return true;
  if constexpr (std::is_floating_point_v<T>) {
    constexpr uint64_t kQuiet = sizeof(T) == 4 ? uint64_t{0x7fc00000} : uint64_t{0x7ff8} << 48;
    if (expected != expected) return (found & kQuiet) == kQuiet;
  }
  return false;
}

class Code {
 public:
  explicit Code(const HandlerTable& handlers) : handlers(handlers) {}

  const HandlerTable& handlers;
  std::vector<Cell> words;

  uint32_t size() const { return static_cast<uint32_t>(words.size()); }
  uint32_t emit(Cell handler, Slots slots) { return emit_word(handler, std::bit_cast<Cell>(slots)); }
  uint32_t emit(Cell handler, SlotsOffset slots) { return emit_word(handler, std::bit_cast<Cell>(slots)); }
  uint32_t emit(Cell handler, SlotsBranch slots) { return emit_word(handler, std::bit_cast<Cell>(slots)); }
  uint32_t emit_word(Cell handler, Cell word) {
    words.push_back(lower::address_in(handler));
    words.push_back(word);
    return size() - 2;
  }
  void word(Cell value) { words.push_back(value); }
  void word(Slots slots) { words.push_back(std::bit_cast<Cell>(slots)); }

  void constant(uint16_t slot, uint64_t value, To to = To::Slot) {
    emit(handlers.move_const[at(to)], Slots{0, 0, slot, 0});
    word(value);
  }
  void move(uint16_t from, uint16_t to) {
    emit(handlers.move[at(From::Slot, To::Slot)], Slots{from, 0, to, 0});
  }
  void binary(Op op, uint16_t a, uint16_t b, uint16_t to) {
    emit(handlers.binary[lower::family_of(op).index][at(From::Slot, From::Slot, To::Slot)],
         Slots{a, b, to, 0});
  }
  uint32_t load(Op op, uint16_t address, uint16_t to, uint32_t offset = 0) {
    return emit(handlers.load[lower::family_of(op).index][at(From::Slot, To::Slot)],
                SlotsOffset{address, to, offset});
  }
  void other(Op op, uint16_t first, uint32_t index = 0, uint32_t second = 0) {
    emit(handlers.other[at(op)], Slots{first, 0, 0, 0});
    word(index | uint64_t{second} << 32);
  }
  void return_none(uint16_t header) { emit(handlers.return_none[form(header)], Slots{0, 0, 0, header}); }
  void return_one(uint16_t slot, uint16_t header) {
    emit(handlers.return_one[form(header)][at(From::Slot)], Slots{slot, 0, 0, header});
  }
  static uint32_t form(uint32_t header) {
    return header < lower::kNearHeaders ? header : lower::kNearHeaders;
  }
  // A branch's distance, once its target is known.
  void patch_branch(uint32_t position, uint32_t target) {
    auto slots = std::bit_cast<SlotsBranch>(words[position + 1]);
    slots.distance = static_cast<int32_t>(target) - static_cast<int32_t>(position);
    words[position + 1] = std::bit_cast<Cell>(slots);
  }
};

// An f64 local that a register mirrors.
inline void place_float_pin(Code* code, To pin, uint16_t slot, double value) {
  code->emit(code->handlers.pin_f64[at(From::Const)][pin == To::Pin1], Slots{0, 0, slot, 0});
  code->word(bits_of(value));
}

// Copies the registers of T's domain that mirror locals.
template <class T>
void observe_pins(Code* code, uint16_t to0, uint16_t to1) {
  for (From pin : {From::Pin0, From::Pin1}) {
    const uint16_t to = pin == From::Pin0 ? to0 : to1;
    if constexpr (std::is_same_v<T, double>) {  // Nothing but arithmetic reads the register itself.
      const lower::Handler* multiply = code->handlers.binary[lower::family_of(Op::F64Mul).index];
      code->emit(multiply[at(pin, From::Const, To::Slot)], Slots{0, 0, to, 0});
      code->word(bits_of(1.0));
    } else {
      code->emit(code->handlers.move[at(pin, To::Slot)], Slots{0, 0, to, 0});
    }
  }
}

// One instance: a Context with room for whatever a test puts behind it.
struct alignas(64) Instance {
  abi::Context context{};
  uint64_t extra[64] = {};

  static constexpr uint32_t extra_offset(uint32_t index) {
    return static_cast<uint32_t>(sizeof(abi::Context)) + index * 8;
  }
};

inline wasm::CanonType make_type(uint32_t id, uint32_t param_slots, uint32_t result_slots) {
  wasm::CanonType type;
  type.id = wasm::CanonId(id);
  type.param_slots = param_slots;
  type.result_slots = result_slots;
  return type;
}

// A store with one activation.
class Machine {
 public:
  static constexpr uint32_t kStackSlots = 4096;

  Machine() {
    stack_.resize(kStackSlots + 64);
    activation.stack_base = stack();
    activation.stack_end = stack() + kStackSlots;
    activation.stack_top = stack();
    set_stack_limit(activation.stack_end);
    store.activation = &activation;
    builtins.prepare_code = [](abi::Context*, abi::FuncCode*) { return false; };
    attach(&instance);
  }
  Machine(const Machine&) = delete;

  void attach(Instance* other) {
    other->context.store = &store;
    other->context.builtins = &builtins;
    other->context.interrupt = &epoch;
  }

  uint64_t* stack() { return stack_.data(); }
  void set_stack_limit(uint64_t* limit) {
    store.stack_limit = limit;
    store.call_limit = reinterpret_cast<uintptr_t>(limit);
  }

  static void set_code(abi::FuncCode* code, const Code& words, uint16_t param_slots,
                       uint32_t frame_slots = 64) {
    code->param_slots = param_slots;
    abi::publish_code(code, words.words.data(), frame_slots);
  }

  static void set_func(abi::FuncObject* func, abi::FuncCode* code, Instance* owner,
                       const wasm::CanonType* type) {
    *func = {.type_id = abi::type_id_of(type->id),
             .func_index = 0,
             .code = code,
             .context = &owner->context,
             .type = type};
  }

  static void set_host(abi::HostFuncObject* func, abi::HostEntry entry, void* environment, Instance* owner,
                       const wasm::CanonType* type) {
    func->base = {.type_id = abi::type_id_of(type->id),
                  .func_index = abi::FuncObject::kHostFunction,
                  .code = tier().host_code,
                  .context = &owner->context,
                  .type = type};
    func->entry = entry;
    func->environment = environment;
  }

  TrapCode enter(abi::FuncObject* func) { return tier().enter(func, stack(), &crossing); }

  // Runs `words` as a function without parameters: header in slots 0 to 2, anything from 3 on.
  TrapCode run(const Code& words) {
    abi::FuncCode code{};
    set_code(&code, words, 0);
    const wasm::CanonType type = make_type(0, 0, 0);
    abi::FuncObject func;
    set_func(&func, &code, &instance, &type);
    return enter(&func);
  }
  uint64_t slot(uint32_t index) { return stack()[index]; }
  // Where the last trap was, in words from the beginning of `words`.
  int64_t trap_position(const Code& words) const { return crossing.cell - words.words.data(); }

  Instance instance;
  abi::StoreState store;
  abi::Activation activation;
  abi::Builtins builtins{};
  std::atomic<uint64_t> epoch{0};
  abi::Crossing crossing{};

 private:
  std::vector<uint64_t> stack_;
};

}  // namespace wherry::interpret::testing
