#pragma once

#include "engine/artifact/format.h"
#include "engine/base/bytes.h"
#include "engine/base/result.h"

namespace wherry::artifact {

// PartsHeader::frame_hash of a component and its modules, which lie in it in order.
base::Result<uint64_t> frame_hash_of(base::ByteSpan component, std::span<const PartRow> parts);

}  // namespace wherry::artifact
