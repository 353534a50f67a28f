// The accounts of a store. One rule: whoever grows takes first and gives back what it could not use, so that a limit is
// never passed, not even for a moment.
#include "engine/runtime/limits.h"

#include <cinttypes>
#include <cstdio>

#include "engine/wasm/errors.h"

namespace wherry::runtime {

base::Failure limit_exceeded(const char* what, uint64_t more, uint64_t in_use, uint64_t limit) {
  char detail[160];
  std::snprintf(detail, sizeof detail,
                "found %" PRIu64 " more %s and %" PRIu64 " in use, expected at most %" PRIu64, more, what,
                in_use, limit);
  return base::fail(wasm::ErrorCode::LimitExceeded, base::Error::kNoOffset, detail);
}

bool MemoryAccount::take(uint64_t bytes) {
  uint64_t used = used_bytes_.load(std::memory_order_relaxed);
  do {
    if (bytes > limit_bytes_ - used) return false;
  } while (!used_bytes_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

bool Budget::take_elements(uint64_t elements) {
  if (elements > limits_.table_elements - table_elements_) return false;
  table_elements_ += elements;
  return true;
}

namespace {

base::Result<void> take_one(const char* what, uint32_t* in_use, uint32_t limit) {
  if (*in_use >= limit) return limit_exceeded(what, 1, *in_use, limit);
  ++*in_use;
  return {};
}

}  // namespace

base::Result<void> Budget::take_instance() { return take_one("instances", &instances_, limits_.instances); }
base::Result<void> Budget::take_table() { return take_one("tables", &tables_, limits_.tables); }
base::Result<void> Budget::take_memory_object() { return take_one("memories", &memories_, limits_.memories); }

}  // namespace wherry::runtime
