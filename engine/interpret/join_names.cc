// The names of all joined sequences, and the table in which lowering finds them, made by the compiler: a program that starts
// has nothing to set up (it was 320,000 instructions a module). See engine/lower/joined.cc.
#include "engine/interpret/join_rows.h"

namespace wherry::interpret {

#define JOIN(...) named<__VA_ARGS__>(),
constexpr lower::Join join_names[join_rows] = {
#include "engine/interpret/joined.inc"
#define JOIN(...) named<__VA_ARGS__>(),
#include "engine/interpret/joined_guarded.inc"
#define JOIN(...) named<__VA_ARGS__>(),
#include "engine/interpret/joined_long.inc"
};

namespace {

consteval bool access_memory(uint32_t from, uint32_t to) {
  for (uint32_t row = from; row < to; ++row) {
    uint32_t accesses = 0;
    for (uint32_t i = 0; i < join_names[row].count; ++i)
      accesses += lower::may_fault(join_names[row].steps[i]);
    if (accesses != (from != 0 ? 1 : 0)) return false;
  }
  return true;
}
static_assert(access_memory(0, plain_join_rows), "rows of joined.inc access no memory");
static_assert(access_memory(plain_join_rows, short_join_rows),
              "rows of joined_guarded.inc access memory once");

static_assert(lower::StepNumbers::kEnd + join_rows <= 0x10000, "JoinEntry has 16 bits");

consteval JoinEntries make_entries() {
  JoinEntries entries{};
  if (!lower::enter_joins(join_names, join_shift, entries.cells, &entries.pairs))
    __builtin_trap();  // A row comes before those it begins with: this does not compile.
  return entries;
}

}  // namespace

constinit const JoinEntries join_entries = make_entries();

}  // namespace wherry::interpret
