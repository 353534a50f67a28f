// wasi:clocks and wasi:random.
#include "wasi/host/clocks.h"

#include <errno.h>
#include <time.h>

#include "wasi/p2/interfaces.h"
#include "wasi/p2/resources.h"

namespace wherry::wasi::p2 {

namespace {

constexpr uint64_t kSecond = 1'000'000'000;

Datetime to_datetime(uint64_t nanoseconds) {
  return {nanoseconds / kSecond, static_cast<uint32_t>(nanoseconds % kSecond)};
}

// ---- monotonic-clock: begins with the guest's surroundings, so that it does not tell for how long the machine runs

Result<uint64_t> monotonic_now(Caller& caller) {
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  return state->circumstances.monotonic_now();
}

uint64_t monotonic_resolution() { return host::monotonic_resolution(); }

Result<Own<Pollable>> subscribe_instant(Caller& caller, uint64_t when) {
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  return make_pollable(caller, host::make_ref<host::Timer>(state->circumstances.host_time_of(when)));
}

Result<Own<Pollable>> subscribe_duration(Caller& caller, uint64_t when) {
  uint64_t until = 0;
  if (__builtin_add_overflow(host::monotonic_now(), when, &until)) until = UINT64_MAX;
  return make_pollable(caller, host::make_ref<host::Timer>(until));
}

// ---- wall-clock

Result<Datetime> wall_now(Caller& caller) {
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  return to_datetime(state->circumstances.wall_now());
}
Datetime wall_resolution() { return to_datetime(host::wall_resolution()); }

// ---- timezone

struct TimezoneDisplay {
  int32_t utc_offset = 0;
  std::string name;
  bool in_daylight_saving_time = false;
};
WHERRY_RECORD(TimezoneDisplay, utc_offset, name, in_daylight_saving_time)

// Offsets of a day and more do not exist.
constexpr long kDay = 24 * 60 * 60;

Result<TimezoneDisplay> timezone_at(Caller& caller, const Datetime& when) {
  WHERRY_ASSIGN_OR_RETURN(const State* const state, state_of(caller));
  TimezoneDisplay zone;
  zone.name = "UTC";
  tm fields = {};
  const auto seconds = static_cast<time_t>(when.seconds);
  if (!state->inherits_timezone || when.seconds > INT32_MAX * kSecond) return zone;
  tzset();
  if (localtime_r(&seconds, &fields) == nullptr || fields.tm_gmtoff <= -kDay || fields.tm_gmtoff >= kDay)
    return zone;
  zone.utc_offset = static_cast<int32_t>(fields.tm_gmtoff);
  if (fields.tm_zone != nullptr) zone.name = fields.tm_zone;
  zone.in_daylight_saving_time = fields.tm_isdst > 0;
  return zone;
}

Result<TimezoneDisplay> display(Caller& caller, Datetime when) { return timezone_at(caller, when); }

Result<int32_t> utc_offset(Caller& caller, Datetime when) {
  WHERRY_ASSIGN_OR_RETURN(const TimezoneDisplay zone, timezone_at(caller, when));
  return zone.utc_offset;
}

// ---- random: what is called insecure comes from the same source, which is quick enough

Result<void> fill(Caller& caller, std::span<uint8_t> out) {
  WHERRY_ASSIGN_OR_RETURN(State* const state, state_of(caller));
  host::Patience patience(&caller);
  const int error = state->circumstances.random(patience, out);
  WHERRY_RETURN_IF_ERROR(check_stopped(error, patience));
  if (error != 0) return Error::io(error, "cannot get random numbers");
  return {};
}

Result<std::span<const uint8_t>> random_bytes(Caller& caller, uint64_t length) {
  WHERRY_ASSIGN_OR_RETURN(State* const state, state_of(caller));
  if (length > state->max_random_bytes)
    return Error::trap("more random bytes are asked for than one call may give");
  WHERRY_RETURN_IF_ERROR(caller.charge(length));
  if (state->bytes.size() > host::kMostAtOnce) state->bytes = {};
  if (!state->bytes.resize(length)) return Error::out_of_memory();
  WHERRY_RETURN_IF_ERROR(fill(caller, state->bytes.span()));
  return std::span<const uint8_t>(state->bytes);
}

Result<uint64_t> random_u64(Caller& caller) {
  uint64_t value = 0;
  WHERRY_RETURN_IF_ERROR(fill(caller, {reinterpret_cast<uint8_t*>(&value), sizeof value}));
  return value;
}

Result<std::tuple<uint64_t, uint64_t>> insecure_seed(Caller& caller) {
  uint64_t value[2] = {};
  WHERRY_RETURN_IF_ERROR(fill(caller, {reinterpret_cast<uint8_t*>(value), sizeof value}));
  return std::tuple(value[0], value[1]);
}

constexpr ComponentHostEntry kMonotonicClock[] = {
    component_function<monotonic_now>("now"),
    component_function<monotonic_resolution>("resolution"),
    component_function<subscribe_instant>("subscribe-instant"),
    component_function<subscribe_duration>("subscribe-duration"),
};
constexpr ComponentHostEntry kWallClock[] = {
    component_function<wall_now>("now"),
    component_function<wall_resolution>("resolution"),
};
constexpr ComponentHostEntry kTimezone[] = {
    component_function<display>("display"),
    component_function<utc_offset>("utc-offset"),
};
constexpr ComponentHostEntry kRandom[] = {
    component_function<random_bytes>("get-random-bytes"),
    component_function<random_u64>("get-random-u64"),
};
constexpr ComponentHostEntry kInsecure[] = {
    component_function<random_bytes>("get-insecure-random-bytes"),
    component_function<random_u64>("get-insecure-random-u64"),
};
constexpr ComponentHostEntry kInsecureSeed[] = {component_function<insecure_seed>("insecure-seed")};

}  // namespace

Rows monotonic_clock_rows() { return kMonotonicClock; }
Rows wall_clock_rows() { return kWallClock; }
Rows timezone_rows() { return kTimezone; }
Rows random_rows() { return kRandom; }
Rows insecure_rows() { return kInsecure; }
Rows insecure_seed_rows() { return kInsecureSeed; }

}  // namespace wherry::wasi::p2
