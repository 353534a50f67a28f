// The walk of a generated body: locals, the model of the stack, and the choice of what comes next.
#include "tests/fuzz/body.h"

namespace wherry::fuzz {

Writer Body::run() {
  choose_locals();
  choose_hot();
  frames_.push_back({0x02, {}, signature_.results, 0, false});
  fill_locals();
  if (!decisions_.once_in(10)) enter(0x03);  // Most of what a program does is done often.
  for (uint32_t step = 0; step < kMostSteps && !decisions_.over(); ++step) {
    if (!one()) break;
  }
  while (frames_.size() > 1) end();
  if (!frame().dead) mix_locals();
  end();
  Writer body = declarations();
  body.append(out_);
  return body;
}

// ---- locals

void Body::choose_locals() {
  locals_ = signature_.params;
  if (decisions_.byte() == 0xff) {
    unused_ = decisions_.once_in(2) ? 40'000 : 300;
    unused_type_ = decisions_.once_in(2) ? kI64 : kF32;
  }
  first_declared_ = static_cast<uint32_t>(locals_.size());
  for (uint32_t i = 0; i < kSmallLocals + kCounters; ++i) locals_.push_back(kI32);
  locals_.push_back(kF32);
  locals_.push_back(kF64);
  if (features_.simd) locals_.push_back(kV128);
  const uint32_t more = decisions_.below(6);
  for (uint32_t i = 0; i < more; ++i) locals_.push_back(some_type());
}

void Body::choose_hot() {
  const auto count = static_cast<uint32_t>(locals_.size());
  for (uint32_t& hot : hot_) {
    hot = decisions_.below(count);
    while (locals_[hot] != kI32 && locals_[hot] != kI64) hot = (hot + 1) % count;
  }
}

void Body::fill_locals() {
  const auto count = static_cast<uint32_t>(locals_.size());
  for (uint32_t index = first_declared_; index < count; ++index) {
    const uint32_t place = index - first_declared_;
    if (place < kSmallLocals) {
      number(decisions_.bits(2) & 0xfff, kI32);
    } else {
      const Type type = locals_[index];
      if (is_reserved(index) || !(is_number(type) || type == kV128 || is_internal(type))) continue;
      constant(type);
    }
    local(0x21, index);
  }
}

Writer Body::declarations() const {
  Writer writer;
  writer.unsigned_leb(locals_.size() - first_declared_ + (unused_ > 0 ? 1 : 0));
  if (unused_ > 0) {
    writer.unsigned_leb(unused_);
    writer.value_type(unused_type_);
  }
  for (size_t i = first_declared_; i < locals_.size(); ++i) {
    writer.unsigned_leb(1);
    writer.value_type(locals_[i]);
  }
  return writer;
}

void Body::local(uint32_t code, uint32_t index) {
  out_.op(code);
  out_.unsigned_leb(index < first_declared_ ? index : index + unused_);
  if (code != 0x20 || style_ == Style::Plain) return;
  out_.op(0x02);
  out_.signed_leb(plan_.type_number(plan_.index_of({{locals_[index]}, {locals_[index]}})));
  out_.op(0x0b);
}

uint32_t Body::find_local(Type type, bool to_write) {
  const auto count = static_cast<uint32_t>(locals_.size());
  const uint32_t start = decisions_.byte();
  if (start % 5 < 2) {
    const uint32_t hot = hot_[start % 5];
    if (locals_[hot] == type && !(to_write && is_reserved(hot))) return hot;
  }
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t index = (start + i) % count;
    // The scratch vector holds what settle_lanes() has yet to settle.
    if (features_.simd && index == scratch_vector()) continue;
    if (locals_[index] == type && !(to_write && is_reserved(index))) return index;
  }
  return kNone;
}

// ---- the stack

// In dead code what lies deepest may be missing. A copy of the types: making values may move the frames.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void Body::want(const Types types) {
  if (frame().dead && available() < types.size()) {
    bool fits = true;
    for (size_t i = 1; i <= available(); ++i) fits &= stack_[stack_.size() - i] == types[types.size() - i];
    if (fits && decisions_.once_in(2)) return;
  }
  size_t there = types.size();
  while (!top_is(types, there)) --there;
  if (there > 0 && decisions_.once_in(8)) there = 0;
  for (size_t i = there; i < types.size(); ++i) make(types[i], 0);
}

void Body::pop(size_t count) {
  const size_t here = available();
  stack_.resize(stack_.size() - (count < here ? count : here));
}

bool Body::top_is(const Types& types, size_t count) {
  if (count > available()) return false;
  for (size_t i = 0; i < count; ++i) {
    if (stack_[stack_.size() - count + i] != types[i]) return false;
  }
  return true;
}

void Body::take(const Types& types) {
  want(types);
  pop(types.size());
}

// ---- variables and others

