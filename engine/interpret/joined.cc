// The handlers of joined instructions without an access to memory; see engine/lower/joined.cc.
#include "engine/interpret/join_rows.h"

namespace wherry::interpret {

#define JOIN(...) hot_row<__VA_ARGS__>(),
constinit const lower::Join joins[] = {
#include "engine/interpret/joined.inc"
    {},
};

}  // namespace wherry::interpret
