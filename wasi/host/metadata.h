// What tells two files apart, without telling what they are on the host.
#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <span>

namespace wherry::wasi::host {

// A secret, so that nobody can compute device and inode from a hash.
using HashKey = std::array<uint64_t, 2>;

struct MetadataHash {
  uint64_t lower = 0;  // stays while the file exists: C libraries make inode numbers of it
  uint64_t upper = 0;  // changes with the contents, too
};

MetadataHash metadata_hash(const HashKey& key, const struct stat& status);
bool is_same_object(const struct stat& one, const struct stat& other);

// SipHash-2-4 (Aumasson and Bernstein 2012).
uint64_t siphash(const HashKey& key, std::span<const uint8_t> bytes);

}  // namespace wherry::wasi::host
