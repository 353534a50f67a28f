// The handler table read backwards: every address is entered with the family, operands and destination that led to
// it, sorted by address. Slow to make, which is fine for a listing.
#include "engine/lower/listing.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cinttypes>
#include <cstring>

#include "engine/abi/observe.h"
#include "engine/lower/joined.h"
#include "engine/lower/listing_entry.h"

namespace wherry::lower {
namespace {

constexpr const char* kPlainNames[] = {
    "",
    "",
    "br_if",
    "",
    "",
    "",
    "",
    "",
    "",
    "select",
    "move",
    "move",
    "move",
    "load_pins",
    "move2",
    "move_wide",
    "move_up",
    "global.get",
    "global.set",
    "br",
    "br_if",
    "br_table",
    "unreachable",
    "call",
    "call_import",
    "call_indirect",
    "call_ref",
    "return_call",
    "return_call_import",
    "return_call_indirect",
    "return_call_ref",
    "return",
    "return",
    "return",
    "return",
    "canonical_nan",
    "fuel",
    "interrupt",
    "observe",
    "",
    "v128.const",
    "",
    "",
    "v128.pin",
    "v128.move",
    "v128.select",
    "v128.global.get",
    "v128.global.set",
    "v128.return",
    "wide_enter",
    "wide_leave",
    "wide_shrink",
};

}  // namespace

void Listing::Impl::add_families(const HandlerTable& table) {
  for (uint32_t i = 0; i < wasm::kOpCount; ++i) {
    const Op op = static_cast<Op>(i);
    const Family family = family_of(op);
    const uint32_t f = family.index;
    switch (family.shape) {
      case Shape::Binary:
        each_from([&](From a, uint32_t ai) {
          each_from([&](From b, uint32_t bi) {
            const uint32_t at = ai * kFromCount + bi;
            each_to([&](To to, uint32_t ti) {
              add(table.binary[f][at * kToCount + ti],
                  {.form = Form::Binary, .op = op, .a = a, .b = b, .to = to});
            });
            if (table.compare_branch[f] == nullptr) return;
            for (uint32_t sense = 0; sense < 2; ++sense) {
              add(table.compare_branch[f][sense * kFromCount * kFromCount + at],
                  {.form = Form::CompareBranch, .op = op, .a = a, .b = b, .flag = sense != 0});
            }
          });
        });
        break;
      case Shape::Unary:
        each_from([&](From a, uint32_t ai) {
          each_to([&](To to, uint32_t ti) {
            add(table.unary[f][ai * kToCount + ti], {.form = Form::Unary, .op = op, .a = a, .to = to});
          });
        });
        break;
      case Shape::Load:
        each_from([&](From a, uint32_t ai) {
          each_to([&](To to, uint32_t ti) {
            add(table.load[f][ai * kToCount + ti], {.form = Form::Load, .op = op, .a = a, .to = to});
            each_from([&](From b, uint32_t bi) {
              add(table.load_indexed[f][(ai * kFromCount + bi) * kToCount + ti],
                  {.form = Form::LoadIndexed, .op = op, .a = a, .b = b, .to = to});
            });
          });
        });
        for (uint32_t is_64 = 0; is_64 < 2; ++is_64) {
          add(table.load_any[f][is_64], {.form = Form::LoadAny, .op = op, .flag = is_64 != 0});
        }
        break;
      case Shape::Store:
        each_from([&](From a, uint32_t ai) {
          each_from([&](From v, uint32_t vi) {
            add(table.store[f][ai * kFromCount + vi], {.form = Form::Store, .op = op, .a = a, .c = v});
            each_from([&](From b, uint32_t bi) {
              add(table.store_indexed[f][(ai * kFromCount + bi) * kFromCount + vi],
                  {.form = Form::StoreIndexed, .op = op, .a = a, .b = b, .c = v});
            });
          });
        });
        for (uint32_t is_64 = 0; is_64 < 2; ++is_64) {
          add(table.store_any[f][is_64], {.form = Form::StoreAny, .op = op, .flag = is_64 != 0});
        }
        break;
      case Shape::None: add(table.other[i], {.form = Form::Other, .op = op}); break;
    }
  }
}

void Listing::Impl::add_rest(const HandlerTable& table) {
  each_to([&](To to, uint32_t ti) {
    each_from([&](From a, uint32_t ai) {
      add(table.move[ai * kToCount + ti], {.form = Form::Move, .a = a, .to = to});
      each_from([&](From b, uint32_t bi) {
        each_from([&](From c, uint32_t ci) {
          add(table.select[((ai * kFromCount + bi) * kFromCount + ci) * kToCount + ti],
              {.form = Form::Select, .a = a, .b = b, .c = c, .to = to});
        });
      });
    });
    add(table.move_const[ti], {.form = Form::MoveConst, .a = From::Const, .to = to});
    for (uint32_t imported = 0; imported < 2; ++imported) {
      add(table.global_get[imported][ti], {.form = Form::GlobalGet, .to = to, .flag = imported != 0});
    }
  });
  each_from([&](From a, uint32_t ai) {
    for (uint32_t flag = 0; flag < 2; ++flag) {
      add(table.global_set[flag][ai], {.form = Form::GlobalSet, .a = a, .flag = flag != 0});
      add(table.branch_if[flag][ai], {.form = Form::BranchIf, .a = a, .flag = flag != 0});
      add(table.call_indirect[flag][ai], {.form = Form::CallIndirect, .a = a, .flag = flag != 0});
    }
    add(table.br_table[ai], {.form = Form::BrTable, .a = a});
    add(table.call_ref[ai], {.form = Form::CallRef, .a = a});
    for (const auto& by_from : table.return_one) add(by_from[ai], {.form = Form::ReturnOne, .a = a});
  });
  for (uint32_t flag = 0; flag < 2; ++flag) {
    add(table.return_call_indirect[flag], {.form = Form::ReturnCallIndirect, .flag = flag != 0});
  }
  add(table.move_f32, {.form = Form::MoveFloat});
  add(table.move_f64, {.form = Form::MoveFloat, .flag = true});
  for (uint32_t which = 0; which < 2; ++which) {
    each_from([&](From a, uint32_t ai) {
      add(table.pin_f64[ai][which], {.form = Form::Move, .a = a, .to = which == 0 ? To::Pin0 : To::Pin1});
    });
  }
  add(table.load_pins_f64, {.form = Form::LoadPins});
  add(table.move2, {.form = Form::Move2});
  add(table.move_wide, {.form = Form::MoveWide});
  add(table.wide_enter, {.form = Form::WideEnter});
  add(table.wide_leave, {.form = Form::WideLeave});
  add(table.wide_shrink, {.form = Form::WideShrink});
  add(table.move_up, {.form = Form::MoveUp});
  add(table.branch, {.form = Form::Branch});
  add(table.unreachable, {.form = Form::Unreachable});
  add(table.call, {.form = Form::Call});
  add(table.call_import, {.form = Form::CallImport});
  add(table.return_call, {.form = Form::ReturnCall});
  add(table.return_call_import, {.form = Form::ReturnCallImport});
  add(table.return_call_ref, {.form = Form::ReturnCallRef});
  for (const Handler handler : table.return_none) add(handler, {.form = Form::ReturnNone});
  for (const Handler handler : table.return_f32) add(handler, {.form = Form::ReturnFloat});
  for (const Handler handler : table.return_f64) add(handler, {.form = Form::ReturnFloat, .flag = true});
  add(table.return_many, {.form = Form::ReturnMany});
  for (const Handler handler : table.canonical_nan) add(handler, {.form = Form::CanonicalNan});
  add(table.fuel, {.form = Form::Fuel});
  add(table.interrupt, {.form = Form::Interrupt});
  add(table.look, {.form = Form::Interrupt});
  add(table.observe, {.form = Form::Observe});
}

void Listing::Impl::add_joined(const HandlerTable& table) {
  std::vector<Entry> joined;
  for (uint32_t row = 0; row < table.joins.rows; ++row) {
    const Join& join = table.joins.names[row];
    const Entry* first = find(address_in(handler_of(table, join.steps[0])));
    if (first == nullptr) continue;
    joined.push_back(*first);
    joined.back().handler = table.joins.handler(row);
    joined.back().joined = join.count;
  }
  entries.insert(entries.end(), joined.begin(), joined.end());
}

Listing::Listing(const HandlerTable& handlers) : impl_(std::make_unique<Impl>()) {
  impl_->add_families(handlers);
  impl_->add_rest(handlers);
  impl_->add_vectors(handlers.vector);
  impl_->add_vector_accesses(handlers.vector);
  impl_->add_objects(handlers);
  impl_->sort();
  impl_->add_joined(handlers);
  impl_->sort();
}

Listing::~Listing() = default;

std::string Line::name() const {
  if (entry_.op == Op::Nop) return kPlainNames[static_cast<uint32_t>(entry_.form)];
  return std::string(wasm::info(entry_.op).text);
}

std::string Line::write_memory() {
  const auto plain = std::bit_cast<SlotsOffset>(word(position_ + 1));
  const auto indexed = std::bit_cast<Slots>(word(position_ + 1));
  const std::string offset = text("+%u", plain.offset);
  switch (entry_.form) {
    case Form::Load:
      return name() + " " + (entry_.a == From::Const ? "" : operand(entry_.a, plain.a)) + offset +
             to(plain.d);
    case Form::Store: {
      const std::string address = entry_.a == From::Const ? "" : operand(entry_.a, plain.a);
      return name() + " " + address + offset + ", " + operand(entry_.c, plain.d);
    }
    case Form::LoadIndexed: {
      const std::string base = operand(entry_.a, indexed.a);
      return name() + " " + base + "+" + operand(entry_.b, indexed.b) + text("+%u", indexed.e) +
             to(indexed.d);
    }
    case Form::StoreIndexed: {
      const std::string base = operand(entry_.a, indexed.a);
      if (entry_.b == From::Const && entry_.c == From::Const) {
        const Cell both = word(next_++);
        return name() + " " + base +
               text("+%u+%u, %u", static_cast<uint32_t>(both), indexed.e, static_cast<uint32_t>(both >> 32));
      }
      const std::string index = operand(entry_.b, indexed.b);
      return name() + " " + base + "+" + index + text("+%u, ", indexed.e) + operand(entry_.c, indexed.d);
    }
    case Form::Other: {
      const uint64_t distance = word(next_);
      const uint64_t memory = word(next_ + 1);
      next_ += 2;
      return name() + text(" s%u+%" PRIu64 " [%u] memory %u", indexed.a, distance,
                           static_cast<uint32_t>(memory), static_cast<uint32_t>(memory >> 32));
    }
    default: {
      const uint64_t distance = word(next_);
      const uint64_t memory = word(next_ + 1);
      next_ += 2;
      return name() + text(" any s%u+%" PRIu64 " [%" PRIu64 "]", indexed.a, distance, memory) +
             (entry_.form == Form::LoadAny ? text(" -> s%u", indexed.d) : text(", s%u", indexed.b));
    }
  }
}

std::string Line::write_branch() {
  const auto slots = std::bit_cast<SlotsBranch>(word(position_ + 1));
  if (entry_.form == Form::Branch) return name() + label(slots.distance);
  if (entry_.form == Form::BranchIf) {
    return std::string(entry_.flag ? "br_if " : "br_unless ") + operand(entry_.a, slots.a) +
           label(slots.distance);
  }
  if (entry_.form == Form::CompareBranch) {
    const std::string left = operand(entry_.a, slots.a);
    return std::string(entry_.flag ? "br_if." : "br_unless.") + name() + " " + left + ", " +
           operand(entry_.b, slots.b) + label(slots.distance);
  }
  std::string line = name() + " " + operand(entry_.a, slots.a);
  if (slots.distance != 2) return line + " as" + label(slots.distance - 2);  // Another's table.
  const auto count = static_cast<uint32_t>(word(next_));
  for (uint32_t i = 1; i <= count + 1 && next_ + i / 2 < cells_.size(); ++i) {
    line += label(2 + static_cast<int32_t>(word(next_ + i / 2) >> (i % 2 * 32)));
  }
  next_ += (count + 3) / 2;
  return line;
}

std::string Line::write_call() {
  const Cell first = word(position_ + 1);
  std::string line = name();
  if (entry_.form == Form::CallIndirect || entry_.form == Form::ReturnCallIndirect) {
    const std::string index = operand(entry_.a, static_cast<uint16_t>(first));
    line += " " + index + text(" type %u", static_cast<uint32_t>(first >> 32));
    ++next_;
  } else if (entry_.form == Form::CallRef || entry_.form == Form::ReturnCallRef) {
    line += " " + operand(entry_.a, static_cast<uint16_t>(first));
  } else if (entry_.form == Form::CallImport || entry_.form == Form::ReturnCallImport) {
    line += text(" [%" PRIu64 "]", first);
  }
  return line + text(" base s%u", std::bit_cast<Slots>(word(next_++)).a);
}

std::string Line::write() {
  const auto slots = std::bit_cast<Slots>(word(position_ + 1));
  const auto far = std::bit_cast<SlotsOffset>(word(position_ + 1));
  switch (entry_.form) {
    case Form::Binary: {
      const std::string left = operand(entry_.a, slots.a);
      return name() + " " + left + ", " + operand(entry_.b, slots.b) + to(slots.d);
    }
    case Form::Unary:
    case Form::Move:
    case Form::MoveConst: return name() + " " + operand(entry_.a, slots.a) + to(slots.d);
    case Form::Load:
    case Form::LoadIndexed:
    case Form::Store:
    case Form::StoreIndexed:
    case Form::LoadAny:
    case Form::StoreAny: return write_memory();
    case Form::Select: {
      const std::string left = operand(entry_.a, slots.a);
      const std::string right = operand(entry_.b, slots.b);
      return name() + " " + left + ", " + right + ", " + operand(entry_.c, slots.e) + to(slots.d);
    }
    case Form::MoveFloat: return name() + (entry_.flag ? " f64 acc" : " f32 acc") + text(" -> s%u", slots.d);
    case Form::LoadPins: return name() + text(" s%u, s%u -> p0 p1", slots.a, slots.b);
    case Form::Move2: return name() + text(" s%u, s%u -> s%u, s%u", slots.a, slots.b, slots.d, slots.e);
    case Form::MoveWide: {
      const auto move = std::bit_cast<WideMove>(word(position_ + 1));
      return name() + text(" s%d -> s%d", static_cast<int32_t>(move.from), static_cast<int32_t>(move.to));
    }
    case Form::MoveUp: return name() + text(" s%u, %u -> s%u", slots.a, slots.b, slots.d);
    case Form::GlobalGet: return name() + text(" [%u]", far.offset) + to(far.d);
    case Form::GlobalSet: return name() + text(" [%u], ", far.offset) + operand(entry_.a, far.a);
    case Form::Branch:
    case Form::BranchIf:
    case Form::BrTable:
    case Form::CompareBranch: return write_branch();
    case Form::Call:
    case Form::CallImport:
    case Form::CallIndirect:
    case Form::CallRef:
    case Form::ReturnCall:
    case Form::ReturnCallImport:
    case Form::ReturnCallIndirect:
    case Form::ReturnCallRef: return write_call();
    case Form::ReturnOne: return name() + " " + operand(entry_.a, slots.a);
    case Form::ReturnFloat: return name() + (entry_.flag ? " f64 acc" : " f32 acc");
    case Form::ReturnMany: return name() + text(" s%u, %u", slots.a, slots.b);
    case Form::CanonicalNan: return name() + text(" s%u", slots.a);
    case Form::Fuel: return name() + text(" %" PRIu64, word(position_ + 1));
    case Form::Interrupt:
      return word(position_ + 1) > 1 ? name() + text(" %" PRIu64, word(position_ + 1)) : name();
    case Form::FieldGet:
    case Form::FieldSet:
    case Form::ElementGet:
    case Form::ElementSet:
    case Form::Look:
    case Form::Cast:
    case Form::BranchCast:
    case Form::StructNew: return write_object();
    case Form::Observe: {
      constexpr const char* kMoments[] = {"instruction", "enter", "return"};
      const auto what = std::bit_cast<abi::Observed>(std::array{word(position_ + 1), word(next_++)});
      const auto moment = static_cast<size_t>(what.moment);
      return name() + text(" %s s%u", moment < 3 ? kMoments[moment] : "?", what.slot);
    }
    case Form::Other: {
      if (is_atomic(wasm::info(entry_.op).immediate)) return write_memory();
      const Cell immediates = word(next_++);
      return name() + text(" s%u (%u %u)", slots.a, static_cast<uint32_t>(immediates),
                           static_cast<uint32_t>(immediates >> 32));
    }
    case Form::WideEnter: ++next_; return name() + text(" s%u, %u +%u", far.a, far.d, far.offset);
    case Form::WideLeave:
    case Form::WideShrink: return name() + text(" s%u, %u -%u", far.a, far.d, far.offset);
    default: return entry_.form >= Form::Vector ? write_vector() : name();
  }
}

uint32_t Listing::length(std::span<const Cell> cells, uint32_t position) const {
  const Entry* entry = position < cells.size() ? impl_->find(cells[position]) : nullptr;
  if (entry == nullptr) return 0;
  Line line(*entry, cells, position);
  static_cast<void>(line.write());
  return line.length();
}

std::string Listing::list(std::span<const Cell> cells) const {
  std::string lines;
  for (uint32_t position = 0; position < cells.size();) {
    const Entry* entry = impl_->find(cells[position]);
    lines += text("%5u: ", position);
    if (entry == nullptr) {
      lines += text("? %016" PRIx64 "\n", cells[position++]);
      continue;
    }
    Line line(*entry, cells, position);
    lines += line.write() + (entry->joined != 0 ? text(" {%u}", entry->joined) : "") + "\n";
    position += line.length();
  }
  return lines;
}

}  // namespace wherry::lower
