// The handlers of joined instructions without an access to memory; see engine/lower/joined.cc.
#include "engine/interpret/join_rows.h"

namespace wherry::interpret {

#define JOIN(...) hot_join<__VA_ARGS__>(),
constinit const lower::Handler join_handlers[] = {
#include "engine/interpret/joined.inc"
};

}  // namespace wherry::interpret
