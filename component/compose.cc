// Plugging components into each other by a wrapper: it holds the parts as they are, instantiates them from the last to the
// first, and hands the exports of each to those in front of it.
//
// What nobody provides becomes an import of the wrapper. Its type is made anew from WIT: the parts' views of an interface
// are put together first (wit::decode_imports), since each part mentions only what it uses, and types of one interface must
// be those of one import. An import whose types come from an interface that a part provides is written behind that part's
// instance; hence imports and instances are made on demand, each behind what it needs. The chain of demands is as long as
// interfaces use each other, which kMaxDemand bounds.
#include "component/compose.h"

#include "component/encode.h"
#include "component/names.h"
#include "component/wit/decode.h"
#include "component/wit/encode.h"
#include "engine/text/name_map.h"
#include "engine/wasm/errors.h"

namespace wherry::component {

using base::Result;
using wasm::ErrorCode;

namespace {

constexpr uint32_t kNone = ~uint32_t{0};
constexpr uint32_t kMaxDemand = 200;

// The part of a version that must be the same, and what is left of it: 1 | .2.3, 0.2 | .3, 0.0.3 |.
std::string_view track_of(std::string_view version) {
  if (version.find_first_of("-+") != std::string_view::npos) return version;
  const size_t major = version.find('.');
  if (major == std::string_view::npos) return version;
  if (version.substr(0, major) != "0") return version.substr(0, major);
  const size_t minor = version.find('.', major + 1);
  if (minor == std::string_view::npos || version.substr(major + 1, minor - major - 1) == "0") return version;
  return version.substr(0, minor);
}

uint64_t number_at(std::string_view text) {
  uint64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || number > (uint64_t{1} << 56)) break;
    number = 10 * number + static_cast<uint64_t>(c - '0');
  }
  return number;
}

bool is_not_older(std::string_view version, std::string_view wanted) {
  while (!version.empty() && !wanted.empty()) {
    const uint64_t a = number_at(version);
    const uint64_t b = number_at(wanted);
    if (a != b) return a > b;
    for (std::string_view* const text : {&version, &wanted}) {
      const size_t dot = text->find('.');
      text->remove_prefix(dot == std::string_view::npos ? text->size() : dot + 1);
    }
  }
  return true;
}

class Composer {
 public:
  explicit Composer(std::span<const ComposePart> parts) : parts_(parts) {}

  Result<base::Vector<uint8_t>> run() {
    WHERRY_TRY(find_providers());
    WHERRY_TRY(read_imports());
    for (const ComposePart& part : parts_) {
      if (!components_.push_back(out_.add_component(part.bytes))) return out_of_memory();
    }
    wit::WorldEncoder encoder(model_, out_);
    encoder_ = &encoder;
    for (size_t i = 0; i < world().imports.size(); ++i) WHERRY_TRY(import(i, 0));
    WHERRY_TRY(instance(0, 0));
    WHERRY_TRY(export_all());
    base::Vector<uint8_t> bytes = out_.finish();
    if (!out_.ok() || !model_.ok) return out_of_memory();
    return bytes;
  }

 private:
  // What an import is given: the export of a part, or an import of the wrapper.
  struct Provider {
    uint32_t part = kNone;
    std::string_view name;
  };

  static base::Failure out_of_memory() { return base::fail(ErrorCode::OutOfMemory); }
  const wit::World& world() const { return model_.worlds[0]; }
  std::span<const Extern> imports_of(size_t part) const {
    const Types& types = parts_[part].component->types();
    return types.externs(types[parts_[part].component->type()].imports);
  }
  std::span<const Extern> exports_of(size_t part) const {
    const Types& types = parts_[part].component->types();
    return types.externs(types[parts_[part].component->type()].exports);
  }

