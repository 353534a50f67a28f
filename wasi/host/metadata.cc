// Hashes of metadata, keyed: SipHash, which was made for short inputs and a secret key. A library was not worth its weight
// for these lines; libsodium's, which the cache uses, is absent from cross builds.
#include "wasi/host/metadata.h"

#include <string.h>

#include <bit>

namespace wherry::wasi::host {

namespace {

struct Sip {
  uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void take(uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

template <size_t N>
uint64_t hash_words(const HashKey& key, const uint64_t (&words)[N]) {
  return siphash(key, {reinterpret_cast<const uint8_t*>(words), sizeof words});
}

}  // namespace

uint64_t siphash(const HashKey& key, std::span<const uint8_t> bytes) {
  Sip sip{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d, key[0] ^ 0x6c7967656e657261,
          key[1] ^ 0x7465646279746573};
  uint64_t last = static_cast<uint64_t>(bytes.size()) << 56;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    uint64_t word;
    memcpy(&word, bytes.data(), sizeof word);
    sip.take(word);
  }
  for (size_t i = 0; i < bytes.size(); ++i) last |= uint64_t{bytes[i]} << (8 * i);
  sip.take(last);
  sip.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) sip.round();
  return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}

MetadataHash metadata_hash(const HashKey& key, const struct stat& status) {
  const uint64_t identity[] = {status.st_dev, status.st_ino};
  const uint64_t contents[] = {
      status.st_dev,
      status.st_ino,
      static_cast<uint64_t>(status.st_size),
      static_cast<uint64_t>(status.st_mtim.tv_sec),
      static_cast<uint64_t>(status.st_mtim.tv_nsec),
      static_cast<uint64_t>(status.st_ctim.tv_sec),
      static_cast<uint64_t>(status.st_ctim.tv_nsec),
  };
  return {hash_words(key, identity), hash_words(key, contents)};
}

bool is_same_object(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

}  // namespace wherry::wasi::host
