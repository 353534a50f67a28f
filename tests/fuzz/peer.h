#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/fuzz/observe.h"

namespace wherry::fuzz {

// Another engine in a process of its own, which answers requests (the protocol is described in peers/src/lib.rs). It is
// started when first needed, and again after it ended or did not answer for a minute. One thread.
class Peer {
 public:
  // `command` is split at spaces; its first word is a path.
  Peer(std::string name, const std::string& command);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  const std::string& name() const { return name_; }

  // Hands over a module and which calls to make; the answer is fetched later, so that both sides work meanwhile. False if
  // the process cannot be started or has ended.
  bool ask(const Input& input);

  // The answer, or nothing if there was none: then the process is gone.
  std::optional<std::string> answer();

 private:
  bool start();
  void stop();
  bool read(void* to, size_t size) const;

  const std::string name_;
  std::vector<std::string> words_;
  int to_ = -1;
  int from_ = -1;
  int pid_ = -1;
};

// Answers such requests with runs of this engine in a mode until the input ends: a build of Wherry as a peer of another.
void serve(const Mode& mode);

}  // namespace wherry::fuzz
