// Exceptions and atomic instructions in generated bodies.
//
// A try_table stands in a block whose results are what its first handler hands over; a second handler goes to any label that
// takes what it gives. Throws are mostly conditional, and pass through calls of every kind. Atomic accesses are those of one
// thread: what matters here is what they compute and when they trap.
#include <string_view>

#include "tests/fuzz/body.h"
#include "tests/fuzz/rows.h"

namespace wherry::fuzz {

namespace {

enum Catch : uint32_t { kCatch, kCatchRef, kCatchAll, kCatchAllRef, kCatchKinds };

constexpr auto kRows = rows_of<count_rows("Threads")>("Threads");

constexpr uint32_t alignment_log2(const Row& row) {
  switch (row.immediate.back()) {
    case '2': return 1;
    case '4': return 2;
    case '8': return 3;
    default: return 0;
  }
}

}  // namespace

// ---- exceptions

Types Body::caught(uint32_t kind, uint32_t tag) const {
  Types types;
  if (kind == kCatch || kind == kCatchRef) types = plan_.signatures[plan_.tags[tag]].params;
  if (kind == kCatchRef || kind == kCatchAllRef) types.push_back(kExnRef);
  return types;
}

void Body::handler(uint32_t kind, uint32_t tag, uint32_t label) {
  out_.byte(kind);
  if (kind == kCatch || kind == kCatchRef) out_.unsigned_leb(tag);
  out_.unsigned_leb(label);
}

void Body::enter_try() {
  if (frames_.size() + 1 >= kMostFrames) return;
  const auto tags = static_cast<uint32_t>(plan_.tags.size());
  const uint32_t tag = decisions_.below(tags);
  const uint32_t kind = decisions_.below(kCatchKinds);
  const Types results = caught(kind, tag);
  out_.op(0x02);
  block_type({}, results);
  frames_.push_back({0x02, {}, results, stack_.size(), false});
  const Types inner = decisions_.once_in(2) ? results : some_types(2);
  // Labels of handlers are counted from outside the try_table.
  const uint32_t other_tag = decisions_.below(tags);
  const uint32_t other_kind = decisions_.below(kCatchKinds);
  const uint32_t label = choose_label();
  const bool two = label_types(label) == caught(other_kind, other_tag);
  const bool other_first = two && decisions_.once_in(2);
  out_.op(0x1f);
  block_type({}, inner);
  out_.unsigned_leb(two ? 2 : 1);
  if (other_first) handler(other_kind, other_tag, label);
  handler(kind, tag, 0);
  if (two && !other_first) handler(other_kind, other_tag, label);
  frames_.push_back({0x1f, {}, inner, stack_.size(), false});
}

void Body::throw_something() {
  const bool conditional = !risky(4);
  if (conditional) {
    rare_condition();
    out_.raw("\x04\x40", 2);
    frames_.push_back({0x02, {}, {}, stack_.size(), false});
  }
  if (risky(4)) {
    want({kExnRef});
    out_.op(0x0a);
  } else {
    const uint32_t tag = decisions_.below(static_cast<uint32_t>(plan_.tags.size()));
    want(plan_.signatures[plan_.tags[tag]].params);
    out_.op(0x08);
    out_.unsigned_leb(tag);
  }
  stack_.resize(frame().height);
  frame().dead = true;
  if (conditional) end();
}

// ---- atomic instructions

void Body::atomics() {
  const Row& row = kRows[decisions_.below(static_cast<uint32_t>(kRows.size()))];
  if (row.is("wait")) return;  // Nobody could wake it.
  if (row.is("fence")) {
    out_.op(row.code);
    return out_.byte(0);
  }
  const uint32_t memory = choose_memory();
  for (const char letter : row.operands()) {
    if (letter == 'A') {
      aligned_address(memory, alignment_log2(row));
      push(memory == 0 && plan_.memory_is_64 ? kI64 : kI32);
    } else {
      make(type_of(letter), 1);
    }
  }
  out_.op(row.code);
  out_.byte(alignment_log2(row) | (memory == 0 ? 0 : 0x40));
  if (memory != 0) out_.unsigned_leb(memory);
  out_.unsigned_leb(decisions_.once_in(3) ? decisions_.byte() << alignment_log2(row) : 0);
  pop(row.operands().size());
  if (row.result() != 'x') push(type_of(row.result()));
}

// Mostly a multiple of the access's width.
void Body::aligned_address(uint32_t memory, uint32_t log2) {
  raw_address(0);
  if (!risky(16)) {
    number(~((uint64_t{1} << log2) - 1), kI32);
    out_.op(0x71);
  }
  if (memory == 0 && plan_.memory_is_64) out_.op(0xad);
}

}  // namespace wherry::fuzz
