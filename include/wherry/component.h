// Component: a WebAssembly component that is ready to be instantiated.
//
// A component is what tool chains for Rust, Python, JavaScript, Go and C make today: core modules, and types for what they
// exchange with one another and with the host: strings, lists, records, resources. The way through this part of the API:
//
//   Component::load_file          the component: decoded, validated, its tree of instances resolved
//   ComponentLinker               what the host gives it, an interface at a time (component_linker.h, component_host.h)
//   ComponentLinker::instantiate  an instance in a store (component_instance.h)
//   ComponentInstance::typed      a function with C++ types, ComponentInstance::func one with dynamic values
//
//   Result<std::string> greet(const Engine& engine, const std::string& path) {
//     WHERRY_ASSIGN_OR_RETURN(Component component, Component::load_file(engine, path));
//     ComponentLinker linker(engine);
//     WHERRY_RETURN_IF_ERROR(linker.func("", "now", []() -> uint64_t { return 42; }));
//     WHERRY_ASSIGN_OR_RETURN(Store store, Store::create(engine));
//     WHERRY_ASSIGN_OR_RETURN(ComponentInstance instance, linker.instantiate(store, component));
//     WHERRY_ASSIGN_OR_RETURN(auto greet, instance.typed<std::string(std::string_view)>(store, "", "greet"));
//     return greet.call(store, "world");
//   }
//
// This part of the API is the library wherry_component; it stands on the rest like an embedder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wherry/blob.h"
#include "wherry/component_types.h"
#include "wherry/detail/shared.h"
#include "wherry/engine.h"
#include "wherry/result.h"

namespace wherry {

namespace detail {
ComponentState* retain(ComponentState* state) noexcept;
void release(ComponentState* state) noexcept;
}  // namespace detail

// Parts of the component model that can be on or off. Starts as: what its specification calls stable is on. What the core
// modules inside may use is said by the engine's Config. A plain value.
class ComponentFeatures {
 public:
  // Turns one on or off, or "all". The names are the rows of `wherry run -W help` that begin with "component-model":
  // "component-model-async", "component-model-fixed-length-lists". Error: Usage for an unknown name.
  Result<void> set(std::string_view name, bool enabled);

 private:
  friend struct ComponentTypeAccess;
  uint32_t turned_on_ = 0;
  uint32_t turned_off_ = 0;
};

// A component: decoded, validated, flattened. Its core modules are validated as Config::validation says.
//
// Immutable, and a counted reference like Module: copies are cheap and are the same component. Threads: safe.
//
// Errors of all functions that make one: Malformed and Invalid with the offset in the file (for text: the position),
// Unsupported for features that are off, Limit, OutOfMemory, Io for files.
//
// Corresponds to the `component` of Explainer.md of the component model, and to `wasmtime::component::Component`.
class Component {
 public:
  // Copies the bytes of a binary component.
  static Result<Component> load(const Engine& engine, Bytes bytes, const ComponentFeatures& features = {});
  // Reads a file, binary or text.
  static Result<Component> load_file(const Engine& engine, const std::string& path,
                                     const ComponentFeatures& features = {});
  // Parses a component in the text format.
  static Result<Component> load_text(const Engine& engine, std::string_view text,
                                     const ComponentFeatures& features = {});

  // Maps a compiled component, as `wherry compile` makes them, and runs the code of its core modules.
  //
  // UNSAFE, as Module::load_artifact_unsafe: a compiled file is machine code. What is checked is that it was made for this version, this
  // machine and the engine's Config, and that what is read from it is not damaged; nothing keeps the code of a file that somebody has
  // made up from doing whatever the process may do. Load only what you, or somebody you trust like your own program, have compiled.
  //
  // The file must not be changed while the Component lives; replacing it by renaming is harmless. Errors also: as of
  // Module::load_artifact_unsafe, with the number of the module where it is about one.
  static Result<Component> load_artifact_unsafe(const Engine& engine, const std::string& path,
                                                const ComponentFeatures& features = {});
  // The same of bytes in memory, which are copied.
  static Result<Component> load_artifact_unsafe(const Engine& engine, Bytes bytes,
                                                const ComponentFeatures& features = {});

  // Whether bytes begin like a binary component; a text like one in the text format.
  static bool is_component(Bytes bytes);
  static bool is_component_text(std::string_view text);

  const Engine& engine() const;

  // What it imports and exports, in its order. Views that live as long as the Component.
  size_t import_count() const;
  ComponentItem import_at(size_t index) const;
  size_t export_count() const;
  ComponentItem export_at(size_t index) const;
  // Empty if there is none of exactly that name.
  ComponentItem find_import(std::string_view name) const;
  ComponentItem find_export(std::string_view name) const;

  friend bool operator==(const Component& a, const Component& b) { return a.state_.get() == b.state_.get(); }

 private:
  friend struct ComponentTypeAccess;  // The engine's own way in.
  explicit Component(detail::ComponentState* state) : state_(state) {}

  detail::Shared<detail::ComponentState> state_;
};

}  // namespace wherry
