// The public Component: bytes or text become a decoded, validated and flattened component, whose core modules are Modules of
// the engine. A module is loaded when the validator comes to it, and what the engine then knows of it is what the validator reads: each
// is decoded and its types are entered once.
#include <cerrno>
#include <new>

#include "component/decode.h"
#include "component/source_file.h"
#include "component/state.h"
#include "component/text.h"
#include "engine/wasm/errors.h"
#include "wherry/detail/adapter.h"
#include "wherry/detail/compiled_part.h"
#include "wherry/text.h"

namespace wherry {

namespace component {

Error to_public(const base::Error& error) {
  ErrorKind kind = ErrorKind::Limit;
  switch (wasm::error_kind(error.code)) {
    case wasm::ErrorKind::Malformed: kind = ErrorKind::Malformed; break;
    case wasm::ErrorKind::Invalid: kind = ErrorKind::Invalid; break;
    case wasm::ErrorKind::Unsupported: kind = ErrorKind::Unsupported; break;
    case wasm::ErrorKind::Link: kind = ErrorKind::Link; break;
    default: break;
  }
  if (error.code == wasm::ErrorCode::OutOfMemory) return Error::out_of_memory();
  if (error.code == wasm::ErrorCode::FileChanged) kind = ErrorKind::Io;
  std::string message(wasm::error_message(error.code));
  if (!error.detail.empty()) message += ": " + error.detail;
  Error made = Error::make(kind, message);
  return error.offset == base::Error::kNoOffset ? std::move(made) : std::move(made).with_offset(error.offset);
}

}  // namespace component

namespace {

using component::to_public;

wasm::Features core_features(const Config& config) {
  wasm::Features features;
  for (uint32_t i = 0; i < wasm::kFeatureCount; ++i) {
    const auto feature = static_cast<wasm::Feature>(i);
    const Result<bool> enabled = config.features.enabled(wasm::feature_key(feature));
    if (enabled) features.set(feature, *enabled);
  }
  return features;
}

Result<Component> load_owned(const Engine& engine, base::Vector<uint8_t> bytes,
                             const ComponentFeatures& wanted) {
  base::Result<component::Component> decoded =
      component::decode(std::move(bytes), component::features_for(engine, wanted));
  if (!decoded) return to_public(decoded.error());
  return component::make_ready(engine, *std::move(decoded), {});
}

Result<Module> load_module(const detail::ComponentState& state, const component::Span& module) {
  Result<Module> loaded =
      detail::load_part(state.engine, Bytes(module.bytes.data(), module.bytes.size()), state.source.get());
  if (loaded) return loaded;
  Error error = std::move(loaded).error();
  const std::optional<uint64_t> offset = error.offset();
  return offset ? std::move(error).with_offset(*offset + module.offset) : std::move(error);
}

// An engine whose features are without globals that change has no adapters.
Result<void> load_adapters(detail::ComponentState* state) {
  for (const component::FlatAdapter& adapter : state->flat.adapters) {
    Result<Module> loaded = Module::load_borrowed(state->engine, adapter.module.span());
    if (!loaded) {
      if (loaded.error().kind() != ErrorKind::Unsupported) return std::move(loaded).error();
      state->adapters.clear();
      return {};
    }
    detail::mark_adapter(*loaded);
    if (!state->adapters.push_back(*std::move(loaded))) return Error::out_of_memory();
  }
  return {};
}

// What an adapter does is no instruction of a guest's, so it would cost fuel that the guest cannot know of: where fuel is
// counted, there are none.
Result<void> make_adapters_ready(detail::ComponentState* state) {
  if (state->engine.config().fuel) return {};
  return state->file != nullptr ? component::load_compiled_adapters(state) : load_adapters(state);
}

// For ValidateOptions::known_module. The engine's error stays behind in the loader, the one that is answered says that there is one.
struct ModuleLoader {
  detail::ComponentState* state;
  std::optional<Error> error;
};

base::Result<const validate::TypedModule*> known_module(void* context, uint32_t index,
                                                        const component::Span& span) {
  ModuleLoader& loader = *static_cast<ModuleLoader*>(context);
  detail::ComponentState& state = *loader.state;
  Result<Module> module =
      state.file != nullptr ? component::load_compiled_module(state, index) : load_module(state, span);
  if (module && state.modules.push_back(*module)) return &detail::typed_module(state.modules.back());
  loader.error = module ? Error::out_of_memory() : std::move(module).error();
  return base::fail(wasm::ErrorCode::OutOfMemory);
}

Result<void> fill(detail::ComponentState* state, component::Component&& decoded) {
  wasm::TypeRegistry& registry = detail::type_registry(state->engine);
  state->registry = &registry;
  ModuleLoader loader{state, {}};
  const component::ValidateOptions options{
      .bodies = component::Bodies::Leave, .known_module = &known_module, .context = &loader};
  base::Result<component::ValidComponent> valid = component::validate(std::move(decoded), registry, options);
  if (loader.error) return *std::move(loader.error);
  if (!valid) return to_public(valid.error());
  state->valid.emplace(*std::move(valid));
  base::Result<component::FlatComponent> flat = component::flatten(*state->valid, registry);
  if (flat) {
    state->flat = *std::move(flat);
    WHERRY_RETURN_IF_ERROR(make_adapters_ready(state));
  } else {
    state->not_flat = std::move(flat).error();
  }
  return {};
}

}  // namespace

Result<Component> component::make_ready(const Engine& engine, component::Component&& decoded,
                                        ComponentOwner owner) {
  auto* const state = new (std::nothrow) detail::ComponentState(engine);
  if (state == nullptr) return Error::out_of_memory();
  wherry::Component made = ComponentTypeAccess::adopt(state);
  state->file = std::move(owner.file);
  state->source = std::move(owner.source);
  Result<void> filled = fill(state, std::move(decoded));
  if (state->source != nullptr && state->source->has_shrunk())
    return to_public(base::Error{wasm::ErrorCode::FileChanged, base::Error::kNoOffset, {}});
  if (!filled) return std::move(filled).error();
  return made;
}

component::Features component::features_for(const Engine& engine, const ComponentFeatures& wanted) {
  Features features = ComponentTypeAccess::features(wanted);
  features.core = core_features(engine.config());
  return features;
}

// ---- features

component::Features ComponentTypeAccess::features(const ComponentFeatures& features) {
  component::Features made;
  for (uint32_t i = 0; i < component::kFeatureCount; ++i) {
    const auto feature = static_cast<component::Feature>(i);
    if ((features.turned_on_ >> i & 1) != 0) made.set(feature, true);
    if ((features.turned_off_ >> i & 1) != 0) made.set(feature, false);
  }
  return made;
}

Result<void> ComponentFeatures::set(std::string_view name, bool enabled) {
  uint32_t bits = (uint32_t{1} << component::kFeatureCount) - 1;
  if (name != "all") {
    const std::optional<component::Feature> found = component::find_feature(name);
    if (!found) return Error::usage("'" + std::string(name) + "' is no part of the component model");
    bits = uint32_t{1} << static_cast<uint32_t>(*found);
  }
  (enabled ? turned_on_ : turned_off_) |= bits;
  (enabled ? turned_off_ : turned_on_) &= ~bits;
  return {};
}

// ---- making one

namespace {

Result<Component> load_source(const Engine& engine, std::unique_ptr<component::SourceFile> source,
                              const ComponentFeatures& wanted) {
  base::Result<component::Component> decoded =
      component::decode(source->bytes(), component::features_for(engine, wanted));
  if (!decoded) return to_public(decoded.error());
  return component::make_ready(engine, *std::move(decoded), {nullptr, std::move(source)});
}

}  // namespace

Result<Component> Component::load(const Engine& engine, Bytes bytes, const ComponentFeatures& features) {
  base::Vector<uint8_t> copy;
  if (!copy.append(bytes)) return Error::out_of_memory();
  return load_owned(engine, std::move(copy), features);
}

Result<Component> Component::load_text(const Engine& engine, std::string_view text,
                                       const ComponentFeatures& features) {
  const base::ByteSpan source(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  base::Result<text::TextModule> parsed =
      component::parse_component(source, {.features = core_features(engine.config())});
  if (!parsed) {
    Error error = to_public(base::Error{parsed.error().code, base::Error::kNoOffset, parsed.error().detail});
    if (parsed.error().offset == base::Error::kNoOffset) return error;
    const text::LineColumn at = text::locate(source, parsed.error().offset);
    return std::move(error).with_position({static_cast<uint32_t>(at.line), static_cast<uint32_t>(at.column)});
  }
  return load_owned(engine, std::move(parsed->binary), features);
}

Result<Component> Component::load_file(const Engine& engine, const std::string& path,
                                       const ComponentFeatures& features) {
  std::unique_ptr<component::SourceFile> source(new (std::nothrow) component::SourceFile);
  if (source == nullptr) return Error::out_of_memory();
  const int problem = source->open(path, detail::may_map_files(engine));
  if (problem == ENOMEM) return Error::out_of_memory();
  if (problem != 0) return Error::io(problem, "cannot read " + path);
  const Bytes bytes(source->bytes().data(), source->bytes().size());
  Result<Component> loaded =
      is_binary(bytes)
          ? load_source(engine, std::move(source), features)
          : load_text(engine, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
                      features);
  if (!loaded) return std::move(loaded).error().with_context(path);
  return loaded;
}

bool Component::is_component(Bytes bytes) {
  return component::is_component(base::ByteSpan(bytes.data(), bytes.size()));
}
bool Component::is_component_text(std::string_view text) {
  return component::is_component_text({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

// ---- reading it

const Engine& Component::engine() const { return state_.get()->engine; }

namespace {

std::span<const component::Extern> list(const detail::ComponentState* state, bool imports) {
  const component::TypeNode& node = state->types()[state->valid->type()];
  return state->types().externs(imports ? node.imports : node.exports);
}
ComponentItem item_at(const detail::ComponentState* state, bool imports, size_t index) {
  const auto items = list(state, imports);
  return index < items.size() ? ComponentTypeAccess::item(state, items[index]) : ComponentItem();
}
ComponentItem find_item(const detail::ComponentState* state, bool imports, std::string_view name) {
  const component::TypeNode& node = state->types()[state->valid->type()];
  const component::Extern* const found = state->types().find(imports ? node.imports : node.exports, name);
  return found == nullptr ? ComponentItem() : ComponentTypeAccess::item(state, *found);
}

}  // namespace

size_t Component::import_count() const { return list(state_.get(), true).size(); }
size_t Component::export_count() const { return list(state_.get(), false).size(); }
ComponentItem Component::import_at(size_t index) const { return item_at(state_.get(), true, index); }
ComponentItem Component::export_at(size_t index) const { return item_at(state_.get(), false, index); }
ComponentItem Component::find_import(std::string_view name) const {
  return find_item(state_.get(), true, name);
}
ComponentItem Component::find_export(std::string_view name) const {
  return find_item(state_.get(), false, name);
}

namespace detail {

ComponentState* retain(ComponentState* state) noexcept {
  if (state != nullptr) state->users.fetch_add(1, std::memory_order_relaxed);
  return state;
}
void release(ComponentState* state) noexcept {
  if (state != nullptr && state->users.fetch_sub(1, std::memory_order_acq_rel) == 1) delete state;
}

}  // namespace detail

}  // namespace wherry
