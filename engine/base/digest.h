#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "engine/base/bytes.h"

namespace wherry::base {

// A cryptographic hash of 256 bits: who chooses the bytes cannot choose two inputs with the same one.
struct Digest {
  std::array<uint8_t, 32> bytes;
  friend bool operator==(const Digest&, const Digest&) = default;
};

// Of the parts, one behind the other; callers keep boundaries apart by what they put between. Thread-safe.
Digest digest_of(std::initializer_list<ByteSpan> parts);
inline Digest digest_of(ByteSpan bytes) { return digest_of({bytes}); }

}  // namespace wherry::base
