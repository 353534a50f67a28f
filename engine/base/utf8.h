#pragma once

#include "engine/base/bytes.h"

namespace wherry::base {

// Whether the bytes are UTF-8 as Unicode defines it: shortest forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(ByteSpan bytes);

}  // namespace wherry::base
