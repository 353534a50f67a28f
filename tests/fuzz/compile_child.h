#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/fuzz/child.h"
#include "wherry/blob.h"

namespace wherry::fuzz {

// A `wherryc --serve` (compiler/serve.h): modules go in, artifacts come out. Started when first needed, and again after it
// ended. One thread.
class CompileChild {
 public:
  // `program` is a path, or one and arguments; `settings` are those of settings_of().
  CompileChild(const std::string& program, const std::string& settings)
      : child_(program + " --serve --features=all --threads=1 " + settings) {}

  // Hands over a module; the artifact is fetched later. False if the process cannot be started or has ended.
  bool ask(Bytes module);

  // The artifact; nothing if there is none, and why in `message`.
  std::optional<std::vector<uint8_t>> answer(std::string* message);

 private:
  Child child_;
};

}  // namespace wherry::fuzz
