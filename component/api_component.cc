// The public Component: bytes or text become a decoded, validated and flattened component, whose core modules are Modules of
// the engine. They are decoded a second time by Module::load, which keeps component/ on the public API; sections are scanned at a gigabyte a
// second, and bodies are validated once, there.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <new>

#include "component/decode.h"
#include "component/state.h"
#include "component/text.h"
#include "engine/base/os/descriptor.h"
#include "engine/wasm/errors.h"
#include "wherry/detail/adapter.h"
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
  return component::make_ready(engine, *std::move(decoded), nullptr);
}

Result<void> load_modules(detail::ComponentState* state) {
  for (const component::Span& module : state->valid.component().modules) {
    Result<Module> loaded =
        Module::load_borrowed(state->engine, Bytes(module.bytes.data(), module.bytes.size()));
    if (!loaded) {
      Error error = std::move(loaded).error();
      const std::optional<uint64_t> offset = error.offset();
      return offset ? std::move(error).with_offset(*offset + module.offset) : std::move(error);
    }
    if (!state->modules.push_back(*std::move(loaded))) return Error::out_of_memory();
  }
  return {};
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

Result<base::Vector<uint8_t>> read_file(const std::string& path) {
  constexpr uint64_t kMostBytes = ~uint32_t{0};  // Larger components are refused anyway.
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Error::io(errno, "cannot open " + path);
  base::Vector<uint8_t> bytes;
  const int problem = base::read_rest(file, kMostBytes, &bytes);
  close(file);
  if (problem == ENOMEM) return Error::out_of_memory();
  if (problem != 0) return Error::io(problem, "cannot read " + path);
  return bytes;
}

}  // namespace

Result<Component> component::make_ready(const Engine& engine, component::Component&& decoded,
                                        std::unique_ptr<artifact::ComponentFile> file) {
  std::unique_ptr<wasm::TypeRegistry> registry(new (std::nothrow) wasm::TypeRegistry);
  if (registry == nullptr) return Error::out_of_memory();
  ValidateOptions options{.bodies = Bodies::Leave};
  KnownModules known{file.get(), decoded.features.core};
  if (file != nullptr) {
    options.known_module = &known_module;
    options.context = &known;
  }
  base::Result<ValidComponent> valid = validate(std::move(decoded), *registry, options);
  if (!valid) return to_public(valid.error());
  auto* const state = new (std::nothrow) detail::ComponentState(engine, *std::move(valid));
  if (state == nullptr) return Error::out_of_memory();
  state->registry = std::move(registry);
  state->file = std::move(file);
  wherry::Component made = ComponentTypeAccess::adopt(state);
  WHERRY_RETURN_IF_ERROR(state->file != nullptr ? load_compiled_modules(state) : load_modules(state));
  base::Result<FlatComponent> flat = flatten(state->valid, *state->registry);
  if (flat) {
    state->flat = *std::move(flat);
    WHERRY_RETURN_IF_ERROR(make_adapters_ready(state));
  } else {
    state->not_flat = std::move(flat).error();
  }
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
  WHERRY_ASSIGN_OR_RETURN(base::Vector<uint8_t> bytes, read_file(path));
  Result<Component> loaded =
      is_binary(Bytes(bytes.data(), bytes.size()))
          ? load_owned(engine, std::move(bytes), features)
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
  const component::TypeNode& node = state->types()[state->valid.type()];
  return state->types().externs(imports ? node.imports : node.exports);
}
ComponentItem item_at(const detail::ComponentState* state, bool imports, size_t index) {
  const auto items = list(state, imports);
  return index < items.size() ? ComponentTypeAccess::item(state, items[index]) : ComponentItem();
}
ComponentItem find_item(const detail::ComponentState* state, bool imports, std::string_view name) {
  const component::TypeNode& node = state->types()[state->valid.type()];
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
