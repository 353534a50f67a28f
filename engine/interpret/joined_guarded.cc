// The handlers of joined instructions, one of which accesses guarded memory; see engine/lower/joined.cc.
#include "engine/interpret/join_rows.h"

namespace wherry::interpret {

#define JOIN(...) faulting_join<__VA_ARGS__>(),
constinit const lower::Handler guarded_join_handlers[] = {
#include "engine/interpret/joined_guarded.inc"
};

}  // namespace wherry::interpret
