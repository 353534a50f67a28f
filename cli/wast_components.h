#pragma once

#include <memory>
#include <optional>
#include <string>

#include "component/features.h"
#include "engine/inspect/text.h"
#include "wherry/engine.h"
#include "wherry/store.h"

namespace wherry::cli {

class CompileServer;

// The part of a test script's world that are components: definitions by name, and what is said of them. One for each
// world.
class WastComponents {
 public:
  // Instances are made in `store`, which must outlive this. Their core modules are compiled by `compiler`; null: interpreted.
  WastComponents(const component::Features& features, const Engine& engine, StoreRef store,
                 CompileServer* compiler);
  ~WastComponents();

  // Carries out a command that is about a component: definitions, instances, actions on them, assertions that one is
  // refused. See WastWorld::run for the answer. Nothing: the command is about modules.
  std::optional<std::string> run(const text::WastCommand& command);

  // What was instantiated last is a module.
  void forget_last();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wherry::cli
