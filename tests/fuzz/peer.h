#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/fuzz/child.h"
#include "tests/fuzz/observe.h"

namespace wherry::fuzz {

// Another engine in a process of its own, which answers requests (the protocol is described in peers/src/lib.rs). It is
// started when first needed, and again after it ended or did not answer for a minute. One thread.
class Peer {
 public:
  Peer(std::string name, const std::string& command) : name_(std::move(name)), child_(command) {}

  const std::string& name() const { return name_; }

  // Hands over a module and which calls to make; the answer is fetched later, so that both sides work meanwhile. False if
  // the process cannot be started or has ended.
  bool ask(const Input& input);

  // The answer, or nothing if there was none: then the process is gone.
  std::optional<std::string> answer();

 private:
  const std::string name_;
  Child child_;
};

// Answers such requests with runs of this engine in a mode until the input ends: a build of Wherry as a peer of another.
void serve(const Mode& mode);

}  // namespace wherry::fuzz
