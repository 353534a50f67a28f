// Values in generated bodies: constants that sit at limits, and numeric instructions over them.
#include <iterator>

#include "tests/fuzz/body.h"

namespace wherry::fuzz {

namespace {

constexpr uint32_t kInts[] = {0x41, 0x42};

// clang-format off
constexpr Numeric kNumeric[] = {
#define WHERRY_RANGE2(first, result, operand) \
  {first, result, operand, 2}, {(first) + 1, result, operand, 2}
    // Comparisons.
    {0x45, kI32, kI32, 1}, WHERRY_RANGE2(0x46, kI32, kI32), WHERRY_RANGE2(0x48, kI32, kI32),
    WHERRY_RANGE2(0x4a, kI32, kI32), WHERRY_RANGE2(0x4c, kI32, kI32), WHERRY_RANGE2(0x4e, kI32, kI32),
    {0x50, kI32, kI64, 1}, WHERRY_RANGE2(0x51, kI32, kI64), WHERRY_RANGE2(0x53, kI32, kI64),
    WHERRY_RANGE2(0x55, kI32, kI64), WHERRY_RANGE2(0x57, kI32, kI64), WHERRY_RANGE2(0x59, kI32, kI64),
    WHERRY_RANGE2(0x5b, kI32, kF32), WHERRY_RANGE2(0x5d, kI32, kF32), WHERRY_RANGE2(0x5f, kI32, kF32),
    WHERRY_RANGE2(0x61, kI32, kF64), WHERRY_RANGE2(0x63, kI32, kF64), WHERRY_RANGE2(0x65, kI32, kF64),
    // Integers; division is in its place, operands see divisor().
    {0x67, kI32, kI32, 1}, {0x68, kI32, kI32, 1}, {0x69, kI32, kI32, 1},
    WHERRY_RANGE2(0x6a, kI32, kI32), {0x6c, kI32, kI32, 2}, WHERRY_RANGE2(0x6d, kI32, kI32),
    WHERRY_RANGE2(0x6f, kI32, kI32), WHERRY_RANGE2(0x71, kI32, kI32), {0x73, kI32, kI32, 2},
    WHERRY_RANGE2(0x74, kI32, kI32), WHERRY_RANGE2(0x76, kI32, kI32), {0x78, kI32, kI32, 2},
    {0x79, kI64, kI64, 1}, {0x7a, kI64, kI64, 1}, {0x7b, kI64, kI64, 1},
    WHERRY_RANGE2(0x7c, kI64, kI64), {0x7e, kI64, kI64, 2}, WHERRY_RANGE2(0x7f, kI64, kI64),
    WHERRY_RANGE2(0x81, kI64, kI64), WHERRY_RANGE2(0x83, kI64, kI64), {0x85, kI64, kI64, 2},
    WHERRY_RANGE2(0x86, kI64, kI64), WHERRY_RANGE2(0x88, kI64, kI64), {0x8a, kI64, kI64, 2},
    // Floats: abs, neg, ceil, floor, trunc, nearest, sqrt; add, sub, mul, div, min, max, copysign.
    {0x8b, kF32, kF32, 1}, {0x8c, kF32, kF32, 1}, {0x8d, kF32, kF32, 1}, {0x8e, kF32, kF32, 1},
    {0x8f, kF32, kF32, 1}, {0x90, kF32, kF32, 1}, {0x91, kF32, kF32, 1},
    WHERRY_RANGE2(0x92, kF32, kF32), WHERRY_RANGE2(0x94, kF32, kF32), WHERRY_RANGE2(0x96, kF32, kF32),
    {0x98, kF32, kF32, 2},
    {0x99, kF64, kF64, 1}, {0x9a, kF64, kF64, 1}, {0x9b, kF64, kF64, 1}, {0x9c, kF64, kF64, 1},
    {0x9d, kF64, kF64, 1}, {0x9e, kF64, kF64, 1}, {0x9f, kF64, kF64, 1},
    WHERRY_RANGE2(0xa0, kF64, kF64), WHERRY_RANGE2(0xa2, kF64, kF64), WHERRY_RANGE2(0xa4, kF64, kF64),
    {0xa6, kF64, kF64, 2},
    // Conversions; those that trap are at the end.
    {0xa7, kI32, kI64, 1}, {0xac, kI64, kI32, 1}, {0xad, kI64, kI32, 1},
    {0xb2, kF32, kI32, 1}, {0xb3, kF32, kI32, 1}, {0xb4, kF32, kI64, 1}, {0xb5, kF32, kI64, 1}, {0xb6, kF32, kF64, 1},
    {0xb7, kF64, kI32, 1}, {0xb8, kF64, kI32, 1}, {0xb9, kF64, kI64, 1}, {0xba, kF64, kI64, 1}, {0xbb, kF64, kF32, 1},
    {0xbc, kI32, kF32, 1}, {0xbd, kI64, kF64, 1}, {0xbe, kF32, kI32, 1}, {0xbf, kF64, kI64, 1},
    {0xc0, kI32, kI32, 1}, {0xc1, kI32, kI32, 1}, {0xc2, kI64, kI64, 1}, {0xc3, kI64, kI64, 1}, {0xc4, kI64, kI64, 1},
    {0xfc000, kI32, kF32, 1}, {0xfc001, kI32, kF32, 1}, {0xfc002, kI32, kF64, 1}, {0xfc003, kI32, kF64, 1},
    {0xfc004, kI64, kF32, 1}, {0xfc005, kI64, kF32, 1}, {0xfc006, kI64, kF64, 1}, {0xfc007, kI64, kF64, 1},
    {0xa8, kI32, kF32, 1}, {0xa9, kI32, kF32, 1}, {0xaa, kI32, kF64, 1}, {0xab, kI32, kF64, 1},
    {0xae, kI64, kF32, 1}, {0xaf, kI64, kF32, 1}, {0xb0, kI64, kF64, 1}, {0xb1, kI64, kF64, 1},
#undef WHERRY_RANGE2
};
// clang-format on
constexpr uint32_t kTrappingConversions = 8;
constexpr uint32_t kComparisons = 34;  // The first rows.
static_assert(kNumeric[kComparisons - 1].code == 0x66 && kNumeric[kComparisons].code == 0x67);
static_assert(std::size(kNumeric) <= 256);

// The rows that give each number type, f64 to i32.
struct ByResult {
  uint8_t rows[4][std::size(kNumeric)] = {};
  uint32_t counts[4] = {};
};
constexpr ByResult by_result() {
  ByResult made;
  for (uint32_t row = 0; row < std::size(kNumeric); ++row) {
    // Conversions that trap have a small share.
    const uint32_t type = kNumeric[row].result - kF64;
    if (row + kTrappingConversions < std::size(kNumeric) || row % 4 == 0) {
      made.rows[type][made.counts[type]++] = static_cast<uint8_t>(row);
    }
  }
  return made;
}
constexpr ByResult kByResult = by_result();

}  // namespace

void Body::number(uint64_t value, Type type) {
  out_.op(kInts[type == kI64]);
  out_.signed_leb(type == kI64 ? static_cast<int64_t>(value) : static_cast<int32_t>(value));
}

uint64_t Body::interesting() {
  static constexpr uint64_t kValues[] = {
      0,       1,          2,          3,          4,          7,           8,          31,
      32,      63,         64,         255,        256,        0x7fff,      0x8000,     0xffff,
      0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0x100000000, ~0ull >> 1, 1ull << 63,
      ~0ull,   ~1ull,      0xffff8000, 0xffffff80, 10,         100};
  const uint32_t choice = decisions_.below(32);
  return choice < std::size(kValues) ? kValues[choice] : decisions_.bits(choice == 30 ? 1 : 8);
}

void Body::constant(Type type) {
  if (type == kV128) return vector_constant();
  if (is_internal(type) && decisions_.once_in(2)) return default_object(type);
  if (type == kI32 || type == kI64) {
    number(interesting(), type);
  } else if (is_float(type)) {
    static constexpr double kValues[] = {0.0,          -0.0,
                                         1.0,          -1.0,
                                         0.5,          2147483647.0,
                                         2147483648.0, -2147483649.0,
                                         1e10,         -7.5,
                                         4294967296.0, 9223372036854775808.0,
                                         1e300,        1e-310,
                                         3.0,          100.25,
                                         -0.5,         -1.75,
                                         -2.5,         -1e9,
                                         -123.0,       4503599627370496.5};
    constexpr auto kCount = static_cast<uint32_t>(std::size(kValues));
    const uint32_t choice = decisions_.below(kCount + 5);
    double value = choice < kCount ? kValues[choice] : static_cast<double>(decisions_.byte());
    if (choice == kCount + 1) value = -value / 16;
    if (choice == kCount + 2) value = __builtin_inf();
    if (choice == kCount + 3) value = -__builtin_inf();
    if (choice == kCount + 4) value = __builtin_nan("");
    const auto single = value > 1e38 && value < 1e301 ? 1e38F : static_cast<float>(value);
    out_.op(type == kF32 ? 0x43 : 0x44);
    if (type == kF32)
      out_.raw(&single, 4);
    else
      out_.raw(&value, 8);
  } else if (type == kFuncRef && decisions_.once_in(2)) {
    out_.op(0xd2);
    out_.unsigned_leb(decisions_.below(static_cast<uint32_t>(plan_.functions.size())));
  } else {
    out_.op(0xd0);
    out_.byte(type);
  }
}

void Body::make(Type type, uint32_t depth) {
  const uint32_t choice = depth > 3 ? decisions_.below(8) : decisions_.below(16);
  switch (choice) {
    case 0:
    case 1: constant(type); break;
    case 2:
      if (make_global(type)) break;
      [[fallthrough]];
    case 3:
    case 4:
    case 5:
    case 6:
    case 7: {
      const uint32_t index = find_local(type, false);
      if (index == kNone)
        constant(type);
      else
        local(0x20, index);
      break;
    }
    case 8:
    case 9:
    case 10:
    case 11:
      if (type == kV128) return make_vector(depth, 0);
      if (features_.simd && is_number(type) && choice == 11) return make_from_vector(type, depth);
      if (features_.gc && is_number(type) && choice == 10) return make_from_object(type, depth);
      if (is_number(type)) return make_numeric(type, depth);
      if (is_internal(type)) return make_reference(type, depth);
      constant(type);
      break;
    case 12:
      if (type == kV128) return make_vector(depth, 0);
      if (is_number(type)) return make_load(type, depth);
      if (is_internal(type)) return make_reference(type, depth);
      if (type == kExternRef && features_.gc && decisions_.once_in(2)) return make_outside(depth);
      if (type != kExnRef) return make_table_get(type, depth);
      constant(type);
      break;
    case 13: return make_select(type, depth);
    case 14: return make_block(type, depth);
    default: return make_if(type, depth);
  }
  push(type);
}

bool Body::make_global(Type type) {
  const auto count = static_cast<uint32_t>(plan_.globals.size());
  const uint32_t start = decisions_.below(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t index = (start + i) % count;
    if (plan_.globals[index].type != type) continue;
    out_.op(0x23);
    out_.unsigned_leb(index);
    return true;
  }
  return false;
}

const Numeric& Body::choose_numeric() {
  uint32_t row = decisions_.byte();
  if (row % 2 == 0) {
    row = plan_.favourites[row / 2 % kFavourites];
  } else {
    row = decisions_.byte();
  }
  row %= std::size(kNumeric);
  if (row >= std::size(kNumeric) - kTrappingConversions && !risky(4)) row -= kTrappingConversions;
  return kNumeric[row];
}

const Numeric& Body::choose_numeric(Type result) {
  const uint32_t type = result - kF64;
  const uint32_t choice = decisions_.byte();
  if (choice % 2 == 0) {
    for (uint32_t i = 0; i < kFavourites; ++i) {
      const uint32_t favourite = plan_.favourites[(choice / 2 + i) % kFavourites];
      const Numeric& row = kNumeric[favourite % std::size(kNumeric)];
      if (row.result == result) return row;
    }
  }
  return kNumeric[kByResult.rows[type][decisions_.below(kByResult.counts[type])]];
}

void Body::make_numeric(Type type, uint32_t depth) {
  const Numeric& row = choose_numeric(type);
  for (uint32_t i = 0; i < row.operands; ++i) make(row.operand, depth + 1);
  apply(row);
}

void Body::make_condition(uint32_t depth) {
  if (decisions_.once_in(3)) return make(kI32, depth);
  const Numeric& row = kNumeric[decisions_.below(kComparisons)];
  const uint32_t kept = decisions_.once_in(3) && row.operands == 2 ? find_local(row.operand, true) : kNone;
  if (kept != kNone && !is_float(row.operand)) {
    // Something beside itself, or one more or less: what tells < from <=.
    make(row.operand, depth + 1);
    local(0x22, kept);
    number(uint64_t{decisions_.below(3)} - 1, row.operand);
    out_.op(row.operand == kI32 ? 0x6a : 0x7c);
    local(0x20, kept);
    push(row.operand);
  } else {
    for (uint32_t i = 0; i < row.operands; ++i) {
      make(row.operand, depth + (decisions_.once_in(2) ? 1 : 4));
    }
  }
  apply(row);
  if (!decisions_.once_in(4)) return;
  out_.op(0x45);
}

void Body::apply(const Numeric& numeric) {
  const uint32_t code = numeric.code;
  const bool divides = (code >= 0x6d && code <= 0x70) || (code >= 0x7f && code <= 0x82);
  if (divides && !risky(8)) {
    number(1, numeric.operand);
    out_.op(numeric.operand == kI32 ? 0x72 : 0x84);
  }
  if (code == 0x98 || code == 0xa6 || code == 0xbc || code == 0xbd) hide_nan(numeric.operand);
  out_.op(code);
  pop(numeric.operands);
  push(numeric.result);
}

void Body::hide_nan(Type type) {
  const uint32_t scratch = scratch_local(type);
  local(0x21, scratch);
  const float single = 1.5F;
  const double value = 1.5;
  out_.op(type == kF32 ? 0x43 : 0x44);
  if (type == kF32)
    out_.raw(&single, 4);
  else
    out_.raw(&value, 8);
  local(0x20, scratch);
  local(0x20, scratch);
  local(0x20, scratch);
  out_.op(type == kF32 ? 0x5c : 0x62);
  out_.op(0x1b);
}

void Body::numeric() {
  const Numeric& chosen = choose_numeric();
  const Types operands(chosen.operands, chosen.operand);
  want(operands);
  if (frame().dead) {
    pop(operands.size());
    push_all(operands);
  }
  apply(chosen);
}

}  // namespace wherry::fuzz
