// BLAKE2b-256 by libsodium, whose portable form does 1 GB/s and, in a static program, brings neither constructors nor CPUID: a module of
// 20 MB takes 20 ms, and a program that hashes nothing pays nothing. OpenSSL's SHA-256 and nettle ask the processor for its features
// at the start of every program (40 us in a virtual machine); BLAKE3 is not packaged by Debian 12.
#include "engine/base/digest.h"

#include <sodium/crypto_generichash_blake2b.h>

namespace wherry::base {

namespace {

using State = crypto_generichash_blake2b_state;

}  // namespace

Hasher::Hasher() {
  static_assert(sizeof(State) <= sizeof(state_) && alignof(State) <= 64);
  crypto_generichash_blake2b_init(reinterpret_cast<State*>(state_), nullptr, 0, sizeof(Digest::bytes));
}

void Hasher::add(ByteSpan bytes) {
  crypto_generichash_blake2b_update(reinterpret_cast<State*>(state_), bytes.data(), bytes.size());
}

Digest Hasher::finish() {
  Digest digest{};
  crypto_generichash_blake2b_final(reinterpret_cast<State*>(state_), digest.bytes.data(),
                                   digest.bytes.size());
  return digest;
}

Digest digest_of(ByteSpan bytes) {
  Hasher hasher;
  hasher.add(bytes);
  return hasher.finish();
}

std::string Digest::hex() const {
  std::string text;
  for (const uint8_t byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace wherry::base
