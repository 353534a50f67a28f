// Components that were compiled: one mapped file with the component's bytes and the machine code of its core modules. The component's own
// definitions are decoded and validated as always, since they decide what is called with what; of a core module only what a
// load of a compiled module reads (its metadata) is, and neither code nor bodies, data and names are touched.
//
// Rejected: keeping the flattened tree in the file. It would have to be checked as thoroughly as it is made, against what is in
// the component anyway.
#include <algorithm>
#include <new>
#include <string>

#include "component/decode.h"
#include "component/state.h"
#include "engine/wasm/errors.h"
#include "wherry/detail/adapter.h"
#include "wherry/detail/compiled_part.h"
#include "wherry/native_function.h"

namespace wherry {

namespace component {

namespace {

base::Failure damaged(const char* detail) {
  return base::fail(wasm::ErrorCode::ArtifactDamaged, base::Error::kNoOffset, detail);
}

}  // namespace

Result<Module> load_compiled_module(const detail::ComponentState& state, uint32_t index) {
  const uint32_t first = state.file->view().first_of(index);
  if (first != index) return state.modules[first];
  Result<Module> loaded = detail::load_part_unsafe(state.engine, *state.file, index);
  if (!loaded) return std::move(loaded).error().with_context("module " + std::to_string(index));
  return loaded;
}

Result<void> load_compiled_adapters(detail::ComponentState* state) {
  const artifact::ComponentView& view = state->file->view();
  const auto& adapters = state->flat.adapters;
  const auto count = static_cast<uint32_t>(view.parts().size()) - view.module_count();
  if (count != adapters.size()) return to_public(damaged("another number of adapters").error());
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t part = view.module_count() + i;
    if (!std::ranges::equal(view.module_at(part), adapters[i].module.span()))
      return to_public(damaged("another adapter").error());
    Result<Module> loaded = detail::load_part_unsafe(state->engine, *state->file, part);
    if (!loaded) return std::move(loaded).error().with_context("adapter " + std::to_string(i));
    detail::mark_adapter(*loaded);
    if (!state->adapters.push_back(*std::move(loaded))) return Error::out_of_memory();
  }
  return {};
}

namespace {

// Whether the file's modules are those that the component has.
base::Result<void> check_modules(const Component& decoded, const artifact::ComponentView& view) {
  if (decoded.modules.size() != view.module_count()) return damaged("another number of modules");
  for (uint32_t i = 0; i < decoded.modules.size(); ++i) {
    const base::ByteSpan module = view.module_at(i);
    if (decoded.modules[i].bytes.data() != module.data() || decoded.modules[i].bytes.size() != module.size())
      return damaged("module in another place");
  }
  return {};
}

Result<wherry::Component> load(const Engine& engine, base::Result<artifact::ComponentFile>&& opened,
                               const ComponentFeatures& wanted) {
  if (!opened) return to_public(opened.error());
  std::unique_ptr<artifact::ComponentFile> file(new (std::nothrow)
                                                    artifact::ComponentFile(*std::move(opened)));
  if (file == nullptr) return Error::out_of_memory();
  base::Result<Component> decoded = decode(file->view().component(), features_for(engine, wanted));
  if (!decoded) return to_public(decoded.error());
  if (base::Result<void> same = check_modules(*decoded, file->view()); !same) return to_public(same.error());
  return make_ready(engine, *std::move(decoded), {std::move(file), nullptr});
}

}  // namespace

}  // namespace component

Result<Component> Component::load_artifact_unsafe(const Engine& engine, const std::string& path,
                                                  const ComponentFeatures& features) {
  Result<Component> loaded = component::load(engine, artifact::ComponentFile::open(path.c_str()), features);
  if (!loaded) return std::move(loaded).error().with_context(path);
  return loaded;
}

Result<Component> Component::load_artifact_unsafe(const Engine& engine, Bytes bytes,
                                                  const ComponentFeatures& features) {
  return component::load(
      engine, artifact::ComponentFile::from_bytes(base::ByteSpan(bytes.data(), bytes.size())), features);
}

std::vector<NativeFunction> native_functions(const Component& component) {
  std::vector<NativeFunction> functions;
  const detail::ComponentState& state = *ComponentTypeAccess::state(component);
  if (state.file == nullptr) return functions;
  for (uint32_t i = 0; i < state.modules.size(); ++i) {
    if (state.file->view().first_of(i) != i) continue;  // The same module once more.
    for (NativeFunction& function : native_functions(state.modules[i]))
      functions.push_back(std::move(function));
  }
  return functions;
}

}  // namespace wherry
