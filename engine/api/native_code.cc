// Compiled files: whether they fit the engine, and what of them is run.
//
// Metering must be what the engine counts: code that charges no fuel would run for ever under a limit, and code that does,
// without one, would run out of what nobody gave it. Code that looks at deadlines, or that makes NaNs canonical, also serves who
// did not ask for that.
#include "engine/api/native_code.h"

#include <new>

#include "engine/artifact/known_module.h"
#include "engine/interpret/interpreter.h"
#include "engine/wasm/errors.h"

namespace wherry::api {

namespace {

using artifact::CodeFlag;

base::Failure mismatch(const char* detail) {
  return base::fail(wasm::ErrorCode::ArtifactMismatch, base::Error::kNoOffset, detail);
}

base::Result<void> check(const detail::EngineState& engine, const artifact::View& view) {
  const Config& config = engine.config;
  if (view.has(CodeFlag::Fuel) != config.fuel) {
    return mismatch(config.fuel ? "compiled without fuel, but Config::fuel is on"
                                : "compiled with fuel, but Config::fuel is off");
  }
  if (config.interruption && !view.has(CodeFlag::Interruption)) {
    return mismatch("compiled without interruption, but Config::interruption is on");
  }
  if (config.nan_canonicalization && !view.has(CodeFlag::CanonicalNan)) {
    return mismatch("compiled without canonical NaNs, but Config::nan_canonicalization is on");
  }
  if (view.has(CodeFlag::GuardPages) && engine.guard != runtime::Guard::On) {
    return mismatch("compiled for guard pages, but the engine handles no faults");
  }
  return {};
}

base::Result<void> add_image(LoadedArtifact* loaded) {
  const artifact::View& view = loaded->artifact.view();
  const artifact::Section* const section = view.find_section(artifact::SectionKind::Image);
  const base::ByteSpan bytes = view.section(artifact::SectionKind::Image);
  if (!loaded->image.runs.reserve(view.image_runs().size())) {
    return base::fail(wasm::ErrorCode::OutOfMemory);
  }
  loaded->image.descriptor = loaded->artifact.descriptor();
  for (const artifact::ImageRun& run : view.image_runs()) {
    (void)loaded->image.runs.push_back({run.memory_offset,
                                        loaded->artifact.place_of(*section) + run.image_offset,
                                        bytes.subspan(run.image_offset, run.size_bytes)});
  }
  return {};
}

}  // namespace

bool LoadedArtifact::leaves_out(uint32_t defined) const {
  if (tier_seed == 0) {
    return false;
  }
  uint64_t hash = (tier_seed ^ defined) * 0x9e3779b97f4a7c15;
  hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93;
  return (hash >> 63) != 0;
}

native::Source LoadedArtifact::source() {
  const base::ByteSpan text = artifact.text();
  return {.environment = this,
          .begin = reinterpret_cast<uintptr_t>(text.data()),
          .end = reinterpret_cast<uintptr_t>(text.data() + text.size()),
          .may_fault = artifact.view().has(CodeFlag::GuardPages),
          .kind = abi::native_kind(artifact.is_flagged(), artifact.view().has(CodeFlag::TailCalls)),
          .function = [](void* self, uint32_t defined) -> const void* {
            const auto& loaded = *static_cast<const LoadedArtifact*>(self);
            return loaded.leaves_out(defined) ? nullptr : loaded.artifact.native_entry(defined);
          },
          .thunk =
              [](void* self, uint32_t type_index) {
                return static_cast<const LoadedArtifact*>(self)->artifact.enter_thunk(type_index);
              },
          .find =
              [](void* self, const void* pc, uint32_t* defined, uint64_t* module_offset) {
                const auto place = static_cast<const LoadedArtifact*>(self)->artifact.find(pc);
                if (!place) {
                  return false;
                }
                *defined = place->defined;
                *module_offset = place->wasm_offset;
                return true;
              }};
}

base::Result<std::unique_ptr<LoadedArtifact>> load_artifact(const detail::EngineState& engine,
                                                            base::Result<artifact::Artifact>&& opened) {
  artifact::Artifact artifact = WHERRY_TRY(std::move(opened));
  WHERRY_TRY(check(engine, artifact.view()));
  std::unique_ptr<LoadedArtifact> loaded(
      new (std::nothrow) LoadedArtifact{std::move(artifact), engine.config.advanced.tier_seed});
  if (loaded == nullptr) {
    return base::fail(wasm::ErrorCode::OutOfMemory);
  }
  WHERRY_TRY(add_image(loaded.get()));
  return loaded;
}

base::Result<validate::TypedModule> read_module(detail::EngineState& engine, const artifact::View& view) {
  wasm::Module module = WHERRY_TRY(artifact::read_module(view, engine.features));
  const validate::CompiledParts compiled{view.declared_refs(), view.has_image()};
  return validate::type_module(std::move(module), engine.types, &compiled);
}

base::Result<void> attach_native(detail::ModuleState& module) {
  if (module.engine.config().advanced.observations != 0) {
    return {};  // Only interpreted code tells observers.
  }
  return attach_native(module, module.artifact->source());
}

base::Result<void> attach_native(detail::ModuleState& module, const native::Source& source) {
  module.native = WHERRY_TRY(native::ModuleCode::create(
      module.module(), module.typed.types, module.code->provider(), source, interpret::tier().native_entry));
  return {};
}

}  // namespace wherry::api
