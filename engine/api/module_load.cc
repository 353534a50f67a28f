// How modules are made: bytes, decoded; types, validated; bodies, validated now or when they are called.
//
// The bytes are the embedder's, a Blob's or a mapped file's, and stay where they are: the decoded module points into
// them. So a ModuleState is made first, which owns them, and everything else is built inside of it.
#include <new>

#include "engine/api/errors.h"
#include "engine/api/file.h"
#include "engine/api/native_code.h"
#include "engine/decode/decode.h"
#include "engine/instantiate/instantiate.h"
#include "engine/validate/typed_module.h"
#include "engine/wasm/errors.h"
#include "wherry/detail/compiled_part.h"
#include "wherry/module.h"

namespace wherry {

namespace {

base::Result<validate::TypedModule> read(detail::EngineState& engine, Bytes bytes, Validation validation) {
  wasm::Module decoded = WHERRY_TRY(decode::decode(bytes, {engine.features}));
  validate::TypedModule typed = WHERRY_TRY(validate::type_module(std::move(decoded), engine.types));
  if (validation == Validation::Lazy) {
    return typed;
  }
  validate::ValidModule valid = WHERRY_TRY(validate::validate(std::move(typed), engine.validation_threads));
  return std::move(valid).take();
}

// What running it needs: places for code, and what its instances share.
base::Result<void> prepare(detail::ModuleState& state) {
  detail::EngineState& engine = *EngineAccess::state(state.engine);
  state.code = WHERRY_TRY(lower::ModuleCode::create(state.typed, engine.lowering, *engine.handlers));
  state.provider.codes = state.code->provider()->codes;
  state.provider.prepare = &detail::ModuleState::Provider::prepare_code;
  state.provider.find = [](abi::CodeProvider* self, const abi::Cell* cell) {
    return static_cast<detail::ModuleState::Provider*>(self)->owner->code->site(cell);
  };
  state.provider.owner = &state;
  const bool has_image = state.artifact != nullptr && state.artifact->artifact.view().has_image();
  const runtime::MemoryImage* const image = has_image ? &state.artifact->image : nullptr;
  state.shape = WHERRY_TRY(instantiate::prepare_module(state.typed, &state.provider, image));
  return {};
}

// Who owns the bytes, if somebody does. One of the three.
struct Owner {
  Blob blob;
  api::FileBytes file;
  std::unique_ptr<api::LoadedArtifact> artifact;
};

// Takes the owner's parts when it succeeds.
Result<Module> make(const Engine& engine, Bytes bytes, Owner& owner) {
  detail::EngineState& engine_state = *EngineAccess::state(engine);
  validate::TypedModule typed =
      WHERRY_TRY_PUBLIC(owner.artifact ? api::read_module(engine_state, owner.artifact->artifact.view())
                                       : read(engine_state, bytes, engine.config().validation));
  auto* state = new (std::nothrow) detail::ModuleState(engine, std::move(typed));
  if (state == nullptr) {
    return Error::out_of_memory();
  }
  Module module = ModuleAccess::adopt(state);
  state->artifact = std::move(owner.artifact);
  WHERRY_TRY_PUBLIC(prepare(*state));
  state->bytes = std::move(owner.blob);
  state->file = std::move(owner.file);
  if (state->artifact != nullptr) {
    WHERRY_TRY_PUBLIC(api::attach_native(*state));
  }
  return module;
}

Result<Module> make(const Engine& engine, base::Result<artifact::Artifact>&& opened) {
  Owner owner;
  owner.artifact = WHERRY_TRY_PUBLIC(api::load_artifact(*EngineAccess::state(engine), std::move(opened)));
  const Bytes bytes = owner.artifact->artifact.wasm();
  return make(engine, bytes, owner);
}

}  // namespace

Result<Module> Module::load(const Engine& engine, Bytes bytes) {
  WHERRY_ASSIGN_OR_RETURN(Blob copy, Blob::copy(bytes));
  return load(engine, std::move(copy));
}

Result<Module> Module::load(const Engine& engine, Blob&& bytes) {
  Owner owner{std::move(bytes), {}, nullptr};
  return make(engine, owner.blob.bytes(), owner);
}

Result<Module> Module::load_borrowed(const Engine& engine, Bytes bytes) {
  Owner nobody;
  return make(engine, bytes, nobody);
}

Result<Module> Module::load_file(const Engine& engine, const std::string& path) {
  Owner owner;
  WHERRY_ASSIGN_OR_RETURN(owner.file, api::FileBytes::open(path, detail::may_map_files(engine)));
  Result<Module> module = make(engine, owner.file.bytes(), owner);
  const api::FileBytes& file = module.ok() ? ModuleAccess::state(*module)->file : owner.file;
  if (file.has_shrunk()) {
    return api::to_public(base::Error{wasm::ErrorCode::FileChanged, base::Error::kNoOffset, {}})
        .with_context(path);
  }
  if (!module) {
    return std::move(module).error().with_context(path);
  }
  return module;
}

Result<Module> Module::load_artifact_unsafe(const Engine& engine, const std::string& path) {
  Result<Module> module = make(engine, artifact::Artifact::open(path.c_str()));
  if (!module) {
    return std::move(module).error().with_context(path);
  }
  return module;
}

Result<Module> Module::load_artifact_unsafe(const Engine& engine, Bytes bytes) {
  return make(engine, artifact::Artifact::from_bytes(bytes));
}

Result<Module> detail::load_part_unsafe(const Engine& engine, const artifact::ComponentFile& file,
                                        uint32_t index) {
  return make(engine, artifact::Artifact::open_part(file, index));
}

Result<Module> detail::load_part(const Engine& engine, Bytes bytes, const MappedSource* source) {
  Owner nobody;
  WHERRY_ASSIGN_OR_RETURN(Module module, make(engine, bytes, nobody));
  ModuleAccess::state(module)->source = source;
  return module;
}

const validate::TypedModule& detail::typed_module(const Module& module) {
  return ModuleAccess::state(module)->typed;
}
wasm::TypeRegistry& detail::type_registry(const Engine& engine) { return EngineAccess::state(engine)->types; }
bool detail::may_map_files(const Engine& engine) {
  return EngineAccess::state(engine)->guard == runtime::Guard::On;
}

Result<void> Module::validate(const Engine& engine, Bytes bytes) {
  WHERRY_TRY_PUBLIC(read(*EngineAccess::state(engine), bytes, Validation::Eager));
  return {};
}

}  // namespace wherry

namespace wherry::detail {

bool ModuleState::has_shrunk() const { return source != nullptr ? source->has_shrunk() : file.has_shrunk(); }

bool ModuleState::Provider::prepare_code(abi::CodeProvider* self, abi::FuncCode* code, base::Error* error) {
  const ModuleState& module = *static_cast<Provider*>(self)->owner;
  abi::CodeProvider* const maker = module.native ? module.native->provider() : module.code->provider();
  if (maker->prepare(maker, code, error)) [[likely]] {
    return true;
  }
  if (module.has_shrunk()) {
    *error = base::Error{wasm::ErrorCode::FileChanged, base::Error::kNoOffset, {}};
  }
  return false;
}

}  // namespace wherry::detail
