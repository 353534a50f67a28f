// Blocks, branches and calls in generated bodies. Loops count down; calls may recurse, and fuel ends that.
#include <iterator>

#include "tests/fuzz/body.h"

namespace wherry::fuzz {

void Body::make_select(Type type, uint32_t depth) {
  make(type, depth + 1);
  make(type, depth + 1);
  make_condition(depth + 1);
  select(type);
}

void Body::select(Type type) {
  if (is_number(type) && !decisions_.once_in(4)) {
    out_.op(0x1b);
  } else {
    out_.op(0x1c);
    out_.byte(1);
    out_.value_type(type);
  }
  pop(3);
  push(type);
}

void Body::make_block(Type type, uint32_t depth) {
  out_.op(0x02);
  out_.value_type(type);
  frames_.push_back({0x02, {}, {type}, stack_.size(), false});
  make(type, depth + 1);
  if (decisions_.once_in(2)) {
    make_condition(depth + 1);
    out_.op(0x0d);
    out_.unsigned_leb(0);
    pop(1);
  }
  end();
}

void Body::make_if(Type type, uint32_t depth) {
  make_condition(depth + 1);
  pop(1);
  out_.op(0x04);
  out_.value_type(type);
  frames_.push_back({0x05, {}, {type}, stack_.size(), false});
  make(type, depth + 1);
  out_.op(0x05);
  pop(1);
  make(type, depth + 1);
  end();
}

// ---- blocks

void Body::block_type(const Types& params, const Types& results) {
  if (params.empty() && results.empty()) return out_.byte(0x40);
  if (params.empty() && results.size() == 1 && (!decisions_.once_in(4) || !plan_.admit({params, results}))) {
    return out_.value_type(results[0]);
  }
  out_.signed_leb(plan_.type_number(plan_.index_of({params, results})));
}

Type Body::some_type() {
  if (decisions_.once_in(3)) return plan_.favourite_type;
  static constexpr Type kChoices[] = {kI32, kI64, kI32, kF64, kF32, kI32, kI64, kFuncRef, kExternRef};
  const uint32_t choice = decisions_.below(features_.gc ? 16 : 12);
  if (choice >= 12) return some_internal();
  if (choice < std::size(kChoices)) return kChoices[choice];
  if (features_.exceptions && choice == 11) return kExnRef;
  return features_.simd ? kV128 : kI32;
}

Types Body::some_types(uint32_t most) {
  Types types(decisions_.below(most + 1));
  for (Type& type : types) type = some_type();
  return types;
}

Types Body::top_types(size_t most) {
  size_t count = decisions_.below(static_cast<uint32_t>(most) + 1);
  if (count > available()) count = available();
  return Types(stack_.end() - static_cast<ptrdiff_t>(count), stack_.end());
}

void Body::enter(uint32_t opcode) {
  if (frames_.size() >= kMostFrames) return;
  uint32_t counter = kNone;
  if (opcode == 0x03 && loops_ < kMostLoops) {
    counter = counter_local(loops_++);
    const bool is_outer = loops_ == 1;
    number(is_outer && !decisions_.once_in(3) ? 8 + decisions_.below(40) : 2 + decisions_.below(6), kI32);
    local(0x21, counter);
  }
  if (opcode == 0x04) {
    if (decisions_.once_in(2)) make_condition(1);
    take({kI32});
  }
  Types params = top_types(3);
  // A few blocks give back what they get, which the model then need not drop.
  Types results = decisions_.once_in(3) ? params : some_types(3);
  if ((!params.empty() || results.size() > 1) && !plan_.admit({params, results})) {
    params.clear();
    if (results.size() > 1) results.resize(1);
  }
  out_.op(opcode);
  block_type(params, results);
  const size_t height = stack_.size() - params.size();
  frames_.push_back({opcode, params, results, height, false});
  counters_.resize(frames_.size(), kNone);
  counters_.back() = counter;
}

// NOLINTNEXTLINE(performance-unnecessary-value-param)
void Body::settle(const Types results) {
  size_t fits = 0;
  while (fits < results.size() && fits < available() && stack_[frame().height + fits] == results[fits])
    ++fits;
  while (available() > fits) drop();
  for (size_t i = available(); i < results.size(); ++i) make(results[i], 2);
}

void Body::drop() {
  const Type type = stack_.back();
  const uint32_t choice = decisions_.below(4);
  if (choice >= 2 && !frame().dead) return mix();
  const uint32_t index = choice == 0 ? find_local(type, true) : kNone;
  if (index == kNone)
    out_.op(0x1a);
  else
    local(0x21, index);
  pop(1);
}

void Body::mix() {
  const Type type = stack_.back();
  pop(1);
  switch (type) {
    case kI64: break;
    case kI32: out_.op(decisions_.once_in(2) ? 0xac : 0xad); break;
    case kF32:
    case kF64:
      hide_nan(type);
      out_.op(type == kF32 ? 0xbc : 0xbd);
      if (type == kF32) out_.op(0xad);
      break;
    case kV128:
      out_.op(0xfd01d);  // i64x2.extract_lane
      out_.byte(decisions_.below(2));
      break;
    default:
      out_.op(0xd1);
      out_.op(0xad);
      break;
  }
  const auto sum = static_cast<uint32_t>(plan_.globals.size());
  out_.op(0x23);
  out_.unsigned_leb(sum);
  number(5, kI64);
  out_.op(0x89);
  static constexpr uint32_t kOps[] = {0x85, 0x7c, 0x7d};  // Exclusive or, addition, subtraction.
  out_.op(kOps[decisions_.below(std::size(kOps))]);
  out_.op(0x24);
  out_.unsigned_leb(sum);
}

void Body::mix_locals() {
  for (uint32_t index = 0; index < locals_.size(); ++index) {
    if (!is_number(locals_[index]) || (is_reserved(index) && index >= first_declared_ + kSmallLocals))
      continue;
    local(0x20, index);
    push(locals_[index]);
    mix();
  }
}

void Body::close_loop() {
  if (counters_.size() < frames_.size()) counters_.resize(frames_.size(), kNone);
  const uint32_t counter = counters_[frames_.size() - 1];
  if (frame().opcode != 0x03 || counter == kNone) return;
  --loops_;
  if (frame().dead) return;
  want(frame().params);
  local(0x20, counter);
  number(decisions_.once_in(2) ? 1 : 2, kI32);
  out_.op(0x6b);
  local(0x22, counter);
  number(0, kI32);
  out_.op(0x4a);
  out_.op(0x0d);
  out_.unsigned_leb(0);
}

bool Body::count_turn(uint32_t depth) {
  const size_t index = frames_.size() - 1 - depth;
  const uint32_t counter = index < counters_.size() ? counters_[index] : kNone;
  if (frames_[index].opcode != 0x03 || counter == kNone || decisions_.once_in(8)) return false;
  local(0x20, counter);
  number(1, kI32);
  out_.op(0x6b);
  local(0x22, counter);
  number(0, kI32);
  out_.op(0x4a);
  return true;
}

void Body::rare_condition() {
  uint32_t counter = kNone;
  for (const uint32_t c : counters_) counter = c != kNone ? c : counter;
  if (plan_.is_wild || counter == kNone || decisions_.once_in(8)) {
    take({kI32});
    if (!plan_.is_wild) {
      number(decisions_.byte(), kI32);
      out_.op(0x46);
    }
    return;
  }
  local(0x20, counter);
  number(1 + decisions_.below(32), kI32);
  out_.op(decisions_.once_in(16) ? 0x49 : 0x46);
}

void Body::otherwise() {
  settle(frame().results);
  out_.op(0x05);
  stack_.resize(frame().height);
  push_all(frame().params);
  frame().opcode = 0x05;
  frame().dead = false;
}

void Body::end() {
  if (frame().opcode == 0x03) close_loop();
  if (frame().opcode == 0x04 && frame().params != frame().results) otherwise();
  settle(frame().results);
  out_.op(0x0b);
  stack_.resize(frame().height);
  const Types results = frame().results;
  frames_.pop_back();
  if (counters_.size() > frames_.size()) counters_.resize(frames_.size());
  push_all(results);
}

// ---- branches

void Body::dead() {
  stack_.resize(frame().height);
  frame().dead = true;
  if (!decisions_.once_in(6) && frames_.size() > 1) end();
}

uint32_t Body::choose_label() {
  const auto count = static_cast<uint32_t>(frames_.size());
  uint32_t inner = 0;
  while (inner < count && frames_[count - 1 - inner].opcode != 0x03) ++inner;
  if (inner > 0 && inner < count && !decisions_.once_in(4)) return decisions_.below(inner);
  uint32_t depth = decisions_.below(count);
  if (depth + 1 == count && count > 1 && !decisions_.once_in(4)) depth = decisions_.below(count - 1);
  while (depth + 1 < count && frames_[count - 1 - depth].opcode == 0x03 && !decisions_.once_in(8)) ++depth;
  return depth;
}

// Where nothing but loops could be left, a block is begun instead, mostly: what leaves a loop ends the work.
bool Body::block_instead() {
  if (frame().opcode != 0x03 || decisions_.once_in(6)) return false;
  enter(0x02);
  return true;
}

void Body::branch_if() {
  if (block_instead()) return;
  const uint32_t depth = choose_label();
  const Types types = label_types(depth);
  want(types);
  if (frame().dead) {  // Values that only a polymorphic stack had are there from now on.
    pop(types.size());
    push_all(types);
  }
  make_condition(1);
  if (count_turn(depth)) out_.op(0x71);
  out_.op(0x0d);
  out_.unsigned_leb(depth);
  pop(1);
}

void Body::branch_table() {
  if (block_instead()) return;
  const uint32_t last = choose_label();
  const Types types = label_types(last);
  std::vector<uint32_t> labels;
  const uint32_t wanted = decisions_.below(5);
  for (uint32_t i = 0; i < wanted; ++i) {
    const uint32_t depth = choose_label();
    if (label_types(depth) == types) labels.push_back(depth);
  }
  want(types);
  switch (decisions_.below(4)) {
    case 0: {
      const uint32_t index = find_local(kI32, false);  // Small ones are in range now and then.
      local(0x20, index);
      push(kI32);
      break;
    }
    case 1: make(kI32, 1); break;
    default:
      make(kI32, 1);
      number(decisions_.below(8), kI32);
      out_.op(0x71);
  }
  out_.op(0x0e);
  out_.unsigned_leb(labels.size());
  for (const uint32_t label : labels) out_.unsigned_leb(label);
  out_.unsigned_leb(last);
  dead();
}

void Body::jump() {
  if (block_instead()) return;
  const uint32_t depth = choose_label();
  want(label_types(depth));
  if (!frame().dead && count_turn(depth)) {
    out_.op(0x0d);
    out_.unsigned_leb(depth);
    return;
  }
  out_.op(0x0c);
  out_.unsigned_leb(depth);
  dead();
}

void Body::leave() {
  want(signature_.results);
  out_.op(0x0f);
  dead();
}

void Body::trap() {
  if (!risky(4)) {
    rare_condition();
    out_.op(0x04);
    out_.byte(0x40);
    out_.op(0x00);
    out_.op(0x0b);
    return;
  }
  out_.op(0x00);
  dead();
}

// ---- calls

uint32_t Body::choose_function() {
  if (decisions_.once_in(24)) return any_function();
  return function_ == 0 ? kNone : decisions_.below(function_);
}

void Body::call() {
  const uint32_t function = choose_function();
  if (function == kNone) return numeric();
  const Signature signature = plan_.signatures[plan_.functions[function]];
  const bool tail = signature.results == signature_.results && decisions_.once_in(6);
  const uint32_t kind = decisions_.below(4);
  want(signature.params);
  const auto type = plan_.type_number(plan_.functions[function]);
  if (kind == 3) {
    number(risky(16) ? decisions_.below(plan_.table_size) : function, table_index_type());
    out_.op(tail ? 0x13 : 0x11);
    out_.unsigned_leb(type);
    out_.unsigned_leb(0);
  } else if (kind == 2 && features_.typed_references) {
    out_.op(0xd2);
    out_.unsigned_leb(function);
    if (decisions_.once_in(4)) out_.op(0xd4);
    out_.op(tail ? 0x15 : 0x14);
    out_.unsigned_leb(type);
  } else {
    out_.op(tail ? 0x12 : 0x10);
    out_.unsigned_leb(function);
  }
  if (tail) return dead();
  pop(signature.params.size());
  push_all(signature.results);
}

}  // namespace wherry::fuzz
