// Listings of the instructions on objects.
#include <bit>

#include "engine/lower/listing_entry.h"

namespace wherry::lower {

void Listing::Impl::add_objects(const HandlerTable& table) {
  const auto row = [this](const Handler* handlers, uint32_t at, Entry entry) {
    if (handlers != nullptr) add(handlers[at], entry);
  };
  each_from([&](From a, uint32_t ai) {
    each_to([&](To to, uint32_t ti) {
      const uint32_t at = ai * kToCount + ti;
      for (const Handler* fields : table.struct_get)
        row(fields, at, {.form = Form::FieldGet, .op = Op::StructGet, .a = a, .to = to});
      row(table.array_len, at, {.form = Form::Look, .op = Op::ArrayLen, .a = a, .to = to});
      row(table.ref_i31, at, {.form = Form::Look, .op = Op::RefI31, .a = a, .to = to});
      row(table.i31_get[0], at, {.form = Form::Look, .op = Op::I31GetU, .a = a, .to = to});
      row(table.i31_get[1], at, {.form = Form::Look, .op = Op::I31GetS, .a = a, .to = to});
      for (const Handler* tests : table.ref_test) {
        row(tests, at, {.form = Form::Look, .op = Op::RefTest, .a = a, .to = to, .flag = true});
      }
    });
    for (uint32_t which = 0; which < 3; ++which) {
      row(table.ref_cast[which], ai, {.form = Form::Cast, .op = Op::RefCast, .a = a});
      for (uint32_t sense = 0; sense < 2; ++sense) {
        row(table.branch_cast[sense][which], ai,
            {.form = Form::BranchCast, .op = Op::BrOnCast, .a = a, .flag = sense != 0});
      }
    }
    each_from([&](From b, uint32_t bi) {
      const uint32_t two = ai * kFromCount + bi;
      for (const Handler* fields : table.struct_set)
        row(fields, two, {.form = Form::FieldSet, .op = Op::StructSet, .a = a, .b = b});
      for (const Handler* elements : table.array_get) {
        each_to([&](To to, uint32_t ti) {
          row(elements, two * kToCount + ti,
              {.form = Form::ElementGet, .op = Op::ArrayGet, .a = a, .b = b, .to = to});
        });
      }
      for (const Handler* elements : table.array_set) {
        each_from([&](From c, uint32_t ci) {
          row(elements, two * kFromCount + ci,
              {.form = Form::ElementSet, .op = Op::ArraySet, .a = a, .b = b, .c = c});
        });
      }
    });
  });
  for (const Handler* forms : table.struct_new) {
    each_to([&](To to, uint32_t ti) {
      row(forms, ti, {.form = Form::StructNew, .op = Op::StructNew, .to = to});
    });
  }
  add(table.struct_new_large, {.form = Form::StructNew, .op = Op::StructNew});
}

std::string Line::write_object() {
  const auto slots = std::bit_cast<Slots>(word(position_ + 1));
  switch (entry_.form) {
    case Form::FieldGet:
      return name() + " " + operand(entry_.a, slots.a) + text("[%u]", slots.e) + to(slots.d);
    case Form::FieldSet: {
      const std::string object = operand(entry_.a, slots.a);
      return name() + " " + object + text("[%u], ", slots.e) + operand(entry_.b, slots.b);
    }
    case Form::ElementGet: {
      const std::string array = operand(entry_.a, slots.a);
      return name() + " " + array + "[" + operand(entry_.b, slots.b) + "]" + to(slots.d);
    }
    case Form::ElementSet: {
      const std::string array = operand(entry_.a, slots.a);
      const std::string index = operand(entry_.b, slots.b);
      return name() + " " + array + "[" + index + "], " + operand(entry_.c, slots.d);
    }
    case Form::Look:
      if (entry_.flag) ++next_;
      return name() + " " + operand(entry_.a, slots.a) + to(slots.d);
    case Form::Cast: ++next_; return name() + " " + operand(entry_.a, slots.a);
    case Form::BranchCast: {
      ++next_;
      const auto branch = std::bit_cast<SlotsBranch>(word(position_ + 1));
      return name() + (entry_.flag ? " " : "_fail ") + operand(entry_.a, branch.a) + label(branch.distance);
    }
    default: break;
  }
  ++next_;
  std::string line = name();
  for (uint32_t i = 0; i < slots.b && next_ < cells_.size(); ++i) {
    const auto pair = static_cast<uint32_t>(word(next_) >> (i % 2 * 32));
    line += text(" [%u]=s%u", pair & 0xffff, pair >> 16);
    if (i % 2 == 1 || i + 1 == slots.b) ++next_;
  }
  return line + to(slots.d);
}

}  // namespace wherry::lower
