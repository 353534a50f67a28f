// Structures, arrays, i31 and casts in generated bodies.
//
// The types are those of the plan: one recursive group, with subtypes. References are nullable to the model of the stack, and
// what is made for one type is often of a subtype, so casts and tests go both ways. Objects that are read or written come
// mostly from locals, behind a test that makes one where there is none; indices are mostly below the lengths that arrays
// are made with. Lengths are small: how much memory a guest may take differs between engines.
#include "tests/fuzz/body.h"

namespace wherry::fuzz {

namespace {

constexpr uint32_t kNumbersSegment = 0;    // Passive, of data.
constexpr uint32_t kFunctionsSegment = 1;  // Passive, of elements.

enum Code : uint32_t {
  kStructNew = 0xfb000,
  kStructNewDefault = 0xfb001,
  kStructGet = 0xfb002,
  kStructSet = 0xfb005,
  kArrayNew = 0xfb006,
  kArrayNewDefault = 0xfb007,
  kArrayNewFixed = 0xfb008,
  kArrayNewData = 0xfb009,
  kArrayNewElem = 0xfb00a,
  kArrayGet = 0xfb00b,
  kArraySet = 0xfb00e,
  kArrayLen = 0xfb00f,
  kArrayFill = 0xfb010,
  kArrayCopy = 0xfb011,
  kArrayInitData = 0xfb012,
  kArrayInitElem = 0xfb013,
  kRefTest = 0xfb014,
  kRefCast = 0xfb016,
  kBrOnCast = 0xfb018,
  kBrOnCastFail = 0xfb019,
  kAnyConvertExtern = 0xfb01a,
  kExternConvertAny = 0xfb01b,
  kRefI31 = 0xfb01c,
  kI31Get = 0xfb01d,
};

bool is_packed(Type storage) { return storage == kI8 || storage == kI16; }
Type unpacked(Type storage) { return is_packed(storage) ? kI32 : storage; }
bool is_plain(Type storage) { return is_packed(storage) || is_number(storage) || storage == kV128; }

}  // namespace

Type Body::some_internal() {
  static constexpr Type kAbstract[] = {kAnyRef, kEqRef, kI31Ref, kStructRef, kArrayRef};
  const uint32_t choice = decisions_.below(12);
  if (choice < std::size(kAbstract)) return kAbstract[choice];
  return static_cast<Type>(decisions_.below(static_cast<uint32_t>(plan_.aggregates.size())));
}

Type Body::some_subtype(Type type) {
  for (int i = 0; i < 6; ++i) {
    const Type other = some_internal();
    if (other != type && plan_.is_subtype(other, type)) return other;
  }
  return type;
}

void Body::default_object(Type type) {
  if (type == kI31Ref || type == kAnyRef || type == kEqRef) {
    number(interesting(), kI32);
    return out_.op(kRefI31);
  }
  const Type concrete = is_aggregate(type) ? type : static_cast<Type>(type == kArrayRef ? 1 : 0);
  const bool is_array = plan_.aggregates[concrete].is_array;
  if (is_array) number(4 + decisions_.below(8), kI32);
  out_.op(is_array ? kArrayNewDefault : kStructNewDefault);
  out_.unsigned_leb(concrete);
}

// What can be put into a field.
void Body::make_stored(Type storage, uint32_t depth) { make(unpacked(storage), depth); }

void Body::make_new(Type type, uint32_t depth) {
  if (plan_.aggregates[type].is_array) return make_new_array(type, depth);
  const auto fields = plan_.aggregates[type].fields;
  if (depth > 3 || decisions_.once_in(4)) {
    out_.op(kStructNewDefault);
  } else {
    for (const auto& field : fields) make_stored(field.storage, depth + 2);
    pop(fields.size());
    out_.op(kStructNew);
  }
  out_.unsigned_leb(type);
  push(type);
}

void Body::make_new_array(Type type, uint32_t depth) {
  const Type storage = plan_.aggregates[type].fields[0].storage;
  const uint32_t choice = decisions_.below(5);
  if (choice == 0) {
    const uint32_t count = decisions_.below(7);
    for (uint32_t i = 0; i < count; ++i) make_stored(storage, depth + 3);
    pop(count);
    out_.op(kArrayNewFixed);
    out_.unsigned_leb(type);
    out_.unsigned_leb(count);
    return push(type);
  }
  const bool from_segment = choice == 1 && (is_plain(storage) || storage == kFuncRef);
  if (from_segment) {
    number(decisions_.below(is_plain(storage) ? 24 : 3), kI32);
    number(decisions_.below(is_plain(storage) ? 6 : 4), kI32);
    out_.op(is_plain(storage) ? kArrayNewData : kArrayNewElem);
    out_.unsigned_leb(type);
    out_.unsigned_leb(is_plain(storage) ? kNumbersSegment : kFunctionsSegment);
    return push(type);
  }
  if (choice > 2) make_stored(storage, depth + 2);
  if (decisions_.once_in(3)) {
    make(kI32, depth + 2);
    pop(1);
    number(15, kI32);
    out_.op(0x71);
  } else {
    number(4 + decisions_.below(12), kI32);
  }
  if (choice > 2) pop(1);
  out_.op(choice > 2 ? kArrayNew : kArrayNewDefault);
  out_.unsigned_leb(type);
  push(type);
}

void Body::make_object(Type type, uint32_t depth) {
  const uint32_t local_index = decisions_.once_in(4) ? kNone : find_local(type, false);
  if (local_index == kNone) {
    if (decisions_.once_in(6)) return make(type, depth + 1);
    return make_new(type, depth + 1);
  }
  if (!risky(8)) {
    local(0x20, local_index);
    out_.op(0xd1);
    out_.op(0x04);
    out_.value_type(type);
    default_object(type);
    out_.op(0x05);
    local(0x20, local_index);
    out_.op(0x0b);
  } else {
    local(0x20, local_index);
  }
  push(type);
}

// An i32 which no model knows of.
void Body::array_index(uint32_t depth) {
  const uint32_t choice = decisions_.below(16);
  if (choice < 10) return number(choice % (plan_.is_wild ? 6 : 4), kI32);
  make(kI32, depth + 1);
  pop(1);
  if (choice == 15 && risky(1)) return;
  number(3, kI32);
  out_.op(0x71);
}

// A field of the type; of a structure or an array.
bool Body::find_field(Type type, bool to_write, Type* aggregate, uint32_t* field) {
  const auto count = static_cast<uint32_t>(plan_.aggregates.size());
  const uint32_t start = decisions_.byte();
  for (uint32_t i = 0; i < count; ++i) {
    const auto& fields = plan_.aggregates[(start + i) % count].fields;
    for (uint32_t j = 0; j < fields.size(); ++j) {
      const uint32_t at = (start / 8 + j) % static_cast<uint32_t>(fields.size());
      if (unpacked(fields[at].storage) != type || (to_write && !fields[at].is_variable)) continue;
      *aggregate = static_cast<Type>((start + i) % count);
      *field = at;
      return true;
    }
  }
  return false;
}

void Body::make_field(Type type, uint32_t field, uint32_t depth) {
  const Aggregate aggregate = plan_.aggregates[type];
  const Type storage = aggregate.fields[field].storage;
  make_object(type, depth + 1);
  if (aggregate.is_array) array_index(depth + 2);
  // Then with sign, without sign.
  const uint32_t packed = is_packed(storage) ? 1 + decisions_.below(2) : 0;
  out_.op((aggregate.is_array ? kArrayGet : kStructGet) + packed);
  out_.unsigned_leb(type);
  if (!aggregate.is_array) out_.unsigned_leb(field);
  pop(1);
  push(unpacked(storage));
}

void Body::make_from_object(Type type, uint32_t depth) {
  const uint32_t choice = type == kI32 ? decisions_.below(10) : 9;
  const Type other = some_internal();
  switch (choice) {
    case 0: {
      Type array = kArrayRef;
      for (uint32_t i = 1; i < plan_.aggregates.size() && array == kArrayRef; ++i) {
        if (plan_.aggregates[i].is_array && decisions_.once_in(2)) array = static_cast<Type>(i);
      }
      if (is_aggregate(array))
        make_object(array, depth + 1);
      else
        make(array, depth + 1);
      out_.op(kArrayLen);
      break;
    }
    case 1:
      make(kI31Ref, depth + 1);
      if (decisions_.once_in(4)) {
        out_.op(kI31Get + decisions_.below(2));
      } else {  // Null gives zero.
        pop(1);
        out_.op(0xd1);
        make(kI32, 4);
        pop(1);
        number(1, kI32);
        out_.op(0x75);
        out_.op(kRefI31);
        out_.op(kI31Get + decisions_.below(2));
        out_.op(0x6a);
        push(kI31Ref);
      }
      break;
    case 2:
      make(decisions_.once_in(2) ? kEqRef : some_subtype(kEqRef), depth + 1);
      make(decisions_.once_in(2) ? kEqRef : some_subtype(kEqRef), depth + 1);
      pop(1);
      out_.op(0xd3);
      break;
    case 3:
    case 4:
    case 5:
      make(decisions_.once_in(2) ? kAnyRef : some_subtype(kAnyRef), depth + 1);
      out_.op(kRefTest + decisions_.below(2));
      out_.byte(other);
      break;
    case 6: {
      make(kFuncRef, depth + 1);
      out_.op(kRefTest + decisions_.below(2));
      const uint32_t function = any_function();
      out_.signed_leb(plan_.type_number(plan_.functions[function]));
      break;
    }
    default: {
      Type aggregate;
      uint32_t field;
      if (find_field(type, false, &aggregate, &field)) return make_field(aggregate, field, depth);
      constant(type);
      return push(type);
    }
  }
  pop(1);
  push(type);
}

void Body::make_reference(Type type, uint32_t depth) {
  Type aggregate;
  uint32_t field;
  switch (decisions_.below(8)) {
    case 0:
      if (type != kI31Ref && depth < 4) return make_cast(type, depth);
      break;
    case 1:
      if (find_field(type, false, &aggregate, &field) && depth < 4)
        return make_field(aggregate, field, depth);
      break;
    case 2:
      if (type != kAnyRef || depth > 3) break;
      make(kExternRef, depth + 1);
      out_.op(kAnyConvertExtern);
      pop(1);
      return push(type);
    case 3:
    case 4:
      if (depth > 3 || is_aggregate(type)) break;
      make(some_subtype(type), depth + 1);
      pop(1);
      return push(type);
    default: break;
  }
  if (type == kI31Ref) {
    make(kI32, depth + 1);
    out_.op(kRefI31);
  } else {
    const Type made = some_subtype(type);
    if (is_aggregate(made))
      make_new(made, depth);
    else {
      default_object(made);
      push(made);
    }
  }
  pop(1);
  push(type);
}

// A reference of the host's kind that may be one of the guest's.
void Body::make_outside(uint32_t depth) {
  make(kAnyRef, depth + 1);
  out_.op(kExternConvertAny);
  pop(1);
  push(kExternRef);
}

void Body::cast_immediates(uint32_t code, uint32_t label, Type from, Type to) {
  out_.op(code);
  out_.byte(1 | decisions_.below(2) << 1);
  out_.unsigned_leb(label);
  out_.byte(from);
  out_.byte(to);
}

// Something of a wider type, cast: by ref.cast, which may trap, or in a block that gives another value otherwise.
void Body::make_cast(Type type, uint32_t depth) {
  const Type from = is_aggregate(type) ? (decisions_.once_in(2) ? kAnyRef : kEqRef) : kAnyRef;
  if (decisions_.once_in(6)) {
    make(risky(4) ? from : some_subtype(type), depth + 1);
    out_.op(kRefCast + 1);  // Null is accepted.
    out_.byte(type);
    pop(1);
    return push(type);
  }
  const bool fails = decisions_.once_in(2);
  const Type result = fails ? from : type;
  out_.op(0x02);
  out_.value_type(result);
  frames_.push_back({0x02, {}, {result}, stack_.size(), false});
  make(decisions_.once_in(2) ? from : some_subtype(from), depth + 1);
  pop(1);
  push(from);
  cast_immediates(fails ? kBrOnCastFail : kBrOnCast, 0, from, type);
  if (!fails) {
    out_.op(0x1a);
    pop(1);
    make(type, depth + 2);
  }
  end();
  if (!fails) return;
  // What failed is still of the wider type.
  pop(1);
  out_.op(kRefTest + 1);
  out_.byte(type);
  out_.op(0x04);
  out_.value_type(type);
  default_object(type);
  out_.op(0x05);
  out_.op(0xd0);
  out_.byte(type);
  out_.op(0x0b);
  push(type);
}

void Body::change_array() {
  const auto count = static_cast<uint32_t>(plan_.aggregates.size());
  uint32_t index = decisions_.below(count);
  while (!plan_.aggregates[index].is_array) index = (index + 1) % count;
  const auto type = static_cast<Type>(index);
  const auto field = plan_.aggregates[type].fields[0];
  if (!field.is_variable) return;
  make_object(type, 1);
  array_index(1);
  const uint32_t choice = decisions_.below(4);
  if (choice == 3 && (is_plain(field.storage) || field.storage == kFuncRef)) {
    number(decisions_.below(is_plain(field.storage) ? 24 : 3), kI32);
    number(decisions_.below(4), kI32);
    out_.op(is_plain(field.storage) ? kArrayInitData : kArrayInitElem);
    out_.unsigned_leb(type);
    out_.unsigned_leb(is_plain(field.storage) ? kNumbersSegment : kFunctionsSegment);
  } else if (choice == 2) {
    push(kI32);
    make_object(type, 1);
    pop(2);
    array_index(1);
    number(decisions_.below(5), kI32);
    out_.op(kArrayCopy);
    out_.unsigned_leb(type);
    out_.unsigned_leb(type);
  } else {
    push(kI32);
    make_stored(field.storage, 1);
    pop(2);
    if (choice == 1) number(decisions_.below(5), kI32);
    out_.op(choice == 1 ? kArrayFill : kArraySet);
    out_.unsigned_leb(type);
  }
  pop(1);
}

void Body::objects() {
  if (decisions_.once_in(2)) return change_array();
  const auto count = static_cast<uint32_t>(plan_.aggregates.size());
  uint32_t index = decisions_.below(count);
  while (plan_.aggregates[index].is_array) index = (index + 1) % count;
  const auto type = static_cast<Type>(index);
  const auto fields = plan_.aggregates[type].fields;
  if (fields.empty()) return;
  const uint32_t field = decisions_.below(static_cast<uint32_t>(fields.size()));
  if (!fields[field].is_variable) return;
  make_object(type, 0);
  make_stored(fields[field].storage, 1);
  out_.op(kStructSet);
  out_.unsigned_leb(type);
  out_.unsigned_leb(field);
  pop(2);
}

void Body::branch_on_cast() {
  const uint32_t depth = choose_label();
  const Types types = label_types(depth);
  if (frame().dead || types.empty() || !is_internal(types.back()) || types.back() == kAnyRef) return;
  want(Types(types.begin(), types.end() - 1));
  make(decisions_.once_in(2) ? kAnyRef : some_subtype(kAnyRef), 1);
  cast_immediates(kBrOnCast, depth, kAnyRef, some_subtype(types.back()));
  out_.op(0x1a);
  pop(1);
}

}  // namespace wherry::fuzz
