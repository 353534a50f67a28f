#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "engine/base/bytes.h"

namespace wherry::base {

// A cryptographic hash of 256 bits: who chooses the bytes cannot choose two inputs with the same one.
struct Digest {
  std::array<uint8_t, 32> bytes;

  std::string hex() const;
  friend bool operator==(const Digest&, const Digest&) = default;
};

// Hashes what it is given, piece by piece; callers keep boundaries apart by what they put between. Not thread-safe.
class Hasher {
 public:
  Hasher();
  void add(ByteSpan bytes);
  // Once.
  Digest finish();

 private:
  alignas(64) std::byte state_[384];  // The library's.
};

Digest digest_of(ByteSpan bytes);

}  // namespace wherry::base
