// What running code calls for bulk work and for what is rare (core spec 4.6: memory.*, table.*, data.drop, elem.drop).
//
// Bounds come first and count for the whole operation, so that a trap has written nothing; then fuel; then the work, in
// pieces of 16 MiB between which the deadline is looked at. An operation that is interrupted has done part of its work: the
// guest that could see that never runs on unprepared, since interruption ends its call.
//
// Bytes of shared memories move by relaxed atomic accesses (shared_bytes.h), since other threads may access them.
// Rejected: looking at the deadline only before the work (a copy of 4 GiB overruns it by a second), and undoing.
#include "engine/runtime/builtins.h"

#include <algorithm>
#include <cstring>

#include "engine/base/os/clock.h"
#include "engine/runtime/gc_builtins.h"
#include "engine/runtime/metering.h"
#include "engine/runtime/shared_bytes.h"
#include "engine/runtime/store.h"

namespace wherry::runtime {
namespace {

using wasm::TrapCode;

LinearMemory& memory_at(abi::Context* context, uint32_t index) {
  return *Instance::of(context)->memory(index);
}
Table& table_at(abi::Context* context, uint32_t index) { return *Instance::of(context)->table(index); }

// The same, where either side is in a shared memory.
TrapCode move_shared_bytes(abi::Context* context, uint8_t* to, const uint8_t* from, uint64_t size_bytes) {
  if (size_bytes == 0) return TrapCode::None;
  const bool backwards = reinterpret_cast<uintptr_t>(to) > reinterpret_cast<uintptr_t>(from);
  return in_pieces(context, size_bytes, backwards,
                   [=](uint64_t offset, uint64_t piece) { move_shared(to + offset, from + offset, piece); });
}

// ---- calls and interruption

void make_func(abi::StoreState* state, abi::FuncObject* func) { Store::of(state).make_func(func); }

bool prepare_code(abi::Context* context, abi::FuncCode* code) {
  abi::CodeProvider* const provider = Instance::of(context)->shape().code;
  base::Error error{};
  if (provider->prepare(provider, code, &error)) return true;
  Store::of(context).set_pending_error(std::move(error));
  return false;
}

TrapCode interrupted(abi::Context* context) { return Store::of(context).look_at_interrupts(); }

TrapCode out_of_fuel(abi::Context*) { return TrapCode::OutOfFuel; }

// ---- memories

// What growing answers that was refused, or the trap.
uint64_t refused(abi::Context* context, TrapCode* trap) {
  if (Store::of(context).budget().limits().trap_on_grow_failure) *trap = TrapCode::GrowthRefused;
  return ~uint64_t{0};
}

uint64_t memory_grow(abi::Context* context, uint32_t memory, uint64_t delta_pages, TrapCode* trap) {
  *trap = TrapCode::None;
  uint64_t previous = 0;
  LinearMemory& target = memory_at(context, memory);
  if (target.grow(delta_pages, &previous) != LinearMemory::Growth::Done) return refused(context, trap);
  // The system clears what is new. What it cost is noticed by the next look at the fuel.
  (void)charge(context, ceil_divide(delta_pages << target.type().page_size_log2, kBytesPerFuel));
  return previous;
}

TrapCode memory_init(abi::Context* context, uint32_t memory, uint32_t data, uint64_t to, uint32_t from,
                     uint32_t size) {
  const LinearMemory& target = memory_at(context, memory);
  const base::ByteSpan source = Instance::of(context)->data(data);
  if (!is_within(from, size, source.size()) || !is_within(to, size, target.size_bytes())) {
    return TrapCode::MemoryOutOfBounds;
  }
  if (const TrapCode trap = charge(context, ceil_divide(size, kBytesPerFuel)); trap != TrapCode::None)
    return trap;
  if (target.is_shared()) return move_shared_bytes(context, target.base() + to, source.data() + from, size);
  return move_bytes(context, target.base() + to, source.data() + from, size);
}

TrapCode memory_copy(abi::Context* context, uint32_t to_memory, uint32_t from_memory, uint64_t to,
                     uint64_t from, uint64_t size) {
  const LinearMemory& target = memory_at(context, to_memory);
  const LinearMemory& source = memory_at(context, from_memory);
  if (!is_within(from, size, source.size_bytes()) || !is_within(to, size, target.size_bytes())) {
    return TrapCode::MemoryOutOfBounds;
  }
  if (const TrapCode trap = charge(context, ceil_divide(size, kBytesPerFuel)); trap != TrapCode::None)
    return trap;
  if (target.is_shared() || source.is_shared()) {
    return move_shared_bytes(context, target.base() + to, source.base() + from, size);
  }
  return move_bytes(context, target.base() + to, source.base() + from, size);
}

TrapCode memory_fill(abi::Context* context, uint32_t memory, uint64_t to, uint8_t value, uint64_t size) {
  const LinearMemory& target = memory_at(context, memory);
  if (!is_within(to, size, target.size_bytes())) return TrapCode::MemoryOutOfBounds;
  if (const TrapCode trap = charge(context, ceil_divide(size, kBytesPerFuel)); trap != TrapCode::None)
    return trap;
  if (size == 0) return TrapCode::None;
  uint8_t* const at = target.base() + to;
  if (target.is_shared()) {
    return in_pieces(context, size, false,
                     [=](uint64_t offset, uint64_t piece) { fill_shared(at + offset, value, piece); });
  }
  return in_pieces(context, size, false,
                   [=](uint64_t offset, uint64_t piece) { std::memset(at + offset, value, piece); });
}

// ---- waiting

// Whether a waiting guest has to stop: then `*object`, a Waiting, says why.
struct Waiting {
  Store& store;
  TrapCode trap = TrapCode::None;

