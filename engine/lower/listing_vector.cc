// The listing's part for vectors. "va" is the accumulator of vectors; constants are written as one number of 128 bits.
#include <bit>

#include "engine/lower/listing_entry.h"

namespace wherry::lower {
namespace {

constexpr From vector_from(uint32_t index) {
  return index == 0 ? From::Slot : index == 1 ? From::Acc : From::Const;
}
constexpr To to_at(uint32_t index) { return static_cast<To>(index); }
constexpr From from_at(uint32_t index) { return static_cast<From>(index); }

// The scalar's domain in instructions of both: what they name "acc" is one of the others' accumulators.
bool gives_scalar(VectorShape shape) { return shape == VectorShape::Test || shape == VectorShape::Extract; }

}  // namespace

void Listing::Impl::add_vectors(const VectorHandlers& table) {
  // Rows whose last index is the destination, and before it up to three operands with so many classes.
  const auto add_row = [this](const Handler* row, Op op, Form form, uint32_t as, uint32_t bs, uint32_t cs,
                              uint32_t tos, auto from_a, auto from_b) {
    for (uint32_t i = 0; i < as * bs * cs * tos; ++i) {
      add(row[i],
          {.form = form,
           .op = op,
           .a = from_a(i / tos / cs / bs),
           .b = from_b(i / tos / cs % bs),
           .c = bs == kVectorFroms && cs == kVectorFroms ? vector_from(i / tos % cs) : from_at(i / tos % cs),
           .to = to_at(i % tos)});
    }
  };
  for (uint32_t i = 0; i < wasm::kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    const auto [shape, f, pinned] = vector_family_of(op);
    switch (shape) {
      case VectorShape::Binary:
        add_row(table.binary[f], op, Form::Vector, 2, 3, 1, 2, vector_from, vector_from);
        for (uint32_t i = 0; pinned != 0 && i < kVectorPinnedForms; ++i) {
          const auto [a, b, to] = pinned_form(i);
          add(table.pinned[pinned - 1][i], {.form = Form::Vector, .op = op, .a = a, .b = b, .to = to});
        }
        break;
      case VectorShape::Unary:
        add_row(table.unary[f], op, Form::Vector, 2, 1, 1, 2, vector_from, vector_from);
        break;
      case VectorShape::Ternary:
        add_row(table.ternary[f], op, Form::Vector, 2, 2, 2, 2, vector_from, vector_from);
        break;
      case VectorShape::Shift:
        add_row(table.shift[f], op, Form::Vector, 2, kFromCount, 1, 2, vector_from, from_at);
        break;
      case VectorShape::Replace:
        add_row(table.replace[f], op, Form::Vector, 2, kFromCount, 1, 2, vector_from, from_at);
        break;
      case VectorShape::Test:
        add_row(table.test[f], op, Form::Vector, 2, 1, 1, kToCount, vector_from, vector_from);
        break;
      case VectorShape::Extract:
        for (uint32_t lane = 0; lane < 5; ++lane) {
          add_row(
              table.extract[f] + lane * kToCount, op, Form::Vector, 1, 1, 1, kToCount,
              [lane](uint32_t) { return lane == 0 ? From::Slot : From::Acc; }, vector_from);
        }
        break;
      case VectorShape::Splat:
        add_row(table.splat[f], op, Form::Vector, kFromCount, 1, 1, 2, from_at, from_at);
        break;
      default: break;
    }
  }
  const VectorData& data = *table.data;
  add_row(data.shuffle, Op::I8x16Shuffle, Form::Vector, 2, 2, 1, 2, vector_from, vector_from);
  add_row(data.constant, Op::V128Const, Form::Vector, 1, 1, 1, 2, vector_from, vector_from);
  add_row(data.move, Op::Nop, Form::VectorMove, 2, 1, 1, 2, vector_from, vector_from);
  add(data.pin, {.form = Form::VectorPin});
  add(data.load_pin, {.form = Form::VectorPin, .flag = true});
  for (uint32_t a = 0; a < 2; ++a) {
    for (uint32_t b = 0; b < 2; ++b) {
      for (uint32_t i = 0; i < kFromCount * 2; ++i) {
        add(data.select[(a * 2 + b) * kFromCount * 2 + i], {.form = Form::VectorSelect,
                                                            .a = vector_from(a),
                                                            .b = vector_from(b),
                                                            .c = from_at(i / 2),
                                                            .to = to_at(i % 2)});
      }
      add(data.global_get[a][b], {.form = Form::VectorGlobalGet, .to = to_at(b), .flag = a != 0});
      add(data.global_set[a][b], {.form = Form::VectorGlobalSet, .a = vector_from(b), .flag = a != 0});
    }
    add(data.return_one[a], {.form = Form::VectorReturn, .a = vector_from(a)});
  }
}

void Listing::Impl::add_vector_accesses(const VectorHandlers& table) {
  for (uint32_t i = 0; i < wasm::kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    const VectorShape shape = vector_family_of(op).shape;
    const uint32_t f = vector_family_of(op).index;
    switch (shape) {
      case VectorShape::Load:
      case VectorShape::Store: {
        const bool is_load = shape == VectorShape::Load;
        const Handler* plain = is_load ? table.load[f] : table.store;
        const Handler* indexed = is_load ? table.load_indexed[f] : table.store_indexed;
        for (uint32_t last = 0; last < 2; ++last) {
          const From value = is_load ? From::Slot : vector_from(last);
          const To to = is_load ? to_at(last) : To::Slot;
          for (uint32_t a = 0; a < kFromCount; ++a) {
            add(plain[a * 2 + last], {.form = Form::Vector, .op = op, .a = from_at(a), .c = value, .to = to});
            for (uint32_t b = 0; b < kFromCount; ++b) {
              add(indexed[(a * kFromCount + b) * 2 + last], {.form = Form::VectorIndexed,
                                                             .op = op,
                                                             .a = from_at(a),
                                                             .b = from_at(b),
                                                             .c = value,
                                                             .to = to});
            }
          }
        }
        add(is_load ? table.any->load[f] : table.any->store[0], {.form = Form::VectorAny, .op = op});
        break;
      }
      case VectorShape::LoadLane:
      case VectorShape::StoreLane: {
        const bool is_load = shape == VectorShape::LoadLane;
        const Handler* row = is_load ? table.load_lane[f] : table.store_lane[f];
        for (uint32_t a = 0; a < kFromCount; ++a) {
          add(row[a], {.form = Form::Vector, .op = op, .a = from_at(a)});
        }
        add(is_load ? table.any->load_lane[f] : table.any->store_lane[f],
            {.form = Form::VectorAny, .op = op});
        break;
      }
      default: break;
    }
  }
}

std::string Line::vector_operand(From from, uint16_t slot) {
  if (from == From::Acc) return "va";
  if (from == From::Pin0) return "vp";
  if (from != From::Const) return text("s%u", slot);
  const Cell low = word(next_), high = word(next_ + 1);
  next_ += 2;
  return text("0x%016" PRIx64 "%016" PRIx64, high, low);
}

std::string Line::write_vector_access() {
  const VectorShape shape = vector_family_of(entry_.op).shape;
  const bool is_load = shape == VectorShape::Load || shape == VectorShape::LoadLane;
  const bool is_lane = shape == VectorShape::LoadLane || shape == VectorShape::StoreLane;
  const auto plain = std::bit_cast<SlotsOffset>(word(position_ + 1));
  const auto slots = std::bit_cast<Slots>(word(position_ + 1));
  const std::string to = entry_.to == To::Acc ? " -> va" : text(" -> s%u", plain.d);
  if (entry_.form == Form::VectorAny) {
    const std::string place =
        text(" any s%u+%" PRIu64 " [%" PRIu64 "]", slots.a, word(next_), word(next_ + 1));
    next_ += 2;
    std::string line = name() + place;
    if (shape != VectorShape::Load) line += text(", s%u", slots.b);
    if (is_lane) line += text("[%u]", slots.e);
    return is_load ? line + text(" -> s%u", slots.d) : line;
  }
  if (entry_.form == Form::VectorIndexed) {
    const std::string base = operand(entry_.a, slots.a);
    const std::string address = base + "+" + operand(entry_.b, slots.b) + text("+%u", slots.e);
    if (!is_load) return name() + " " + address + ", " + vector_operand(entry_.c, slots.d);
    return name() + " " + address + (entry_.to == To::Acc ? " -> va" : text(" -> s%u", slots.d));
  }
  const std::string address =
      (entry_.a == From::Const ? "" : operand(entry_.a, plain.a)) + text("+%u", plain.offset);
  if (is_lane) {
    const auto lane = std::bit_cast<Slots>(word(next_++));
    return name() + " " + address + text(", s%u[%u]", is_load ? lane.a : plain.d, lane.b) +
           (is_load ? to : "");
  }
  return name() + " " + address + (is_load ? to : ", " + vector_operand(entry_.c, plain.d));
}

std::string Line::write_vector() {
  const auto slots = std::bit_cast<Slots>(word(position_ + 1));
  const auto far = std::bit_cast<SlotsOffset>(word(position_ + 1));
  const std::string to = entry_.to == To::Acc    ? " -> va"
                         : entry_.to == To::Pin0 ? text(" -> s%u vp", slots.d)
                                                 : text(" -> s%u", slots.d);
  switch (entry_.form) {
    case Form::VectorIndexed:
    case Form::VectorAny: return write_vector_access();
    case Form::VectorPin: return name() + (entry_.flag ? text(" s%u -> vp", slots.a) : " va -> vp");
    case Form::VectorMove: return name() + " " + vector_operand(entry_.a, slots.a) + to;
    case Form::VectorSelect: {
      const std::string left = vector_operand(entry_.a, slots.a);
      const std::string right = vector_operand(entry_.b, slots.b);
      return name() + " " + left + ", " + right + ", " + operand(entry_.c, slots.e) + to;
    }
    case Form::VectorGlobalGet:
      return name() + text(" [%u]", far.offset) + (entry_.to == To::Acc ? " -> va" : text(" -> s%u", far.d));
    case Form::VectorGlobalSet: return name() + text(" [%u], ", far.offset) + vector_operand(entry_.a, far.a);
    case Form::VectorReturn: return name() + " " + vector_operand(entry_.a, slots.a);
    default: break;
  }
  const VectorShape shape = vector_family_of(entry_.op).shape;
  std::string line = name() + " ";
  switch (shape) {
    case VectorShape::Const: return line + vector_operand(From::Const, 0) + to;
    case VectorShape::Splat: return line + operand(entry_.a, slots.a) + to;
    case VectorShape::Load:
    case VectorShape::Store:
    case VectorShape::LoadLane:
    case VectorShape::StoreLane: return write_vector_access();
    default: line += vector_operand(entry_.a, slots.a);
  }
  if (shape == VectorShape::Extract || shape == VectorShape::Replace) line += text("[%u]", slots.e);
  if (shape == VectorShape::Shift || shape == VectorShape::Replace) line += ", " + operand(entry_.b, slots.b);
  if (shape == VectorShape::Binary || shape == VectorShape::Ternary || shape == VectorShape::Shuffle) {
    line += ", " + vector_operand(entry_.b, slots.b);
  }
  if (shape == VectorShape::Ternary) line += ", " + vector_operand(entry_.c, slots.e);
  if (shape == VectorShape::Shuffle) line += ", " + vector_operand(From::Const, 0);
  return line + (gives_scalar(shape) ? this->to(slots.d) : to);
}

}  // namespace wherry::lower
