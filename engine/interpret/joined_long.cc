// The handlers of longer sequences, several of which access guarded memory more than once; see engine/lower/joined.cc. Apart
// from the others only so that two processors can compile them.
#include "engine/interpret/join_rows.h"

namespace wherry::interpret {

#define JOIN(...) long_join<__VA_ARGS__>(),
constinit const lower::Handler long_join_handlers[] = {
#include "engine/interpret/joined_long.inc"
};

}  // namespace wherry::interpret
