#pragma once

#include <cstdint>

#include "engine/base/bytes.h"

namespace wherry::artifact {

struct Header;

// XXH3-64: finds damage, not malice.
uint64_t hash_of(base::ByteSpan bytes);

// Of a header with its own field taken as 0.
uint64_t header_hash_of(const Header& header);

// Of every layout and number in engine/abi that compiled code depends on.
uint64_t abi_hash();

}  // namespace wherry::artifact