void Body::set_local(uint32_t code) {
  if (available() == 0) make(locals_[decisions_.below(static_cast<uint32_t>(locals_.size()))], 0);
  const Type type = stack_.back();
  const uint32_t index = find_local(type, true);
  if (index == kNone) return;
  local(code, index);
  if (code == 0x21) pop(1);
}

void Body::set_small() {
  take({kI32});
  number(0xfff >> decisions_.below(4), kI32);
  out_.op(0x71);
  local(0x21, small_local(decisions_.below(kSmallLocals)));
}

void Body::set_global() {
  const uint32_t index = decisions_.below(static_cast<uint32_t>(plan_.globals.size()));
  take({plan_.globals[index].type});
  out_.op(0x24);
  out_.unsigned_leb(index);
}

void Body::update_local() {
  const uint32_t index = find_local(decisions_.once_in(3) ? kI64 : kI32, true);
  if (index == kNone) return;
  const Type type = locals_[index];
  if (decisions_.once_in(2)) {  // Or with anything that gives the type.
    make_numeric(type, 2);
  } else {
    static constexpr uint32_t kOps[] = {0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77};
    local(0x20, index);
    if (decisions_.once_in(2)) {
      number(interesting(), type);
    } else {
      make(type, 2);
      pop(1);
    }
    out_.op(kOps[decisions_.below(std::size(kOps))] + (type == kI64 ? 0x12 : 0));
    push(type);
  }
  const bool keep = decisions_.once_in(4);
  local(keep ? 0x22 : 0x21, index);
  if (!keep) pop(1);
}

void Body::wide_arithmetic() {
  const uint32_t which = decisions_.below(4);
  take(Types(which < 2 ? 4 : 2, kI64));
  out_.op(0xfc013 + which);
  push(kI64);
  push(kI64);
}

void Body::test_null() {
  Type type = decisions_.once_in(2) ? kExternRef : kFuncRef;
  if (features_.gc && !decisions_.once_in(4)) type = some_internal();
  make(type, 1);
  out_.op(0xd1);
  pop(1);
  push(kI32);
}

void Body::branch_on_null() {
  const uint32_t depth = choose_label();
  const Types types = label_types(depth);
  if (frame().dead) return;
  want(types);
  make(kFuncRef, 1);
  out_.op(0xd5);
  out_.unsigned_leb(depth);
  out_.op(0x1a);
  pop(1);
}

void Body::top_select() {
  const Type type = available() > 0 ? stack_.back() : kI32;
  if (frame().dead) return;
  want({type, type, kI32});
  select(type);
}

bool Body::one() {
  if (available() > kMostValues) {
    drop();
    return true;
  }
  if (plan_.is_idiomatic && decisions_.once_in(4)) {
    idiom();
    return true;
  }
  switch (decisions_.below(41)) {
    case 0:
    case 1: enter(0x02); break;
    case 2:
    case 3: enter(0x03); break;
    case 4:
    case 5: enter(0x04); break;
    case 6:
      if (frame().opcode == 0x04)
        otherwise();
      else
        make(kI32, 0);
      break;
    case 7:
    case 8:
    case 9:
      if (frames_.size() == 1) return !decisions_.once_in(32);
      end();
      break;
    case 10:
      if (decisions_.once_in(3)) jump();
      break;
    case 11:
    case 12:
    case 13: branch_if(); break;
    case 14: branch_table(); break;
    case 15:
      if (decisions_.once_in(4)) leave();
      break;
    case 16:
      if (features_.exceptions && !decisions_.once_in(3))
        throw_something();
      else if (decisions_.once_in(4))
        trap();
      break;
    case 17:
    case 18:
    case 19: call(); break;
    case 20:
    case 21:
    case 22: set_local(0x21); break;
    case 23:
    case 24: set_local(0x22); break;
    case 25: set_small(); break;
    case 26: set_global(); break;
    case 27:
    case 28: update_local(); break;
    case 29:
    case 30: store(); break;
    case 31:
      if (features_.atomics && !decisions_.once_in(3))
        atomics();
      else
        bulk_memory();
      break;
    case 32: tables(); break;
    case 33:
      if (features_.exceptions && !decisions_.once_in(3))
        enter_try();
      else
        wide_arithmetic();
      break;
    case 34:
      if (decisions_.once_in(2))
        test_null();
      else if (features_.gc && decisions_.once_in(2))
        branch_on_cast();
      else if (features_.typed_references)
        branch_on_null();
      break;
    case 35: top_select(); break;
    case 36:
      if (features_.gc)
        objects();
      else
        numeric();
      break;
    case 37:
      if (features_.simd)
        vectors();
      else
        numeric();
      break;
    case 38:
      if (available() > 0) drop();
      break;
    case 39: idiom(); break;
    default: make(some_type(), 0); break;
  }
  return true;
}

}  // namespace wherry::fuzz
