#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string_view>

#include "component/flat.h"
#include "component/source_file.h"
#include "component/validate.h"
#include "engine/artifact/component_view.h"
#include "engine/wasm/type_registry.h"
#include "wherry/component.h"
#include "wherry/module.h"

// What stands behind the public classes of components. Only component/ includes this.
namespace wherry {

namespace detail {

struct ComponentState {
  explicit ComponentState(Engine with) : engine(std::move(with)) {}

  std::atomic<uint32_t> users{1};
  Engine engine;
  // Where the bytes are: one of these, or in `valid`. They go after what refers to them.
  std::unique_ptr<artifact::ComponentFile> file;  // Of a compiled one.
  std::unique_ptr<component::SourceFile> source;
  const wasm::TypeRegistry* registry = nullptr;  // The engine's.
  std::optional<component::ValidComponent> valid;
  base::Vector<Module> modules;  // By Component::modules.
  component::FlatComponent flat;
  base::Vector<Module> adapters;        // By FlatComponent::adapters; or none, then everything goes by plans.
  std::optional<base::Error> not_flat;  // Why it is valid and cannot be instantiated.

  const component::Types& types() const { return valid->types(); }
};

}  // namespace detail

// The one door from component/ into the private parts of public classes.
struct ComponentTypeAccess {
  static Component adopt(detail::ComponentState* state) { return Component(state); }
  static detail::ComponentState* state(const Component& component) { return component.state_.get(); }
  static ComponentType type(const detail::ComponentState* state, component::ValType type) {
    return type.is_none() ? ComponentType() : ComponentType(state, type.bits());
  }
  static component::ValType type(const ComponentType& type) {
    return component::ValType::from_bits(type.bits_);
  }
  static const detail::ComponentState* state(const ComponentType& type) { return type.state_; }
  static ComponentFuncType func(const detail::ComponentState* state, component::TypeId id) {
    return ComponentFuncType(state, id.value);
  }
  static component::TypeId id(const ComponentFuncType& type) { return component::TypeId(type.id_); }
  static const detail::ComponentState* state(const ComponentFuncType& type) { return type.state_; }
  static ComponentItem item(const detail::ComponentState* state, const component::Extern& item) {
    return ComponentItem(state, item.name, static_cast<uint32_t>(item.entity.sort), item.entity.id);
  }
  static component::Entity entity(const ComponentItem& item) {
    return {static_cast<component::Sort>(item.sort_), item.id_};
  }
  static const detail::ComponentState* state(const ComponentItem& item) { return item.state_; }
  static component::Features features(const ComponentFeatures& features);
};

namespace component {
// An engine's error as the embedder sees it.
Error to_public(const base::Error& error);
// What the bytes of a component belong to, if not to the component.
struct ComponentOwner {
  std::unique_ptr<artifact::ComponentFile> file;
  std::unique_ptr<SourceFile> source;
};
// A decoded component, made ready.
Result<wherry::Component> make_ready(const Engine& engine, Component&& decoded, ComponentOwner owner);
// What the engine lets core modules have.
Features features_for(const Engine& engine, const ComponentFeatures& wanted);
// The next core module of a compiled component.
Result<Module> load_compiled_module(const detail::ComponentState& state, uint32_t index);
// Those of adapters.
Result<void> load_compiled_adapters(detail::ComponentState* state);
}  // namespace component

}  // namespace wherry
