// What holds for every model, whatever it was made from: names as components know them, what an interface uses of others,
// and the imports that follow from that (WIT.md, "Transitive imports and worlds").
//
// The order of imports is that in which they can be written one after another in a component: interfaces in front of what
// uses them, then the world's own types, then its functions. A world that is read from a component comes in this order,
// so that one from text is brought into it too: both print alike.
#include "component/wit/model.h"

#include <algorithm>
#include <cstring>

namespace wherry::component::wit {

std::string_view Model::keep(std::string_view text) { return keep(text, {}); }

std::string_view Model::keep(std::string_view a, std::string_view b, std::string_view c, std::string_view d,
                             std::string_view e) {
  const size_t size = a.size() + b.size() + c.size() + d.size() + e.size();
  char* const to = static_cast<char*>(arena.allocate_bytes(size + 1, 1));
  if (to == nullptr) {
    ok = false;
    return "";
  }
  char* at = to;
  for (const std::string_view part : {a, b, c, d, e}) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    at += part.size();
  }
  return {to, size};
}

TypeId Model::add_type(const TypeDef& type) {
  push(types, type);
  return TypeId(types.empty() ? 0 : static_cast<uint32_t>(types.size() - 1));
}

Type Model::target(Type type) const {
  while (type.is_id() && (*this)[type.id()].kind == TypeKind::Alias) type = (*this)[type.id()].first;
  return type;
}

TypeId Model::target(TypeId type) const {
  const Type found = target(Type(type));
  return found.is_id() ? found.id() : type;
}

bool Model::is_resource(Type type) const {
  const Type found = target(type);
  return found.is_id() && (*this)[found.id()].kind == TypeKind::Resource;
}

std::string_view full_name(Model& model, const Function& function) {
  switch (function.kind) {
    case FuncKind::Free: return function.name;
    case FuncKind::Constructor: return model.keep("[constructor]", model[function.resource].name);
    case FuncKind::Method: return model.keep("[method]", model[function.resource].name, ".", function.name);
    case FuncKind::Static: return model.keep("[static]", model[function.resource].name, ".", function.name);
  }
  return function.name;
}

namespace {

std::string_view path_name(Model& model, PackageId package, std::string_view name) {
  const Package& at = model[package];
  const std::string_view prefix = model.keep(at.name_space, ":", at.name, "/", name);
  return at.version.empty() ? prefix : model.keep(prefix, "@", at.version);
}

}  // namespace

std::string_view full_name(Model& model, InterfaceId id) {
  return path_name(model, model[id].package, model[id].name);
}

std::string_view full_name(Model& model, WorldId id) {
  return path_name(model, model[id].package, model[id].name);
}

bool borrowed_from(const Model& model, TypeId id, InterfaceId* from) {
  const TypeDef& type = model[id];
  if (type.kind != TypeKind::Alias || !type.first.is_id()) return false;
  const Owner owner = model[type.first.id()].owner;
  if (owner.kind != Owner::Interface || owner == type.owner) return false;
  *from = InterfaceId(owner.index);
  return true;
}

void direct_dependencies(Model& model, InterfaceId id, base::Vector<InterfaceId>* out) {
  for (const TypeId type : model[id].types) {
    InterfaceId from;
    if (borrowed_from(model, type, &from) && std::find(out->begin(), out->end(), from) == out->end()) {
      model.push(*out, from);
    }
  }
}

namespace {

// One world's imports and exports on their way into order.
class Elaboration {
 public:
  Elaboration(Model& model, World& world) : model_(model), world_(world) {}

  bool run(InterfaceId* culprit) {
    if (!prepare()) return true;  // Out of memory: the model says so.
    sort(&world_.imports);
    for (const WorldItem& item : world_.imports) import(item);
    for (const WorldItem& item : world_.exports) {
      if (item.kind == WorldItem::Func) model_.push(exports_, item);
    }
    for (const WorldItem& item : world_.exports) {
      if (item.kind == WorldItem::Interface && !export_(item)) {
        *culprit = InterfaceId(item.index);
        return false;
      }
    }
    sort(&imports_);
    world_.imports = std::move(imports_);
    world_.exports = std::move(exports_);
    return true;
  }

 private:
  enum State : uint8_t { Unseen, Entered, Imported, Exported };

  bool prepare() {
    const size_t count = model_.interfaces.size();
    model_.ok = imported_.resize(count) && wanted_.resize(count) && exported_.resize(count) && model_.ok;
    if (!model_.ok) return false;
    for (const WorldItem& item : world_.exports) {
      if (item.kind == WorldItem::Interface && item.name.empty()) wanted_[item.index] = 1;
    }
    return true;
  }

  void sort(base::Vector<WorldItem>* items) {
    base::Vector<WorldItem> sorted;
    for (int at = 0; at < kRanks; ++at) {
      for (const WorldItem& item : *items) {
        if (rank(item) == at) model_.push(sorted, item);
      }
    }
    *items = std::move(sorted);
  }

