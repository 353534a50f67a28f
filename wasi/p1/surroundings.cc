// Arguments, environment, clocks, random numbers, and the end of the program.
#include <string.h>

#include "wasi/host/clocks.h"
#include "wasi/p1/functions.h"

namespace wherry::wasi::p1 {

namespace {

// Writes the strings, and the address of each.
Errno put_strings(Call& call, const Strings& strings, uint32_t pointers, uint32_t buffer) {
  const uint64_t pointers_size = uint64_t{strings.starts.size()} * sizeof(uint32_t);
  uint8_t* addresses = call.memory.at(pointers, pointers_size);
  uint8_t* text = call.memory.at(buffer, strings.text.size());
  if (addresses == nullptr || text == nullptr) return Errno::Fault;
  for (size_t i = 0; i < strings.starts.size(); ++i) {
    const uint32_t address = buffer + strings.starts[i];
    memcpy(addresses + i * sizeof address, &address, sizeof address);
  }
  if (!strings.text.empty()) memcpy(text, strings.text.data(), strings.text.size());
  return Errno::Success;
}

Errno put_sizes(Call& call, const Strings& strings, uint32_t count_out, uint32_t size_out) {
  if (!call.has<uint32_t>(count_out) || !call.has<uint32_t>(size_out)) return Errno::Fault;
  const Errno error = call.put(count_out, static_cast<uint32_t>(strings.starts.size()));
  return error != Errno::Success ? error : call.put(size_out, static_cast<uint32_t>(strings.text.size()));
}

// The clocks that count the processor's time are not told, as in Wasmtime: they would be the host's.
Errno check_clock(uint32_t id) {
  if (id <= kClockMonotonic) return Errno::Success;
  return id <= kClockThread ? Errno::Badf : Errno::Inval;
}

}  // namespace

Errno args_get(Call& call, uint32_t argv, uint32_t buffer) {
  return put_strings(call, call.state.args, argv, buffer);
}

Errno args_sizes_get(Call& call, uint32_t count_out, uint32_t size_out) {
  return put_sizes(call, call.state.args, count_out, size_out);
}

Errno environ_get(Call& call, uint32_t environ, uint32_t buffer) {
  return put_strings(call, call.state.env, environ, buffer);
}

Errno environ_sizes_get(Call& call, uint32_t count_out, uint32_t size_out) {
  return put_sizes(call, call.state.env, count_out, size_out);
}

Errno clock_res_get(Call& call, uint32_t id, uint32_t out) {
  if (Errno error = check_clock(id); error != Errno::Success) return error;
  return call.put(out, id == kClockRealtime ? host::wall_resolution() : host::monotonic_resolution());
}

Errno clock_time_get(Call& call, uint32_t id, uint64_t /*precision*/, uint32_t out) {
  if (Errno error = check_clock(id); error != Errno::Success) return error;
  const host::Circumstances& told = call.state.circumstances;
  return call.put(out, id == kClockRealtime ? told.wall_now() : told.monotonic_now());
}

Errno random_get(Call& call, uint32_t buffer, uint32_t size) {
  uint8_t* bytes = call.memory.at(buffer, size);
  if (bytes == nullptr) return Errno::Fault;
  return call.fail(call.state.circumstances.random(call.patience, {bytes, size}));
}

// There is one thread to run: the guest's. The store is asked whether it may go on, as a loop would be.
Errno sched_yield(Call& call) { return call.fail(call.patience.check()); }

// Signals are not part of any host: a guest has no process.
Errno proc_raise(Call& /*call*/, uint32_t signal) {
  constexpr uint32_t kSignals = 31;
  return signal < kSignals ? Errno::Notsup : Errno::Inval;
}

void proc_exit(Call& call, uint32_t code) { call.patience.failure = Error::exit(static_cast<int32_t>(code)); }

}  // namespace wherry::wasi::p1
