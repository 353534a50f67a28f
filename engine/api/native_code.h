#pragma once

#include <memory>

#include "engine/api/state.h"
#include "engine/artifact/artifact.h"

// Native code of modules.
namespace wherry::api {

// A compiled file that belongs to a module.
struct LoadedArtifact {
  artifact::Artifact artifact;
  uint64_t tier_seed = 0;
  runtime::MemoryImage image = {};  // Empty if it has none.

  // Whether the tests' coin leaves a function to the interpreter.
  bool leaves_out(uint32_t defined) const;
  native::Source source();
};

// Whether the code does what the engine's configuration asks for. Errors: opening's, ArtifactMismatch, OutOfMemory.
base::Result<std::unique_ptr<LoadedArtifact>> load_artifact(const detail::EngineState& engine,
                                                            base::Result<artifact::Artifact>&& opened);

// The module in it, which refers to it. Errors: as of decode() and type_module().
base::Result<validate::TypedModule> read_module(detail::EngineState& engine, const artifact::View& view);

// Gives a module its artifact's code. Error: OutOfMemory.
base::Result<void> attach_native(detail::ModuleState& module);

// The same from anywhere, before any of its functions was called. `source` must outlive the module.
base::Result<void> attach_native(detail::ModuleState& module, const native::Source& source);

}  // namespace wherry::api
