// BLAKE2b-256 by libsodium, whose portable form does 1 GB/s and, in a static program, brings neither constructors nor CPUID: a module of
// 20 MB takes 20 ms, and a program that hashes nothing pays nothing. OpenSSL's SHA-256 and nettle ask the processor for its features
// at the start of every program (40 us in a virtual machine); BLAKE3 is not packaged by Debian 12.
#include "engine/base/digest.h"

#include <sodium/crypto_generichash_blake2b.h>

namespace wherry::base {

Digest digest_of(std::initializer_list<ByteSpan> parts) {
  Digest digest{};
  crypto_generichash_blake2b_state state;
  crypto_generichash_blake2b_init(&state, nullptr, 0, digest.bytes.size());
  for (const ByteSpan part : parts) crypto_generichash_blake2b_update(&state, part.data(), part.size());
  crypto_generichash_blake2b_final(&state, digest.bytes.data(), digest.bytes.size());
  return digest;
}

}  // namespace wherry::base