  static constexpr int kRanks = 5;
  int rank(const WorldItem& item) const {
    InterfaceId from;
    switch (item.kind) {
      case WorldItem::Interface: return 0;
      case WorldItem::Type: return borrowed_from(model_, TypeId(item.index), &from) ? 1 : 2;
      case WorldItem::Func: return model_[FuncId(item.index)].kind == FuncKind::Free ? 3 : 4;
    }
    return 0;
  }

  void import(const WorldItem& item) {
    InterfaceId from;
    if (item.kind == WorldItem::Interface) {
      if (!item.name.empty()) {
        import_uses(InterfaceId(item.index), item.notes.gate);
        model_.push(imports_, item);
      } else {
        import_interface(InterfaceId(item.index), item.notes);
      }
      return;
    }
    if (item.kind == WorldItem::Type && borrowed_from(model_, TypeId(item.index), &from)) {
      import_interface(from, {.docs = {}, .gate = model_[TypeId(item.index)].notes.gate, .external_id = {}});
    }
    model_.push(imports_, item);
  }

  // The interface behind what it uses. With a stack, as chains of `use` are as long as a file likes.
  void import_interface(InterfaceId id, const Notes& notes) {
    if (imported_[id.value] != 0) return;
    walk(
        id, [&](InterfaceId at) { return imported_[at.value] != 0; },
        [&](InterfaceId at) {
          imported_[at.value] = 1;
          const Notes own = at == id ? notes : Notes{.docs = {}, .gate = notes.gate, .external_id = {}};
          model_.push(imports_,
                      WorldItem{.kind = WorldItem::Interface, .name = {}, .index = at.value, .notes = own});
        });
  }

  void import_uses(InterfaceId id, const Gate& gate) {
    base::Vector<InterfaceId> uses;
    direct_dependencies(model_, id, &uses);
    for (const InterfaceId use : uses) import_interface(use, {.docs = {}, .gate = gate, .external_id = {}});
  }

  // Depth first: what `at` uses before `at`.
  template <class Done, class Visit>
  void walk(InterfaceId from, Done done, Visit visit) {
    struct Step {
      InterfaceId id;
      base::Vector<InterfaceId> uses;
      size_t next = 0;
    };
    base::Vector<Step> stack;
    const auto enter = [&](InterfaceId id) {
      Step step{.id = id, .uses = {}, .next = 0};
      direct_dependencies(model_, id, &step.uses);
      model_.push(stack, std::move(step));
    };
    enter(from);
    while (!stack.empty() && model_.ok) {
      Step& top = stack.back();
      if (top.next < top.uses.size()) {
        const InterfaceId use = top.uses[top.next++];
        if (!done(use)) enter(use);
        continue;
      }
      if (!done(top.id)) visit(top.id);
      stack.pop_back();
    }
  }

  // What an export uses is an export too if the world says so, else an import with all that it uses itself; then the
  // interface must not be an export.
  bool export_(const WorldItem& item) {
    const InterfaceId id(item.index);
    if (!item.name.empty()) {
      if (!export_uses(id, item.notes.gate)) return false;
      model_.push(exports_, item);
      return true;
    }
    if (exported_[id.value] == Exported) return true;
    bool fits = true;
    walk(
        id, [&](InterfaceId at) { return exported_[at.value] != Unseen || wanted_[at.value] == 0; },
        [&](InterfaceId at) {
          const Gate gate = item.notes.gate;
          fits = export_uses(at, gate) && fits && exported_[at.value] == Unseen;
          exported_[at.value] = Exported;
          for (const WorldItem& written : world_.exports) {
            if (written.kind == WorldItem::Interface && written.name.empty() && written.index == at.value) {
              model_.push(exports_, written);
              break;
            }
          }
        });
    return fits;
  }

  bool export_uses(InterfaceId id, const Gate& gate) {
    base::Vector<InterfaceId> uses;
    direct_dependencies(model_, id, &uses);
    bool fits = true;
    for (const InterfaceId use : uses) {
      if (wanted_[use.value] != 0) continue;
      walk(
          use, [&](InterfaceId at) { return exported_[at.value] == Imported; },
          [&](InterfaceId at) {
            fits = fits && exported_[at.value] != Exported;
            exported_[at.value] = Imported;
          });
      import_interface(use, {.docs = {}, .gate = gate, .external_id = {}});
    }
    return fits;
  }

  Model& model_;
  World& world_;
  base::Vector<WorldItem> imports_;
  base::Vector<WorldItem> exports_;
  base::Vector<uint8_t> imported_;  // By interface.
  base::Vector<uint8_t> wanted_;    // Exports that the world names.
  base::Vector<uint8_t> exported_;  // A State: what exports have needed so far.
};

}  // namespace

bool elaborate(Model& model, WorldId id, InterfaceId* culprit) {
  return Elaboration(model, model.worlds[id.value]).run(culprit);
}

}  // namespace wherry::component::wit