  Result<void> find_providers() {
    if (!providers_.resize(parts_.size()) || !instances_.resize(parts_.size())) return out_of_memory();
    base::Vector<uint8_t> is_used;
    if (!is_used.resize(parts_.size())) return out_of_memory();
    for (uint32_t part = 0; part < parts_.size(); ++part) {
      instances_[part] = kNone;
      for (const Extern& import : imports_of(part)) {
        const Provider provider = provider_of(part, import);
        if (provider.part != kNone) is_used[provider.part] = 1;
        if (!providers_[part].push_back(provider)) return out_of_memory();
      }
    }
    for (uint32_t part = 1; part < parts_.size(); ++part) {
      if (is_used[part] != 0) continue;
      return base::fail(
          ErrorCode::MissingArgument, base::Error::kNoOffset,
          "nothing that " + parts_[part].name + " exports is imported by what stands in front of it");
    }
    return {};
  }

  Provider provider_of(uint32_t part, const Extern& import) const {
    for (const bool is_exact : {true, false}) {
      for (uint32_t other = part + 1; other < parts_.size(); ++other) {
        for (const Extern& exported : exports_of(other)) {
          if (exported.entity.sort != import.entity.sort) continue;
          const bool fits =
              is_exact ? exported.name == import.name : is_compatible_name(import.name, exported.name);
          if (fits) return {other, exported.name};
        }
      }
    }
    return {};
  }

  Result<void> read_imports() {
    base::Vector<base::Vector<uint8_t>> wanted;
    base::Vector<wit::SomeImports> imports;
    if (!wanted.resize(parts_.size())) return out_of_memory();
    for (size_t part = 0; part < parts_.size(); ++part) {
      for (const Provider& provider : providers_[part]) {
        if (!wanted[part].push_back(provider.part == kNone)) return out_of_memory();
      }
      if (!imports.push_back({parts_[part].component, wanted[part].span()})) return out_of_memory();
    }
    model_ = WHERRY_TRY(wit::decode_imports(imports.span()));
    if (!imported_.resize(world().imports.size())) return out_of_memory();
    for (size_t i = 0; i < imported_.size(); ++i) {
      const wit::WorldItem& item = world().imports[i];
      imported_[i] = kNone;
      std::string_view name = item.name;
      if (name.empty()) name = wit::full_name(model_, wit::InterfaceId(item.index));
      if (item.kind == wit::WorldItem::Func) name = wit::full_name(model_, model_[wit::FuncId(item.index)]);
      if (items_.insert(name, static_cast<uint32_t>(i)) == text::NameMap::Insertion::OutOfMemory)
        return out_of_memory();
    }
    return {};
  }

  // Makes an import of the wrapper, or finds what provides it, behind what its types come from.
  Result<void> import(size_t at, uint32_t depth) {
    if (imported_[at] != kNone) return {};
    if (depth > kMaxDemand) return base::fail(ErrorCode::NestingTooDeep);
    const wit::WorldItem item = world().imports[at];
    if (item.kind != wit::WorldItem::Interface) {
      // The world's own come behind all interfaces, in their order.
      for (size_t i = 0; i < at; ++i) WHERRY_TRY(import(i, depth + 1));
      if (imported_[at] == kNone) imported_[at] = encoder_->import(item);
      return {};
    }
    const wit::InterfaceId id(item.index);
    base::Vector<wit::InterfaceId> uses;
    wit::direct_dependencies(model_, id, &uses);
    for (const wit::InterfaceId use : uses) {
      for (size_t i = 0; i < world().imports.size(); ++i) {
        const wit::WorldItem& other = world().imports[i];
        const bool is_it =
            other.kind == wit::WorldItem::Interface && other.name.empty() && other.index == use.value;
        if (is_it) WHERRY_TRY(import(i, depth + 1));
      }
    }
    const std::string_view name = item.name.empty() ? wit::full_name(model_, id) : item.name;
    for (size_t part = 0; part < parts_.size(); ++part) {
      const std::span<const Extern> imports = imports_of(part);
      for (size_t i = 0; i < imports.size(); ++i) {
        const Provider provider = providers_[part][i];
        if (imports[i].name != name || provider.part == kNone) continue;
        WHERRY_TRY(instance(provider.part, depth + 1));
        imported_[at] = out_.alias_export(Sort::Instance, instances_[provider.part], provider.name);
        encoder_->provide(id, imported_[at]);
        return {};
      }
    }
    imported_[at] = encoder_->import(item);
    return {};
  }

