// Exports: functions are lifted with what their part offers for that; an interface becomes an instance.
//
// An exported instance has types, and functions whose types are made of these. That they are these needs a component to say
// so, as only imports and exports of a component give types their names (Explainer.md, "Import and Export Definitions"):
// a small one, which imports the types and the lifted functions and exports them again under the names of the interface. Its
// own names are numbers, since names of several interfaces might be the same. Types from other interfaces go in as well.
#include "component/assemble/builder.h"
#include "component/names.h"

namespace wherry::component::assemble {

using wasm::ExternKind;
using wit::FuncId;
using wit::InterfaceId;
using wit::TypeId;
using wit::TypeKind;
using wit::WorldEncoder;
using wit::WorldItem;

const wasm::Export* Builder::find_owner(std::string_view name, uint32_t* part) const {
  for (*part = 0; *part < parts_.size(); ++*part) {
    if (!parts_[*part].is_used) continue;
    const wasm::Export* const found = parts_[*part].find_export(name, ExternKind::Func);
    if (found != nullptr) return found;
  }
  return nullptr;
}

Outcome<void> Builder::make_exports() {
  for (const WorldItem& item : world_.world().exports) {
    if (item.kind == WorldItem::Interface) {
      WHERRY_TRY_TEXT(export_interface(item));
      continue;
    }
    const wit::Function& function = world_.model[FuncId(item.index)];
    const uint32_t func = WHERRY_TRY_TEXT(lift(item, function, encoder_.function_type(function)));
    out_.add_export({.name = world_.name_of(item), .external_id = function.notes.external_id}, Sort::Func,
                    func);
  }
  return {};
}

Outcome<uint32_t> Builder::lift(const WorldItem& item, const wit::Function& function, uint32_t type) {
  const std::string_view name = world_.export_name(item, function);
  uint32_t part = 0;
  const wasm::Export* const found = find_owner(name, &part);
  if (found == nullptr) {
    uint32_t other = 0;
    for (const char* const prefix : {"[async-lift]", "[async-lift-stackful]"}) {
      if (find_owner(prefix + std::string(name), &other) == nullptr) continue;
      return Problem(parts_[other].title() + " exports " + quoted(prefix + std::string(name)) +
                     ": asynchronous exports are not supported");
    }
    return Problem("the world exports " + quoted(name) + ", which no module exports");
  }
  const Shapes::Shape shape = shapes_.of(world_.model, function, Shapes::Lifted);
  const wasm::FuncType& core = parts_[part].func_type(found->index);
  if (!is_same(core, shape.params, shape.results)) {
    return Problem(parts_[part].title() + " exports " + quoted(name) + " with type " + type_text(core) +
                   ", expected " + type_text(shape.params, shape.results));
  }
  EncodedOptions chosen = WHERRY_TRY_TEXT(options(part, shape, Purpose::Export, "exports " + quoted(name)));
  const std::string_view post_return = world_.model.keep("cabi_post_", name);
  if (const wasm::Export* const after = parts_[part].find_export(post_return, ExternKind::Func)) {
    const wasm::FuncType& after_type = parts_[part].func_type(after->index);
    if (!is_same(after_type, shape.results, {})) {
      return Problem(parts_[part].title() + " exports " + quoted(post_return) + " with type " +
                     type_text(after_type) + ", expected " + type_text(shape.results, {}));
    }
    chosen.post_return = out_.alias_core_export(Sort::CoreFunc, instances_[part].index, post_return);
  }
  return out_.lift(out_.alias_core_export(Sort::CoreFunc, instances_[part].index, name), type, chosen);
}

Outcome<void> Builder::export_interface(const WorldItem& item) {
  const wit::Interface& interface = world_.model[InterfaceId(item.index)];
  WorldEncoder::TypeMap types = encoder_.no_types();
  if (!world_.model.ok) return out_of_memory();
  for (const TypeId id : interface.types) {
    const bool is_resource = world_.model[id].kind == TypeKind::Resource;
    types[id.value] = is_resource ? resources_[id.value] : encoder_.define(id, &types);
  }
  base::Vector<Lifted> functions;
  for (const FuncId id : interface.functions) {
    const wit::Function& function = world_.model[id];
    const uint32_t func = WHERRY_TRY_TEXT(lift(item, function, encoder_.function_type(function, &types)));
    if (!functions.push_back({full_name(world_.model, function), func, &function})) return out_of_memory();
  }
  const uint32_t instance = WHERRY_TRY_TEXT(wrap(interface, types, functions.span()));
  EncodedName name{.name = world_.name_of(item), .external_id = item.notes.external_id};
  if (!item.name.empty() && !interface.name.empty()) {
    name.implements = full_name(world_.model, InterfaceId(item.index));
  }
  encoder_.exported(InterfaceId(item.index), out_.add_export(name, Sort::Instance, instance));
  return {};
}

namespace {

// The named types of other interfaces that an interface's types and functions are made of, in an order in which they can
// be defined.
bool foreign_types(const wit::Model& model, const wit::Interface& interface, base::Vector<TypeId>* out) {
  base::Vector<uint8_t> marks;
  if (!marks.resize(model.types.size())) return false;
  const auto mark = [&](wit::Type type) {
    if (type.is_id()) marks[type.id().value] |= 1;
  };
  for (const FuncId id : interface.functions) {
    for (const wit::Member& param : model.run(model[id].params)) mark(param.type);
    mark(model[id].result);
  }
  for (const TypeId type : interface.types) marks[type.value] = 3;
  for (size_t i = marks.size(); i-- > 0;) {
    if (marks[i] == 0) continue;
    const wit::TypeDef& type = model.types[i];
    mark(type.first);
    mark(type.second);
    for (const wit::Member& member : model.run(type.members)) mark(member.type);
  }
  for (uint32_t i = 0; i < marks.size(); ++i) {
    if (marks[i] == 1 && !model.types[i].name.empty() && !out->push_back(TypeId(i))) return false;
  }
  return true;
}

// The component around one interface.
class Wrapper {
 public:
  explicit Wrapper(wit::Model& model) : model_(model), encoder_(model, out_) {}

