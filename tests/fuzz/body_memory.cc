// Memories and tables in generated bodies. Addresses come mostly from two locals that are kept below 4 KiB.
#include <iterator>

#include "tests/fuzz/body.h"

namespace wherry::fuzz {

namespace {

// Loads and stores: code and value. The order is that of the codes.
constexpr Type kLoaded[] = {kI32, kI64, kF32, kF64, kI32, kI32, kI32,
                            kI32, kI64, kI64, kI64, kI64, kI64, kI64};
constexpr Type kStored[] = {kI32, kI64, kF32, kF64, kI32, kI32, kI64, kI64, kI64};

}  // namespace

// ---- memory

void Body::raw_address(uint32_t depth) {
  const uint32_t small = small_local(decisions_.below(kSmallLocals));
  switch (decisions_.below(8)) {
    case 0:
    case 1: local(0x20, small); return;
    case 2:
    case 3:
      local(0x20, small);
      number(decisions_.byte(), kI32);
      out_.op(0x6a);
      return;
    case 4:
      local(0x20, small);
      local(0x20, small_local(decisions_.below(kSmallLocals)));
      out_.op(0x6a);
      return;
    case 5:
      local(0x20, small);
      number(decisions_.below(4), kI32);
      out_.op(0x74);
      return;
    case 6: number(decisions_.bits(1 + decisions_.below(2)), kI32); return;
    default: break;
  }
  make(kI32, depth + 2);
  pop(1);
  if (risky(8)) return;
  number(0xfff, kI32);
  out_.op(0x71);
}

void Body::address(uint32_t memory, uint32_t depth) {
  raw_address(depth);
  if (memory == 0 && plan_.memory_is_64) out_.op(0xad);
}

void Body::memory_argument(uint32_t memory) {
  out_.byte(memory == 0 ? 0 : 0x40);
  if (memory != 0) out_.unsigned_leb(memory);
  const uint32_t choice = decisions_.below(16);
  if (choice == 15 && risky(1))
    out_.unsigned_leb(decisions_.once_in(4) ? 0xfffffff0 : 0xfff8);
  else
    out_.unsigned_leb(choice < 6 ? 0 : decisions_.byte());
}

void Body::make_load(Type type, uint32_t depth) {
  uint32_t which = decisions_.below(std::size(kLoaded));
  while (kLoaded[which] != type) which = (which + 1) % std::size(kLoaded);
  const uint32_t memory = choose_memory();
  address(memory, depth);
  out_.op(0x28 + which);
  memory_argument(memory);
  push(type);
}

void Body::store() {
  const uint32_t which = decisions_.below(std::size(kStored));
  const uint32_t memory = choose_memory();
  address(memory, 0);
  push(memory == 0 && plan_.memory_is_64 ? kI64 : kI32);
  make(kStored[which], 0);
  if (is_float(kStored[which])) hide_nan(kStored[which]);
  out_.op(0x36 + which);
  memory_argument(memory);
  pop(2);
}

void Body::bulk_memory() {
  const uint32_t memory = choose_memory();
  const bool wide = memory == 0 && plan_.memory_is_64;
  const Type index = wide ? kI64 : kI32;
  switch (decisions_.below(6)) {
    case 0:
      out_.op(0x3f);
      out_.unsigned_leb(memory);
      push(index);
      return;
    case 1:
      number(decisions_.below(3), index);
      out_.op(0x40);
      out_.unsigned_leb(memory);
      push(index);
      return;
    case 2:
      address(memory, 0);
      number(decisions_.byte(), kI32);
      number(decisions_.byte(), index);
      out_.op(0xfc00b);
      out_.unsigned_leb(memory);
      return;
    case 3: {
      const uint32_t source = choose_memory();
      const bool from_wide = source == 0 && plan_.memory_is_64;
      address(memory, 0);
      address(source, 0);
      number(decisions_.byte(), wide && from_wide ? kI64 : kI32);
      out_.op(0xfc00a);
      out_.unsigned_leb(memory);
      out_.unsigned_leb(source);
      return;
    }
    case 4:
      address(memory, 0);
      number(decisions_.below(40), kI32);
      number(decisions_.below(30), kI32);
      out_.op(0xfc008);
      out_.unsigned_leb(0);
      out_.unsigned_leb(memory);
      return;
    default:
      if (!decisions_.once_in(8)) return;
      out_.op(0xfc009);
      out_.unsigned_leb(0);
  }
}

// ---- tables

void Body::make_table_get(Type type, uint32_t depth) {
  table_index(type, depth);
  out_.op(0x25);
  out_.unsigned_leb(table_of(type));
  push(type);
}

void Body::table_index(Type type, uint32_t depth) {
  if (risky(16)) {
    make(table_index_type(), depth + 2);
    pop(1);
  } else {
    number(decisions_.below(size_of(type)), table_index_type());
  }
}

void Body::tables() {
  const Type type = decisions_.once_in(2) ? kExternRef : kFuncRef;
  const uint32_t table = table_of(type);
  const Type index = table_index_type();
  switch (decisions_.below(7)) {
    case 0:
      table_index(type, 0);
      push(index);
      make(type, 2);
      out_.op(0x26);
      out_.unsigned_leb(table);
      pop(2);
      return;
    case 1:
      out_.op(0xfc010);
      out_.unsigned_leb(table);
      push(index);
      return;
    case 2:
      make(type, 2);
      number(decisions_.below(3), index);
      out_.op(0xfc00f);
      out_.unsigned_leb(table);
      pop(1);
      push(index);
      return;
    case 3:
      table_index(type, 0);
      push(index);
      make(type, 2);
      number(decisions_.below(3), index);
      out_.op(0xfc011);
      out_.unsigned_leb(table);
      pop(2);
      return;
    case 4:
      for (uint32_t i = 0; i < 3; ++i) number(decisions_.below(3), index);
      out_.op(0xfc00e);
      out_.unsigned_leb(table);
      out_.unsigned_leb(table);
      return;
    case 5:
      number(decisions_.below(3), index);
      for (uint32_t i = 0; i < 2; ++i) number(decisions_.below(3), kI32);
      out_.op(0xfc00c);
      out_.unsigned_leb(1);
      out_.unsigned_leb(0);
      return;
    default:
      if (!decisions_.once_in(8)) return;
      out_.op(0xfc00d);
      out_.unsigned_leb(1);
  }
}

}  // namespace wherry::fuzz
