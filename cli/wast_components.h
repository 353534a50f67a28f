#pragma once

#include <memory>
#include <optional>
#include <string>

#include "component/features.h"
#include "engine/inspect/text.h"

namespace wherry::cli {

// The part of a test script's world that are components: definitions by name, and what is said of them. One for each
// world.
class WastComponents {
 public:
  explicit WastComponents(const component::Features& features);
  ~WastComponents();

  // Carries out a command that is about a component (definitions, instances, assertions that one is refused); see
  // WastWorld::run for the answer. Nothing: the command is about modules, or an action, which belongs to whatever was
  // instantiated last.
  std::optional<std::string> run(const text::WastCommand& command);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry::cli