  // Instantiates a part with all that it asks for.
  Result<void> instance(uint32_t part, uint32_t depth) {
    if (instances_[part] != kNone) return {};
    if (depth > kMaxDemand) return base::fail(ErrorCode::NestingTooDeep);
    base::Vector<EncodedItem> arguments;
    const std::span<const Extern> imports = imports_of(part);
    for (size_t i = 0; i < imports.size(); ++i) {
      EncodedItem argument{imports[i].name, imports[i].entity.sort, 0};
      const Provider provider = providers_[part][i];
      if (provider.part != kNone) {
        WHERRY_TRY(instance(provider.part, depth + 1));
        argument.index = out_.alias_export(argument.sort, instances_[provider.part], provider.name);
      } else {
        const uint32_t* const item = items_.find(imports[i].name);
        if (item == nullptr) {
          return base::fail(ErrorCode::MissingArgument, base::Error::kNoOffset, quoted(imports[i].name));
        }
        WHERRY_TRY(import(*item, depth + 1));
        argument.index = imported_[*item];
      }
      if (!arguments.push_back(argument)) return out_of_memory();
    }
    instances_[part] = out_.instantiate(components_[part], arguments.span());
    return {};
  }

  Result<void> export_all() {
    for (const Extern& exported : exports_of(0)) {
      const Sort sort = exported.entity.sort;
      if (is_core(sort) && sort != Sort::CoreModule) continue;
      const uint32_t index = out_.alias_export(sort, instances_[0], exported.name);
      out_.add_export({.name = exported.name}, sort, index);
    }
    return {};
  }

  std::span<const ComposePart> parts_;
  base::Vector<base::Vector<Provider>> providers_;  // By part, by import.
  wit::Model model_;
  text::NameMap items_;                // Of the world, by name.
  base::Vector<uint32_t> imported_;    // By item: its index.
  base::Vector<uint32_t> components_;  // By part.
  base::Vector<uint32_t> instances_;   // By part.
  ComponentEncoder out_;
  wit::WorldEncoder* encoder_ = nullptr;
};

}  // namespace

bool is_compatible_name(std::string_view import, std::string_view exported) {
  if (import == exported) return true;
  const size_t a = import.find('@');
  const size_t b = exported.find('@');
  if (a == std::string_view::npos || b == std::string_view::npos ||
      import.substr(0, a) != exported.substr(0, b))
    return false;
  const std::string_view wanted = import.substr(a + 1);
  const std::string_view version = exported.substr(b + 1);
  return track_of(wanted) == track_of(version) && track_of(wanted) != wanted && is_not_older(version, wanted);
}

std::string_view compatible_part(std::string_view name) {
  const size_t at = name.find('@');
  return at == std::string_view::npos ? name : name.substr(0, at + 1 + track_of(name.substr(at + 1)).size());
}

Result<base::Vector<uint8_t>> compose(std::span<const ComposePart> parts) { return Composer(parts).run(); }

Result<base::Vector<uint8_t>> fitting_test(base::ByteSpan world, base::ByteSpan component) {
  ComponentEncoder out;
  EncodeBuffer type;
  type.append(world);
  const uint32_t wanted = out.define_type(type);
  const uint32_t given = out.add_component(component);
  const EncodedExtern as{Sort::Component, Bound::Eq, wanted};
  out.add_export({.name = "component"}, Sort::Component, given, &as);
  base::Vector<uint8_t> bytes = out.finish();
  if (!out.ok() || !type.ok()) return base::fail(ErrorCode::OutOfMemory);
  return bytes;
}

}  // namespace wherry::component
