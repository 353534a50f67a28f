// What compilers to Wasm write, in generated bodies: sums that were unrolled, structures that are copied eight bytes at a time, slots of
// a stack in linear memory. Passes over compiled code look for these shapes (compiler/reroll_sums.cc,
// split_copies.cc, memory_alias.cc), which instructions by chance do not have. Each is now and then a little wrong for them.
#include "tests/fuzz/body.h"

namespace wherry::fuzz {

namespace {

constexpr uint32_t kGet = 0x20;
constexpr uint32_t kSet = 0x21;
constexpr uint32_t kTee = 0x22;
constexpr uint32_t kAdd = 0x6a;
constexpr uint32_t kSubtract = 0x6b;
constexpr uint32_t kMultiply = 0x6c;
constexpr uint32_t kToI64 = 0x12;  // From an operation on i32 to the same on i64.

// Loads of 1, 2, 4 and 8 bytes; where one extends, this one by the sign and the next by zeros.
uint32_t load_code(Type type, uint32_t log2) {
  static constexpr uint32_t kI32Loads[] = {0x2c, 0x2e, 0x28};
  static constexpr uint32_t kI64Loads[] = {0x30, 0x32, 0x34, 0x29};
  return type == kI32 ? kI32Loads[log2] : kI64Loads[log2];
}

bool extends(Type type, uint32_t log2) { return log2 < (type == kI32 ? 2U : 3U); }

}  // namespace

void Body::access(uint32_t code, uint64_t offset) {
  out_.op(code);
  out_.byte(0);
  out_.unsigned_leb(offset);
}

// Pushes the local, moved by the constant. No entry in the model, as for all here.
void Body::moved(uint32_t index, uint32_t code, uint32_t constant) {
  local(kGet, index);
  if (constant != 0) {
    number(constant, kI32);
    out_.op(code);
  }
  if (plan_.memory_is_64) out_.op(0xad);
}

void Body::unrolled_sum() {
  const Type type = decisions_.once_in(2) ? kI64 : kI32;
  const uint32_t sum = find_local(type, true);
  const uint32_t kept = find_local(type, true);
  if (sum == kNone) return;
  const uint32_t log2 = decisions_.below(type == kI32 ? 3 : 4);
  const uint32_t lanes = 2U << decisions_.below(3);
  const uint32_t step = lanes << log2;
  const uint32_t start = step * decisions_.below(16) + (decisions_.once_in(8) ? decisions_.below(step) : 0);
  const uint32_t code = load_code(type, log2) + (extends(type, log2) ? decisions_.below(2) : 0);
  const uint32_t wide = type == kI64 ? kToI64 : 0;
  const uint32_t base = 8 * decisions_.below(64);
  const uint32_t odd = decisions_.below(8 * lanes);        // A lane that reads elsewhere.
  const uint32_t kept_lane = decisions_.below(4 * lanes);  // One that is needed behind the loop.
  const bool is_product = decisions_.once_in(2);
  const bool adds = decisions_.once_in(3);  // Addresses are sums, not offsets.
  const uint32_t counter = counter_local(kMostLoops);
  const uint32_t end =
      counter_local(kMostLoops + 1);  // Which the compiler does not know, or it unrolls all turns.
  const auto load = [&](uint32_t at) {
    moved(counter, kAdd, adds ? at : 0);
    access(code, adds ? 0 : at);
  };
  local(kGet, small_local(decisions_.below(kSmallLocals)));
  number(15 * step, kI32);
  out_.op(0x71);
  number(start + step, kI32);
  out_.op(kAdd);
  local(kSet, end);
  number(start, kI32);
  local(kSet, counter);
  out_.op(0x03);
  out_.byte(0x40);
  for (uint32_t lane = 0; lane < lanes; ++lane) {
    const uint32_t at = base + ((lane + (lane == odd ? 1 : 0)) << log2);
    local(kGet, sum);
    load(at);
    if (is_product) {
      load(at + 1024);
      out_.op(kMultiply + wide);
    }
    if (lane == kept_lane) local(kTee, kept);
    out_.op(kAdd + wide);
    local(kSet, sum);
  }
  if (decisions_.once_in(8)) {  // As is what the counter was.
    local(kGet, counter);
    number(0xfff, kI32);
    out_.op(0x71);
    local(kSet, small_local(decisions_.below(kSmallLocals)));
  }
  local(kGet, counter);
  number(step, kI32);
  out_.op(kAdd);
  local(kTee, counter);
  local(kGet, end);
  out_.op(0x47);
  out_.op(0x0d);
  out_.unsigned_leb(0);
  out_.op(0x0b);
}

void Body::copied_structure() {
  const uint32_t from = small_local(decisions_.below(kSmallLocals));
  const uint32_t to = small_local(decisions_.below(kSmallLocals));
  const uint32_t source = decisions_.byte();
  const uint32_t target = decisions_.byte();
  const uint32_t members = decisions_.below(4);
  for (uint32_t half = 0; half < 2; ++half) {
    if ((members >> half & 1) != 0) continue;
    moved(from, kAdd, 0);
    make(kI32, 2);
    pop(1);
    access(0x36, source + 4 * half);
  }
  for (uint32_t copies = 1 + decisions_.below(2); copies > 0; --copies) {
    moved(to, kAdd, 0);
    moved(from, kAdd, 0);
    access(0x29, source);
    access(0x37, target + (copies > 1 ? decisions_.below(12) : 0));
  }
  moved(to, kAdd, 0);
  access(0x28, target + decisions_.below(6));
  push(kI32);
}

void Body::stack_slots() {
  const uint32_t pointer = small_local(decisions_.below(kSmallLocals));
  const uint32_t place = 64 + decisions_.byte();
  // The same place or one beside it, by a name of its own. What wraps is outside, or in a large memory elsewhere.
  const auto slot = [&]() -> uint64_t {
    const uint32_t part = 4 * decisions_.below(17);
    const uint32_t beside = decisions_.once_in(2) ? 0 : decisions_.below(12);
    const bool subtracts = risky(8);
    moved(pointer, subtracts ? kSubtract : kAdd, part);
    return place + beside + (subtracts ? part : 0) - (subtracts ? 0 : part);
  };
  for (uint32_t stores = 1 + decisions_.below(3); stores > 0; --stores) {
    const Type type = decisions_.once_in(2) ? kI64 : kI32;
    const uint64_t offset = slot();
    make(type, 2);
    pop(1);
    access(type == kI64 ? 0x37 : 0x36, offset);
  }
  const Type type = decisions_.once_in(2) ? kI64 : kI32;
  const uint64_t offset = slot();
  access(type == kI64 ? 0x29 : 0x28, offset);
  push(type);
}

void Body::idiom() {
  if (frame().dead) return;
  switch (decisions_.below(4)) {
    case 0: return copied_structure();
    case 1: return stack_slots();
    default: return unrolled_sum();
  }
}

}  // namespace wherry::fuzz
