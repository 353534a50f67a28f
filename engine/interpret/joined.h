#pragma once

#include "engine/lower/joined.h"

// The handlers of joined instructions, as HandlerTable::joins wants them: those without an access to memory, those
// with one access to a guarded memory, and longer ones with any number of them. The names and the table are of all, in this
// order.
namespace wherry::interpret {

extern const lower::Handler join_handlers[];
extern const lower::Handler guarded_join_handlers[];
extern const lower::Handler long_join_handlers[];

// clang-format off
#define JOIN(...) + 1
inline constexpr uint32_t plain_join_rows = 0
#include "engine/interpret/joined.inc"
    ;
#define JOIN(...) + 1
inline constexpr uint32_t short_join_rows = plain_join_rows
#include "engine/interpret/joined_guarded.inc"
    ;
#define JOIN(...) + 1
inline constexpr uint32_t join_rows = short_join_rows
#include "engine/interpret/joined_long.inc"
    ;
// clang-format on
extern const lower::Join join_names[join_rows];

inline constexpr uint32_t join_shift = lower::join_shift(join_rows);
struct JoinEntries {
  lower::JoinEntry cells[uint32_t{1} << (32 - join_shift)];
  lower::JoinPairs pairs;
};
extern const JoinEntries join_entries;

}  // namespace wherry::interpret
