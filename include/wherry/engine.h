// Engine: what modules and stores share.
#pragma once

#include "wherry/config.h"
#include "wherry/detail/shared.h"
#include "wherry/result.h"

namespace wherry {

// The root of everything: settings, canonical types, and the clock that watches deadlines.
//
// A process usually has one, and makes it first. An Engine is a counted reference: copies are cheap and are the same
// engine; Modules and Stores keep theirs alive, so that the order of destruction does not matter. Modules, stores and
// linkers of different engines cannot be mixed: that fails with kind Usage.
//
// Threads: safe. Any number of threads may use copies, or one Engine, at once.
//
// Creating one takes a microsecond. The process's first engine installs the signal handlers (unless
// AdvancedConfig::signals_based_traps is off); the first deadline starts a thread.
//
// Corresponds to wasm-c-api `wasm_engine_t`.
class Engine {
 public:
  // An engine with these settings. Errors: Usage for settings that contradict one another, Unsupported for those that
  // this version cannot do (see Config), OutOfMemory.
  static Result<Engine> create(const Config& config = {});

  // The settings it was made with. Lives as long as the engine.
  const Config& config() const;

  // Whether two references mean the same engine.
  friend bool operator==(const Engine& a, const Engine& b) { return a.state_.get() == b.state_.get(); }

 private:
  friend struct EngineAccess;  // The engine's own way in.
  explicit Engine(detail::EngineState* state) : state_(state) {}

  detail::Shared<detail::EngineState> state_;
};

}  // namespace wherry
