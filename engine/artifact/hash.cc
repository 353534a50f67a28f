// XXH3 by the xxHash library, all of it inline: 10 GB/s and more, so that the header and the table of 90,000 functions cost 40 us.
// Rejected for loading: a cryptographic hash. Who can write a compiled file can write what code does, and its hash with
// it; trust comes from where a file lies (docs/artifact.md), not from what it says about itself.
#include "engine/artifact/hash.h"

#include <cstddef>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "engine/artifact/format.h"

namespace wherry::artifact {

uint64_t hash_of(base::ByteSpan bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

uint64_t header_hash_of(const Header& header) {
  Header copy;
  std::memcpy(&copy, &header, sizeof(copy));
  copy.header_hash = 0;
  return hash_of({reinterpret_cast<const uint8_t*>(&copy), sizeof(copy)});
}

}  // namespace wherry::artifact
