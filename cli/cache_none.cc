// A build without a library of cryptographic hashes has no cache; everything is found to be not there.
#include <utility>

#include "cli/cache.h"
#include "cli/console.h"

namespace wherry::cli {

std::optional<std::array<uint8_t, 32>> digest_of_bytes(Bytes) { return std::nullopt; }

std::optional<Cache> Cache::open(const Invocation& invocation) {
  const KeySetting* const wanted = invocation.key(KeyId::Cache);
  if (wanted != nullptr && wanted->number != 0) complain("this build has no cache of compiled code");
  return std::nullopt;
}
Cache::Cache(Cache&& other) noexcept : invocation_(other.invocation_) {}
Cache::~Cache() = default;
std::string Cache::find(const char*) { return {}; }
void Cache::compile_in_background() {}

}  // namespace wherry::cli
