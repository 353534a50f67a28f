#pragma once

#include <memory>
#include <string>

#include "cli/options.h"
#include "engine/inspect/text.h"
#include "wherry/result.h"

namespace wherry::cli {

class CompileServer;

// What a test script acts on: modules, instances and their names, and the host module `spectest`. One for each script.
class WastWorld {
 public:
  // With a compiler, modules are compiled before they are instantiated; it must outlive the world.
  static Result<WastWorld> create(const Invocation& invocation, CompileServer* compiler);
  WastWorld(WastWorld&&) noexcept;
  WastWorld& operator=(WastWorld&&) noexcept;
  ~WastWorld();

  // Carries out a command. Empty: it did, or the assertion holds; else why not, in one line (of a `wait`: in a line for
  // each command of the thread that failed). What the command's spans point into must live as long as the world.
  std::string run(const text::WastCommand& command);

  // How many assertions held in threads that have been waited for.
  uint64_t passed_in_threads() const;

 private:
  struct Impl;
  explicit WastWorld(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry::cli
