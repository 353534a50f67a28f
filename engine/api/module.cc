// Modules: what can be asked about one. How one is made is in module_load.cc.
//
// Types of imports and exports are made when asked for, from the engine's own, so that a module of 100,000 imports
// costs nothing that nobody looks at.
#include "wherry/module.h"

#include "engine/api/native_code.h"
#include "engine/api/types.h"
#include "engine/decode/name_section.h"

namespace wherry {

const Engine& Module::engine() const { return state_.get()->engine; }

std::string_view Module::name() const { return decode::NameSection(state_.get()->module()).module_name(); }

size_t Module::import_count() const { return state_.get()->module().imports.size(); }
size_t Module::export_count() const { return state_.get()->module().exports.size(); }

ImportType Module::import_at(size_t index) const {
  const detail::ModuleState& state = *state_.get();
  if (index >= state.module().imports.size()) {
    return {};
  }
  const wasm::Import& import = state.module().imports[index];
  return {import.module, import.name, api::to_public(state.shape->import_type(import))};
}

ExportType Module::export_at(size_t index) const {
  const detail::ModuleState& state = *state_.get();
  if (index >= state.module().exports.size()) {
    return {};
  }
  const wasm::Export& item = state.module().exports[index];
  return {item.name, api::to_public(state.shape->type_of(item.kind, item.index))};
}

std::optional<ExternType> Module::find_export(std::string_view name) const {
  const int64_t position = state_.get()->shape->find_export(name);
  if (position < 0) {
    return std::nullopt;
  }
  return export_at(static_cast<size_t>(position)).type;
}

size_t Module::custom_section_count() const { return state_.get()->module().customs.size(); }

CustomSection Module::custom_section_at(size_t index) const {
  const wasm::Module& module = state_.get()->module();
  if (index >= module.customs.size()) {
    return {};
  }
  return {module.customs[index].name, module.customs[index].bytes};
}

std::optional<Bytes> Module::custom_section(std::string_view name) const {
  for (const wasm::CustomSection& section : state_.get()->module().customs) {
    if (section.name == name) {
      return section.bytes;
    }
  }
  return std::nullopt;
}

namespace detail {

ModuleState::ModuleState(Engine with, validate::TypedModule&& module)
    : engine(std::move(with)), typed(std::move(module)) {}
ModuleState::~ModuleState() = default;

ModuleState* retain(ModuleState* state) noexcept {
  if (state != nullptr) {
    state->users.fetch_add(1, std::memory_order_relaxed);
  }
  return state;
}

void release(ModuleState* state) noexcept {
  if (state != nullptr && state->users.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    delete state;
  }
}

}  // namespace detail

}  // namespace wherry