  static bool is_interrupted(void* object) {
    auto* const waiting = static_cast<Waiting*>(object);
    waiting->trap = waiting->store.look_at_interrupts();
    return waiting->trap != TrapCode::None;
  }
};

TrapCode memory_wait(abi::Context* context, uint32_t memory, uint64_t address, uint32_t size,
                     uint64_t expected, int64_t timeout_ns, uint32_t* result) {
  LinearMemory& target = memory_at(context, memory);
  if (!target.is_shared()) return TrapCode::ExpectedSharedMemory;
  uint64_t until_ns = base::kNoTimeLimit;
  if (timeout_ns >= 0) until_ns = base::monotonic_ns() + static_cast<uint64_t>(timeout_ns);  // Below 2^64.
  Waiting waiting{Store::of(context)};
  // Sleeping does not go past the deadline; waking up then, it is found to have passed.
  const uint64_t deadline_ns = waiting.store.deadline_ns();
  const bool is_deadline_first = deadline_ns < until_ns;
  const ParkingLot::Place place{address, target.base() + address, size, expected};
  const ParkingLot::Outcome outcome =
      target.parking_lot().wait(place, is_deadline_first ? deadline_ns : until_ns,
                                waiting.store.interrupts()->sleeper, {Waiting::is_interrupted, &waiting});
  if (outcome == ParkingLot::Outcome::Stopped) return waiting.trap;
  if (outcome == ParkingLot::Outcome::TimedOut && is_deadline_first) {
    return context->builtins->interrupted(context);
  }
  *result = static_cast<uint32_t>(outcome);
  return TrapCode::None;
}

uint32_t memory_notify(abi::Context* context, uint32_t memory, uint64_t address, uint32_t count) {
  LinearMemory& target = memory_at(context, memory);
  return target.is_shared() ? target.parking_lot().notify(address, count) : 0;
}

void data_drop(abi::Context* context, uint32_t data) { Instance::of(context)->drop_data(data); }

// ---- tables

uint64_t table_grow(abi::Context* context, uint32_t table, uint64_t delta, abi::Ref init, TrapCode* trap) {
  *trap = TrapCode::None;
  uint64_t previous = 0;
  if (table_at(context, table).grow(delta, init, &previous) != Table::Growth::Done) {
    return refused(context, trap);
  }
  // What it cost is noticed by the next look at the fuel.
  (void)charge(context, ceil_divide(delta, kElementsPerFuel));
  return previous;
}

TrapCode table_init(abi::Context* context, uint32_t table, uint32_t element, uint64_t to, uint32_t from,
                    uint32_t size) {
  Instance& instance = *Instance::of(context);
  abi::Ref* const target = table_at(context, table).range(to, size);
  if (!is_within(from, size, instance.element_count(element)) || target == nullptr)
    return TrapCode::TableOutOfBounds;
  if (size == 0) return TrapCode::None;
  if (const TrapCode trap = charge(context, ceil_divide(size, kElementsPerFuel)); trap != TrapCode::None)
    return trap;
  base::Result<std::span<const abi::Ref>> refs = instance.element(element);
  if (!refs) {
    Store::of(context).set_pending_error(std::move(refs).error());
    return TrapCode::HostError;
  }
  return move_bytes(context, target, refs->data() + from, size * sizeof(abi::Ref));
}

TrapCode table_copy(abi::Context* context, uint32_t to_table, uint32_t from_table, uint64_t to, uint64_t from,
                    uint64_t size) {
  abi::Ref* const target = table_at(context, to_table).range(to, size);
  const abi::Ref* const source = table_at(context, from_table).range(from, size);
  if (target == nullptr || source == nullptr) return TrapCode::TableOutOfBounds;
  if (const TrapCode trap = charge(context, ceil_divide(size, kElementsPerFuel)); trap != TrapCode::None)
    return trap;
  return move_bytes(context, target, source, size * sizeof(abi::Ref));
}

TrapCode table_fill(abi::Context* context, uint32_t table, uint64_t to, abi::Ref value, uint64_t size) {
  abi::Ref* const target = table_at(context, table).range(to, size);
  if (target == nullptr) return TrapCode::TableOutOfBounds;
  if (size == 0) return TrapCode::None;
  if (const TrapCode trap = charge(context, ceil_divide(size, kElementsPerFuel)); trap != TrapCode::None)
    return trap;
  return in_pieces(context, size * sizeof(abi::Ref), false, [=](uint64_t offset, uint64_t piece) {
    std::fill_n(target + offset / sizeof(abi::Ref), piece / sizeof(abi::Ref), value);
  });
}

void elem_drop(abi::Context* context, uint32_t element) { Instance::of(context)->drop_element(element); }

// ---- exceptions

abi::Ref make_exception(abi::Context* context, uint32_t tag, const uint64_t* arguments) {
  // Where the frame ends is not known here, and in a wide function locals lie behind the arguments: live_end stays null.
  return Store::of(context).heap().allocate_exception(*Instance::of(context)->tag(tag), arguments);
}

TrapCode find_catch(abi::Context* context, const abi::Cell* cell, abi::Ref exception, abi::Catch* out) {
  const uint32_t looked_at = Store::of(context).find_catch(context, cell, exception, out);
  if (looked_at < kClausesPerFuel) [[likely]]
    return TrapCode::None;
  if (const TrapCode trap = charge(context, looked_at / kClausesPerFuel); trap != TrapCode::None) return trap;
  return pause(context);
}

// Marking stops the world, so that no store has to be remembered; StoreState::gc_barrier stays zero.
void barrier(abi::Context*, abi::Ref, abi::Ref) {}

void observe(abi::Context* context, abi::Observed what, const uint64_t* frame) {
  Store& store = Store::of(context);
  if (store.on_observe != nullptr) store.on_observe(store, context, what, frame);
}

}  // namespace

constinit const abi::Builtins kBuiltins = {
    .make_func = make_func,
    .prepare_code = prepare_code,
    .interrupted = interrupted,
    .out_of_fuel = out_of_fuel,
    .memory_grow = memory_grow,
    .memory_init = memory_init,
    .memory_copy = memory_copy,
    .memory_fill = memory_fill,
    .data_drop = data_drop,
    .memory_wait = memory_wait,
    .memory_notify = memory_notify,
    .table_grow = table_grow,
    .table_init = table_init,
    .table_copy = table_copy,
    .table_fill = table_fill,
    .elem_drop = elem_drop,
    .allocate = allocate,
    .make_exception = make_exception,
    .find_catch = find_catch,
    .refill = refill,
    .array_new = array_new,
    .array_new_data = array_new_data,
    .array_new_elem = array_new_elem,
    .array_fill = array_fill,
    .array_copy = array_copy,
    .array_init_data = array_init_data,
    .array_init_elem = array_init_elem,
    .barrier = barrier,
    .observe = observe,
};

}  // namespace wherry::runtime
