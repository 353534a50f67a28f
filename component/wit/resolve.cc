// Packages and the order in which their interfaces and worlds are resolved (WIT.md, "Name resolution", "Feature Gates").
//
// All files are parsed first, then every interface and world is known by name, then each is resolved behind those that it
// uses: so a type that is used always has its number already. Interfaces of packages lie in one order with those of others, as packages may not depend on each other in a
// circle but that is a consequence, not something to check apart.
#include "component/wit/resolve.h"

#include <algorithm>

#include "component/names.h"
#include "component/wit/resolver.h"
#include "engine/text/parse.h"
#include "engine/wasm/errors.h"

namespace wherry::component::wit {

std::string describe(const Source& source, uint32_t offset, std::string_view message) {
  const base::ByteSpan bytes = source.bytes.span();
  const auto code = wasm::ErrorCode::UnexpectedToken;
  // The same form as that of errors in modules, with a message of our own.
  std::string text = text::describe_text_error(bytes, {code, offset, {}}, source.path);
  const std::string_view standard = wasm::error_message(code);
  const size_t at = text.find(standard, source.path.size());
  if (at != std::string::npos) text.replace(at, standard.size(), message);
  return text;
}

namespace {

constexpr const char* kNoPackage = "no file says which package this is: `package namespace:name;`";

// The number at the beginning, as far as there is one, and the dot behind it, taken away; what is too large counts as largest.
uint64_t take_number(std::string_view* text) {
  uint64_t number = 0;
  while (!text->empty() && text->front() >= '0' && text->front() <= '9') {
    const auto digit = static_cast<uint64_t>(text->front() - '0');
    const bool overflows =
        __builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, digit, &number);
    if (overflows) number = ~uint64_t{0};
    text->remove_prefix(1);
  }
  if (text->starts_with('.')) text->remove_prefix(1);
  return number;
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) {
  for (int part = 0; part < 3; ++part) {
    const uint64_t of_a = take_number(&a);
    const uint64_t of_b = take_number(&b);
    if (of_a != of_b) return of_a < of_b ? -1 : 1;
  }
  return 0;
}

std::expected<Model, std::string> resolve(std::span<const Source> files, const Gates& gates) {
  return Resolver(files, gates).run();
}

std::expected<Model, std::string> Resolver::run() {
  const bool done = parse() && declare_packages() && declare_units() && order();
  if (!model_.ok) return std::unexpected("out of memory");
  if (!done) return std::unexpected(message_);
  list_packages();
  if (!model_.ok) return std::unexpected("out of memory");
  return std::move(model_);
}

bool Resolver::fail(Place place, const std::string& message) {
  if (message_.empty()) message_ = describe(files_[place.file], place.offset, message);
  return false;
}

bool Resolver::parse() {
  if (files_.empty()) {
    message_ = "no WIT files";
    return false;
  }
  for (uint32_t i = 0; i < files_.size(); ++i) {
    Place place;
    std::string message;
    if (files_[i].bytes.size() >> 31 != 0) return fail({i, 0}, "the file is too large");
    if (!parse_source(files_[i].text(), i, &ast_, &model_, &place, &message)) return fail(place, message);
    while (ast_groups_.size() < ast_.packages.size()) model_.push(ast_groups_, files_[i].group);
  }
  return model_.ok;
}

// A name for each package, and that of a group for the files in it that do not say it.
bool Resolver::declare_packages() {
  const uint32_t count = static_cast<uint32_t>(ast_.packages.size());
  if (!ast_packages_.resize(count) || !top_names_.resize(count)) {
    model_.ok = false;
    return false;
  }
  for (const bool is_named : {true, false}) {
    for (uint32_t i = 0; i < count; ++i) {
      const AstPackage& package = ast_.packages[i];
      if (package.has_name == is_named && !package_of(package, i, &ast_packages_[i])) return false;
    }
  }
  // What was asked for is the package of the first group; where that has only packages in braces, the last of them, as
  // `wit-component` takes it.
  bool found = false;
  for (uint32_t i = 0; i < count; ++i) {
    if (ast_groups_[i] != 0 || (found && ast_.packages[i].is_nested)) continue;
    model_.main = ast_packages_[i];
    found = !ast_.packages[i].is_nested;
  }
  if (model_.ok && std::ranges::find(ast_groups_.span(), 0u) == ast_groups_.span().end()) {
    return fail({0, 0}, kNoPackage);
  }
  return model_.ok;
}

bool Resolver::package_of(const AstPackage& package, uint32_t ast, PackageId* id) {
  // The other files of the group.
  for (uint32_t i = 0; !package.is_nested && i < ast_.packages.size(); ++i) {
    const AstPackage& other = ast_.packages[i];
    if (i == ast || ast_groups_[i] != ast_groups_[ast] || !other.has_name || other.is_nested) continue;
    if (!package.has_name) {
      *id = ast_packages_[i];
      return true;
    }
    if (i > ast) continue;
    if (other.name_space != package.name_space || other.name.name != package.name.name ||
        other.version != package.version) {
      return fail(package.name.place, "the files of a folder are of one package, and this is another");
    }
    *id = ast_packages_[i];
    if (model_[*id].docs.empty()) model_.packages[id->value].docs = package.docs;
    return true;
  }
  if (!package.has_name) {
    const Id* first = !package.interfaces.empty() ? &package.interfaces[0].name
                      : !package.worlds.empty()   ? &package.worlds[0].name
                                                  : &package.uses[0].as;
    return fail(first->place, kNoPackage);
  }
  std::string_view name = model_.keep(package.name_space, ":", package.name.name);
  if (!package.version.empty()) name = model_.keep(name, "@", package.version);
  *id = PackageId(static_cast<uint32_t>(model_.packages.size()));
  if (package_names_.insert(name, id->value) == text::NameMap::Insertion::Duplicate) {
    return fail(package.name.place, "the package " + component::quoted(name) + " is defined twice");
  }
  Package made;
  made.name_space = package.name_space;
  made.name = package.name.name;
  made.version = package.version;
  made.docs = package.docs;
  model_.push(model_.packages, std::move(made));
  model_.push(unit_names_, text::NameMap());
  return model_.ok;
}

bool Resolver::declare_units() {
  for (uint32_t i = 0; i < ast_.packages.size(); ++i) {
    const AstPackage& package = ast_.packages[i];
    Unit unit;
    unit.ast = i;
    unit.package = ast_packages_[i];
    for (const AstInterface& interface : package.interfaces) {
      unit.interface = &interface;
      if (!declare_unit(unit)) return false;
    }
    unit.interface = nullptr;
    for (const AstWorld& world : package.worlds) {
      unit.world = &world;
      if (!declare_unit(unit)) return false;
    }
    for (uint32_t use = 0; use < package.uses.size(); ++use) {
      const Id& as = package.uses[use].as;
      if (top_names_[i].insert(as.name, use) == text::NameMap::Insertion::Duplicate) {
        return fail(as.place, component::quoted(as.name) + " is defined more than once");
      }
    }
  }
  return model_.ok;
}

bool Resolver::declare_unit(Unit unit) {
  bool open = false;
  if (!is_open(unit.notes().gate, unit.package, unit.name().place, &open)) return false;
  unit.is_excluded = !open;
  const auto done =
      unit_names_[unit.package.value].insert(unit.name().name, static_cast<uint32_t>(units_.size()));
  if (done == text::NameMap::Insertion::Duplicate) {
    return fail(unit.name().place, component::quoted(unit.name().name) + " is defined more than once");
  }
  model_.push(units_, unit);
  return model_.ok;
}

bool Resolver::is_open(const Gate& gate, PackageId package, Place place, bool* open) {
  *open = true;
  if (gate.feature.data() != nullptr) {
    *open = gates_.all;
    for (const std::string_view feature : gates_.features) *open = *open || feature == gate.feature;
  }
  if (gate.since.data() != nullptr) {
    const std::string_view version = model_[package].version;
    if (version.empty())
      return fail(place, "an item that is there since a version needs a package with a version");
    if (compare_versions(gate.since, version) > 0) {
      return fail(place, "since version " + std::string(gate.since) + " of a package of version " +
                             std::string(version));
    }
  }
  return true;
}

bool Resolver::find(const Path& path, uint32_t ast, uint32_t* unit) {
  if (path.package.empty()) {
    // A name of the file's own `use` comes first; that may name another one.
    const uint32_t* const top = top_names_[ast].find(path.name.name);
    if (top == nullptr) return find_in(ast_packages_[ast], path.name, unit);
    const Path& used = ast_.packages[ast].uses[*top].path;
    if (used.package.empty()) return find_in(ast_packages_[ast], used.name, unit);
    return find(used, ast, unit);
  }
  std::string name = std::string(path.name_space) + ":" + std::string(path.package);
  if (!path.version.empty()) name += "@" + std::string(path.version);
  const uint32_t* const package = package_names_.find(name);
  if (package == nullptr) {
    std::string message = "the package " + component::quoted(name) + " is not there";
    for (const Package& known : model_.packages) {
      if (known.name_space == path.name_space && known.name == path.package) {
        message += known.version.empty() ? "; one without a version is"
                                         : "; version " + std::string(known.version) + " is";
        break;
      }
    }
    return fail(path.name.place, message);
  }
  return find_in(PackageId(*package), path.name, unit);
}

bool Resolver::find_in(PackageId package, const Id& name, uint32_t* unit) {
  const uint32_t* const found = unit_names_[package.value].find(name.name);
  if (found == nullptr) {
    return fail(name.place, "the package " +
                                component::quoted(std::string(model_[package].name_space) + ":" +
                                                  std::string(model_[package].name)) +
                                " has no interface or world " + component::quoted(name.name));
  }
  if (units_[*found].is_excluded) {
    return fail(name.place, component::quoted(name.name) + " is behind a gate that is closed");
  }
  *unit = *found;
  return true;
}

// Each unit behind those that it names, package by package, else in the order of the files.
bool Resolver::order() {
  const auto count = static_cast<uint32_t>(units_.size());
  base::Vector<uint32_t> needs;  // Pairs: a unit and what it needs.
  for (uint32_t unit = 0; unit < count; ++unit) {
    base::Vector<Use> uses;
    if (units_[unit].is_excluded) continue;
    if (!uses_of(units_[unit], &uses)) return false;
    for (const Use& use : uses) {
      uint32_t needed = 0;
      if (!find_use(use, units_[unit].ast, &needed)) return false;
      model_.ok = needs.append_two(unit, needed) && model_.ok;
    }
  }
  if (!model_.ok || !order_packages(needs.span())) return false;

  // Units by package are what is put in order; `place` is the way back.
  base::Vector<uint32_t> by_package;
  base::Vector<uint32_t> place;
  Order order;
  model_.ok = place.resize(count) && order.reset(count) && model_.ok;
  for (const PackageId package : model_.order) {
    for (uint32_t unit = 0; unit < count && model_.ok; ++unit) {
      if (units_[unit].package != package) continue;
      place[unit] = static_cast<uint32_t>(by_package.size());
      model_.push(by_package, unit);
    }
  }
  for (size_t i = 0; i < needs.size() && model_.ok; i += 2) {
    model_.ok = order.add(place[needs[i]], place[needs[i + 1]]);
  }
  model_.ok = model_.ok && order.run();
  for (const uint32_t at : order.sorted()) {
    const uint32_t unit = by_package[at];
    if (!units_[unit].is_excluded && !resolve_unit(unit)) return false;
  }
  uint32_t culprit = 0;
  if (!model_.ok || !order.has_circle(&culprit)) return model_.ok;
  const Id& name = units_[by_package[culprit]].name();
  return fail(name.place, component::quoted(name.name) + " depends on itself");
}

// Packages depth first, each behind those that its units need, in the order in which it needs them.
bool Resolver::order_packages(std::span<const uint32_t> needs) {
  enum State : uint8_t { Unseen, Entered, Done };
  base::Vector<uint8_t> states;
  base::Vector<uint32_t> stack;
  base::Vector<size_t> next;  // Beside the stack: into `needs`.
  model_.ok = states.resize(model_.packages.size()) && model_.ok;
  for (uint32_t first = 0; first < model_.packages.size() && model_.ok; ++first) {
    if (states[first] != Unseen) continue;
    model_.push(stack, first);
    model_.push(next, size_t{0});
    while (!stack.empty() && model_.ok) {
      const uint32_t package = stack.back();
      size_t& at = next.back();
      states[package] = Entered;
      while (at < needs.size() && units_[needs[at]].package.value != package) at += 2;
      if (at >= needs.size()) {
        states[package] = Done;
        model_.push(model_.order, PackageId(package));
        stack.pop_back();
        next.pop_back();
        continue;
      }
      const uint32_t needed = units_[needs[at + 1]].package.value;
      const Id& name = units_[needs[at]].name();
      at += 2;
      if (needed == package || states[needed] == Done) continue;
      if (states[needed] == Entered) {
        return fail(name.place, "the package of " + component::quoted(name.name) + " depends on itself");
      }
      model_.push(stack, needed);
      model_.push(next, size_t{0});
    }
  }
  return model_.ok;
}

bool Resolver::find_use(const Use& use, uint32_t ast, uint32_t* unit) {
  if (!find(*use.path, ast, unit)) return false;
  const Id& name = use.path->name;
  if ((units_[*unit].world != nullptr) == use.is_world) return true;
  return fail(name.place, component::quoted(name.name) + (use.is_world ? " is an interface, not a world"
                                                                       : " is a world, not an interface"));
}

bool Resolver::resolve_unit(uint32_t index) {
  Unit& unit = units_[index];
  if (unit.interface != nullptr) {
    InterfaceId id;
    if (!resolve_interface(*unit.interface, unit.ast, unit.package, unit.interface->name.name, &id))
      return false;
    unit.index = id.value;
  } else {
    WorldId id;
    if (!resolve_world(unit, &id)) return false;
    unit.index = id.value;
  }
  return model_.ok;
}

bool Resolver::uses_of(const Unit& unit, base::Vector<Use>* uses) {
  const auto add = [&](const Path& path, bool is_world, const Gate& gate) {
    bool open = false;
    if (!is_open(gate, unit.package, path.name.place, &open)) return false;
    if (open) model_.push(*uses, Use{&path, is_world});
    return true;
  };
  if (unit.interface != nullptr) {
    for (const AstUse& use : unit.interface->scope.uses) {
      if (!add(use.path, false, use.notes.gate)) return false;
    }
    return true;
  }
  for (const AstUse& use : unit.world->scope.uses) {
    if (!add(use.path, false, use.notes.gate)) return false;
  }
  for (const AstWorldItem& item : unit.world->items) {
    if (item.form == AstWorldItem::Interface && !add(item.path, false, item.notes.gate)) return false;
    if (item.form != AstWorldItem::Inline) continue;
    for (const AstUse& use : unit.world->interfaces[item.index].scope.uses) {
      if (!add(use.path, false, use.notes.gate)) return false;
    }
  }
  for (const AstInclude& include : unit.world->includes) {
    if (!add(include.path, true, include.notes.gate)) return false;
  }
  return true;
}

// What is used in front of what uses it, else in the order of the files; packages too.
void Resolver::list_packages() {
  for (uint32_t i = 0; i < model_.interfaces.size(); ++i) {
    if (!model_.interfaces[i].name.empty()) {
      model_.push(model_.packages[model_.interfaces[i].package.value].interfaces, InterfaceId(i));
    }
  }
  for (uint32_t i = 0; i < model_.worlds.size(); ++i) {
    model_.push(model_.packages[model_.worlds[i].package.value].worlds, WorldId(i));
  }
}

}  // namespace wherry::component::wit
