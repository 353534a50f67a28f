// Vectors in generated bodies: every row of the instruction table that takes or gives a v128 takes part by its signature.
//
// The bits of a NaN that float arithmetic makes are not determined, and with vectors everything can look at them. So what may
// hold such lanes ("unsettled" below) goes only into instructions that treat lanes of that shape as numbers; before anything
// else sees it, NaN lanes become 0: x & (x == x).
#include <string_view>

#include "tests/fuzz/body.h"
#include "tests/fuzz/rows.h"

namespace wherry::fuzz {

namespace {

constexpr auto kRows = rows_of<count_rows("Simd")>("Simd");

// The width of float lanes that an instruction gives and whose NaNs are not determined; 0 for none.
constexpr uint32_t unsettled_result(const Row& row) {
  if (row.result() != 'V') return 0;
  const uint32_t width = row.text.starts_with("f32x4.") ? 32 : row.text.starts_with("f64x2.") ? 64 : 0;
  if (width == 0) return 0;
  for (const std::string_view name :
       {".add", ".sub", ".mul", ".div", ".sqrt", ".min", ".max", ".ceil", ".floor", ".trunc", ".nearest",
        ".demote", ".promote", ".splat", ".replace_lane"}) {
    if (row.is(name)) return width;
  }
  return 0;
}

// The width of the float lanes as which an instruction takes its vectors, whatever the bits of NaNs are; 0 for none.
constexpr uint32_t unsettled_operand(const Row& row) {
  if (row.is("demote_f64x2")) return 64;
  if (row.is("promote_low_f32x4")) return 32;
  if (row.is("trunc_sat_f32x4")) return 32;
  if (row.is("trunc_sat_f64x2")) return 64;
  const uint32_t width = row.text.starts_with("f32x4.") ? 32 : row.text.starts_with("f64x2.") ? 64 : 0;
  if (width == 0) return 0;
  for (const std::string_view name :
       {".eq", ".ne", ".lt", ".gt", ".le", ".ge", ".extract_lane", ".add", ".sub", ".mul", ".div", ".sqrt",
        ".min", ".max", ".ceil", ".floor", ".trunc", ".nearest"}) {
    if (row.text.substr(5) == name) return width;
  }
  return 0;
}

}  // namespace

void Body::settle_lanes(uint32_t width) {
  const uint32_t scratch = scratch_vector();
  local(0x21, scratch);
  for (int i = 0; i < 3; ++i) local(0x20, scratch);
  out_.op(width == 32 ? 0xfd041 : 0xfd047);
  out_.op(0xfd04e);
}

void Body::vector_constant() {
  out_.op(0xfd00c);
  const uint64_t halves[] = {interesting(), decisions_.once_in(2) ? interesting() : decisions_.bits(8)};
  out_.raw(halves, 16);
}

// The immediates of a row: lanes, or a memory and perhaps a lane.
void Body::vector_immediates(uint32_t row, uint32_t memory) {
  const std::string_view kind = kRows[row].immediate;
  if (kRows[row].is_memory()) memory_argument(memory);
  if (kind == "Shuffle") {
    for (int i = 0; i < 16; ++i) out_.byte(decisions_.below(32));
  } else if (kind.starts_with("LaneArg")) {
    out_.byte(decisions_.below(kind == "LaneArg1"   ? 16
                               : kind == "LaneArg2" ? 8
                               : kind == "LaneArg4" ? 4
                                                    : 2));
  } else if (kind.starts_with("Lane")) {
    out_.byte(decisions_.below(kind == "Lane16" ? 16 : kind == "Lane8" ? 8 : kind == "Lane4" ? 4 : 2));
  }
}

// Emits the row with operands made for it, and pushes its result if it has one. `allowed`: lanes of that width may stay
// unsettled.
void Body::make_vector_row(uint32_t row, uint32_t depth, uint32_t allowed) {
  const Row& chosen = kRows[row];
  if (chosen.immediate == "V128") {
    vector_constant();
    return push(kV128);
  }
  const uint32_t memory = chosen.is_memory() ? choose_memory() : 0;
  for (const char letter : chosen.operands()) {
    if (letter == 'A') {
      address(memory, depth);
      push(memory == 0 && plan_.memory_is_64 ? kI64 : kI32);
    } else if (letter == 'V' && depth < 3 && unsettled_operand(chosen) != 0 && decisions_.once_in(2)) {
      make_vector(depth + 1, unsettled_operand(chosen));
    } else {
      make(type_of(letter), depth + 1);
    }
  }
  out_.op(chosen.code);
  vector_immediates(row, memory);
  pop(chosen.operands().size());
  if (chosen.result() == 'x') return;
  const uint32_t unsettled = unsettled_result(chosen);
  if (unsettled != 0 && unsettled != allowed) settle_lanes(unsettled);
  push(type_of(chosen.result()));
}

// A vector; lanes of `allowed` bits may be NaNs whose bits are not determined.
void Body::make_vector(uint32_t depth, uint32_t allowed) {
  auto row = static_cast<uint32_t>(decisions_.bits(2) % kRows.size());
  while (kRows[row].result() != 'V' || (allowed != 0 && unsettled_result(kRows[row]) != allowed)) {
    row = (row + 1) % kRows.size();
  }
  make_vector_row(row, depth, allowed);
}

// Any number that instructions over vectors give.
void Body::make_from_vector(Type type, uint32_t depth) {
  auto row = static_cast<uint32_t>(decisions_.bits(2) % kRows.size());
  while (type_of(kRows[row].result()) != type || kRows[row].result() == 'x') row = (row + 1) % kRows.size();
  make_vector_row(row, depth, 0);
}

// Any row, with what lies on the stack as far as it fits.
void Body::vectors() {
  const auto row = static_cast<uint32_t>(decisions_.bits(2) % kRows.size());
  const Row& chosen = kRows[row];
  if (chosen.is_memory() || chosen.immediate == "V128" || frame().dead) return make_vector_row(row, 0, 0);
  Types operands;
  for (const char letter : chosen.operands()) operands.push_back(type_of(letter));
  take(operands);
  out_.op(chosen.code);
  vector_immediates(row, 0);
  if (unsettled_result(chosen) != 0) settle_lanes(unsettled_result(chosen));
  push(type_of(chosen.result()));
}

}  // namespace wherry::fuzz