  // Imports a type and notes where it comes from outside.
  bool import_type(TypeId id, WorldEncoder::TypeMap* map, uint32_t outer) {
    const std::string_view name = model_.keep("t", std::to_string(arguments_.size()));
    EncodedExtern bound = EncodedExtern::resource();
    if (model_[id].kind != TypeKind::Resource) bound = EncodedExtern::type_eq(encoder_.define(id, map));
    (*map)[id.value] = out_.import({.name = name}, bound);
    return arguments_.push_back({name, Sort::Type, outer});
  }
  bool import_function(const wit::Function& function, WorldEncoder::TypeMap* map, uint32_t outer) {
    const std::string_view name = model_.keep("f", std::to_string(arguments_.size()));
    const EncodedExtern type{Sort::Func, Bound::Eq, encoder_.function_type(function, map)};
    return functions_.push_back(out_.import({.name = name}, type)) &&
           arguments_.push_back({name, Sort::Func, outer});
  }
  // `map` has only types of other interfaces and what was exported so far, `imported` all types.
  void export_type(TypeId id, WorldEncoder::TypeMap* map, const WorldEncoder::TypeMap& imported) {
    const wit::TypeDef& type = model_[id];
    const uint32_t index = type.kind == TypeKind::Resource ? imported[id.value] : encoder_.define(id, map);
    (*map)[id.value] =
        out_.add_export({.name = type.name, .external_id = type.notes.external_id}, Sort::Type, index);
  }
  void export_function(size_t at, std::string_view name, const wit::Function& function,
                       WorldEncoder::TypeMap* map) {
    const EncodedExtern type{Sort::Func, Bound::Eq, encoder_.function_type(function, map)};
    out_.add_export({.name = name, .external_id = function.notes.external_id}, Sort::Func, functions_[at],
                    &type);
  }

  ComponentEncoder& out() { return out_; }
  std::span<const EncodedItem> arguments() const { return arguments_.span(); }

 private:
  wit::Model& model_;
  ComponentEncoder out_;
  WorldEncoder encoder_;
  base::Vector<EncodedItem> arguments_;
  base::Vector<uint32_t> functions_;
};

}  // namespace

// An instance of the interface.
Outcome<uint32_t> Builder::wrap(const wit::Interface& interface, const WorldEncoder::TypeMap& types,
                                std::span<const Lifted> functions) {
  base::Vector<TypeId> foreign;
  Wrapper wrapper(world_.model);
  WorldEncoder::TypeMap imported = encoder_.no_types();
  WorldEncoder::TypeMap exported = encoder_.no_types();
  bool ok = world_.model.ok && foreign_types(world_.model, interface, &foreign);
  if (!ok) return out_of_memory();
  for (const TypeId id : foreign) {
    ok = wrapper.import_type(id, &imported, encoder_.index_of(id)) && ok;
    exported[id.value] = imported[id.value];
  }
  for (const TypeId id : interface.types) ok = wrapper.import_type(id, &imported, types[id.value]) && ok;
  for (const Lifted& lifted : functions) {
    ok = wrapper.import_function(*lifted.function, &imported, lifted.func) && ok;
  }
  if (!ok) return out_of_memory();
  for (const TypeId id : interface.types) wrapper.export_type(id, &exported, imported);
  for (size_t i = 0; i < functions.size(); ++i) {
    wrapper.export_function(i, functions[i].name, *functions[i].function, &exported);
  }
  const base::Vector<uint8_t> bytes = wrapper.out().finish();
  if (!wrapper.out().ok() || !world_.model.ok) return out_of_memory();
  return out_.instantiate(out_.add_component(bytes.span()), wrapper.arguments());
}

}  // namespace wherry::component::assemble
