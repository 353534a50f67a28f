// The component, piece by piece in the order in which each needs the one before: imports; the modules; the shim that cuts the
// circle between the main module and its imports (component/assemble/shim.cc); resources of the component's own, whose
// destructors go through the shim too; the main module's instance; the adapters', which have the main module's memory and
// may therefore be given what needs no more than memory directly; what fills the shim; what calls `_initialize`; exports.
#include "component/assemble/builder.h"

#include "component/assemble/shim.h"
#include "component/names.h"

namespace wherry::component::assemble {

using wasm::ExternKind;
using wit::FuncId;
using wit::InterfaceId;
using wit::TypeId;
using wit::TypeKind;
using wit::WorldItem;

namespace {

constexpr std::string_view kMemoryName = "memory";

// The core instances that a module is instantiated with: by their names, what is in them.
class Arguments {
 public:
  struct Group {
    std::string_view module;
    base::Vector<EncodedItem> items;
  };

  // Valid until the next call; null: out of memory.
  Group* group(std::string_view module) {
    if (const uint32_t* const known = places_.find(module)) return &groups_[*known];
    const auto place = static_cast<uint32_t>(groups_.size());
    if (places_.insert(module, place) == text::NameMap::Insertion::OutOfMemory || !groups_.emplace_back()) {
      return nullptr;
    }
    groups_.back().module = module;
    return &groups_.back();
  }

  uint32_t instantiate(uint32_t module, ComponentEncoder* out, bool* ok) {
    base::Vector<EncodedItem> instances;
    for (const Group& group : groups_) {
      const uint32_t instance = out->core_instance_of(group.items.span());
      *ok = instances.push_back({group.module, Sort::CoreInstance, instance}) && *ok;
    }
    return out->instantiate_core(module, instances.span());
  }

 private:
  base::Vector<Group> groups_;
  text::NameMap places_;
};

bool fill(base::Vector<uint32_t>* list, size_t size) {
  if (!list->resize(size)) return false;
  for (uint32_t& item : *list) item = kNone;
  return true;
}

}  // namespace

Outcome<base::Vector<uint8_t>> Builder::run() {
  wit::Model& model = world_.model;
  if (!shapes_.make(model) || !fill(&resources_, model.types.size()) ||
      !fill(&destructors_, model.types.size()) || !modules_.resize(parts_.size()) ||
      !instances_.resize(parts_.size())) {
    return out_of_memory();
  }
  WHERRY_TRY_TEXT(make_imports());
  WHERRY_TRY_TEXT(make_modules());
  WHERRY_TRY_TEXT(assign_slots());
  WHERRY_TRY_TEXT(make_shim());
  WHERRY_TRY_TEXT(make_own_resources());
  for (uint32_t part = 0; part < parts_.size(); ++part) WHERRY_TRY_TEXT(instantiate(part));
  WHERRY_TRY_TEXT(make_fixup());
  WHERRY_TRY_TEXT(make_start());
  WHERRY_TRY_TEXT(make_exports());
  base::Vector<uint8_t> bytes = out_.finish();
  if (!out_.ok() || !model.ok) return out_of_memory();
  return bytes;
}

Outcome<void> Builder::make_imports() {
  encoder_.keep_only(world_.marked_types(), world_.marked_functions());
  for (const WorldItem& item : world_.world().imports) {
    const uint32_t index = world_.is_marked(item) ? encoder_.import(item) : kNone;
    if (!imported_.push_back(index)) return out_of_memory();
  }
  return {};
}

Outcome<void> Builder::make_modules() {
  for (uint32_t i = 0; i < parts_.size(); ++i) {
    modules_[i] = parts_[i].is_used ? out_.add_core_module(parts_[i].reduced.span()) : kNone;
  }
  return {};
}

// ---- the shim

Outcome<void> Builder::add_slot(const Slot& slot, const wasm::FuncType& type) {
  if (!slots_.push_back(slot) || !slot_types_.push_back(type)) return out_of_memory();
  return {};
}

Outcome<void> Builder::assign_slots() {
  for (uint32_t i = 0; i < parts_.size(); ++i) {
    Part& part = parts_[i];
    if (!part.is_used) continue;
    for (uint32_t j = 0; j < part.needs.size(); ++j) {
      Need& need = part.needs[j];
      bool is_late = need.meaning.source == Source::Adapter;
      if (need.meaning.source == Source::Function) {
        const Shapes::Shape shape =
            shapes_.of(world_.model, world_.model[FuncId(need.meaning.id)], Shapes::Lowered);
        uint32_t owner = 0;
        const bool has_own_realloc = find_realloc(i, Purpose::Import, &owner) != nullptr && owner == i;
        is_late = part.is_main() ? shape.needs_memory : shape.needs_realloc && has_own_realloc;
      }
      if (!is_late) continue;
      need.slot = static_cast<uint32_t>(slots_.size());
      const bool is_lowered = need.meaning.source == Source::Function;
      const Slot slot = is_lowered ? Slot{.part = i, .need = j} : Slot{need.meaning.item, kNone, need.name};
      WHERRY_TRY_TEXT(add_slot(slot, part.module().types[need.type].func));
    }
  }
  for (const WorldItem& item : world_.world().exports) {
    if (item.kind != WorldItem::Interface) continue;
    for (const TypeId type : world_.model[InterfaceId(item.index)].types) {
      if (world_.model[type].kind != TypeKind::Resource) continue;
      const std::string_view name = world_.destructor_name(item, world_.model[type]);
      uint32_t part = 0;
      const wasm::Export* const found = find_owner(name, &part);
      if (found == nullptr) continue;
      Flat one;
      one.push(Flat::I32);
      const wasm::FuncType& core = parts_[part].func_type(found->index);
      if (!is_same(core, one, {})) {
        return Problem(parts_[part].title() + " exports " + quoted(name) + " with type " + type_text(core) +
                       ", expected " + type_text(one, {}));
      }
      destructors_[type.value] = static_cast<uint32_t>(slots_.size());
      WHERRY_TRY_TEXT(add_slot(Slot{part, kNone, name}, core));
    }
  }
  return {};
}

Outcome<void> Builder::make_shim() {
  if (slots_.empty()) return {};
  bool ok = false;
  const uint32_t module = out_.add_core_module(shim_module(slot_types_.span(), &ok).span());
  if (!ok) return out_of_memory();
  shim_ = out_.instantiate_core(module, {});
  return {};
}

uint32_t Builder::slot_function(uint32_t slot) {
  return out_.alias_core_export(Sort::CoreFunc, shim_, std::to_string(slot));
}

Outcome<void> Builder::make_fixup() {
  if (slots_.empty()) return {};
  base::Vector<EncodedItem> items;
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    uint32_t func = 0;
    if (slot.need != kNone) {
      func = WHERRY_TRY_TEXT(lower(slot.part, parts_[slot.part].needs[slot.need]));
    } else {
      func = out_.alias_core_export(Sort::CoreFunc, instances_[slot.part].index, slot.export_name);
    }
    if (!items.push_back({world_.model.keep(std::to_string(i)), Sort::CoreFunc, func}))
      return out_of_memory();
  }
  const uint32_t table = out_.alias_core_export(Sort::CoreTable, shim_, kShimTable);
  if (!items.push_back({kShimTable, Sort::CoreTable, table})) return out_of_memory();
  bool ok = false;
  const uint32_t module = out_.add_core_module(fixup_module(slot_types_.span(), &ok).span());
  if (!ok) return out_of_memory();
  const EncodedItem argument{"", Sort::CoreInstance, out_.core_instance_of(items.span())};
  out_.instantiate_core(module, {&argument, 1});
  return {};
}

Outcome<void> Builder::make_start() {
  constexpr std::string_view kInitialize = "_initialize";
  const wasm::Export* const found = main().find_export(kInitialize, ExternKind::Func);
  if (found == nullptr) return {};
  if (!is_same(main().func_type(found->index), {}, {})) {
    return Problem("the module exports " + quoted(kInitialize) + " with type " +
                   type_text(main().func_type(found->index)) + ", expected " + type_text({}, {}));
  }
  bool ok = false;
  const uint32_t module = out_.add_core_module(start_module(&ok).span());
  if (!ok) return out_of_memory();
  const EncodedItem item{"", Sort::CoreFunc,
                         out_.alias_core_export(Sort::CoreFunc, instances_[0].index, kInitialize)};
  const EncodedItem argument{"", Sort::CoreInstance, out_.core_instance_of({&item, 1})};
  out_.instantiate_core(module, {&argument, 1});
  return {};
}

// ---- instances

Outcome<void> Builder::make_own_resources() {
  for (const WorldItem& item : world_.world().exports) {
    if (item.kind != WorldItem::Interface) continue;
    for (const TypeId type : world_.model[InterfaceId(item.index)].types) {
      if (world_.model[type].kind != TypeKind::Resource) continue;
      const uint32_t slot = destructors_[type.value];
      const uint32_t destructor = slot == kNone ? kNone : slot_function(slot);
      EncodeBuffer bytes;
      bytes.u8(static_cast<uint8_t>(TypeForm::Resource));
      bytes.u8(static_cast<uint8_t>(wasm::ValKind::I32));
      bytes.u8(slot == kNone ? 0x00 : 0x01);
      if (slot != kNone) bytes.u32(destructor);
      resources_[type.value] = out_.define_type(bytes);
    }
  }
  return {};
}

Outcome<void> Builder::instantiate(uint32_t part) {
  if (!parts_[part].is_used) return {};
  Arguments arguments;
  for (const Need& need : parts_[part].needs) {
    Arguments::Group* const group = arguments.group(need.module);
    if (group == nullptr) return out_of_memory();
    const uint32_t index = WHERRY_TRY_TEXT(supply(part, need));
    if (!group->items.push_back({need.alias, core_sort(need.kind), index})) return out_of_memory();
  }
  bool ok = true;
  instances_[part].index = arguments.instantiate(modules_[part], &out_, &ok);
  if (!ok) return out_of_memory();
  if (part == 0 && main().find_export(kMemoryName, ExternKind::Memory) != nullptr) {
    memory_ = out_.alias_core_export(Sort::CoreMemory, instances_[0].index, kMemoryName);
  }
  return {};
}

// The core item that an import is given.
Outcome<uint32_t> Builder::supply(uint32_t part, const Need& need) {
  if (need.slot != kNone) return slot_function(need.slot);
  const TypeId type(need.meaning.id);
  switch (need.meaning.source) {
    case Source::Function: return lower(part, need);
    case Source::DropImported: return out_.resource_function(CanonOp::ResourceDrop, encoder_.index_of(type));
    case Source::DropOwn: return out_.resource_function(CanonOp::ResourceDrop, resources_[type.value]);
    case Source::NewOwn: return out_.resource_function(CanonOp::ResourceNew, resources_[type.value]);
    case Source::RepOwn: return out_.resource_function(CanonOp::ResourceRep, resources_[type.value]);
    case Source::Adapter: break;  // Always has a slot.
    case Source::MainExport:
      if (need.kind == ExternKind::Memory) return memory_;
      return out_.alias_core_export(core_sort(need.kind), instances_[0].index, need.name);
  }
  return Problem("the shim lacks " + quoted(need.name));
}

uint32_t Builder::imported_function(const Meaning& meaning) {
  const WorldItem& item = world_.world().imports[meaning.item];
  if (item.kind == WorldItem::Func) return imported_[meaning.item];
  return out_.alias_export(Sort::Func, imported_[meaning.item],
                           full_name(world_.model, world_.model[FuncId(meaning.id)]));
}

Outcome<uint32_t> Builder::lower(uint32_t part, const Need& need) {
  const wit::Function& function = world_.model[FuncId(need.meaning.id)];
  const Shapes::Shape shape = shapes_.of(world_.model, function, Shapes::Lowered);
  const EncodedOptions chosen =
      WHERRY_TRY_TEXT(options(part, shape, Purpose::Import, "imports " + quoted(need.name)));
  return out_.lower(imported_function(need.meaning), chosen);
}

// ---- how

const wasm::Export* Builder::find_realloc(uint32_t part, Purpose purpose, uint32_t* owner) const {
  const std::string_view names[] = {
      purpose == Purpose::Import ? "cabi_import_realloc" : "cabi_export_realloc", "cabi_realloc",
      "canonical_abi_realloc"};
  for (const uint32_t candidate : {part, 0u}) {
    for (const std::string_view name : names) {
      *owner = candidate;
      const wasm::Export* const found = parts_[candidate].find_export(name, ExternKind::Func);
      if (found != nullptr) return found;
    }
  }
  return nullptr;
}

Outcome<EncodedOptions> Builder::options(uint32_t part, const Shapes::Shape& shape, Purpose purpose,
                                         std::string_view what) {
  EncodedOptions made;
  if (!shape.needs_memory) return made;
  if (memory_ == kNone) {
    return Problem(parts_[part].title() + " " + std::string(what) +
                   ", which needs memory, but the main module exports none as " + quoted(kMemoryName));
  }
  made.encoding = parts_[part].encoding;
  made.memory = memory_;
  if (!shape.needs_realloc) return made;
  uint32_t owner = 0;
  const wasm::Export* const realloc = find_realloc(part, purpose, &owner);
  if (realloc == nullptr) {
    return Problem(parts_[part].title() + " " + std::string(what) +
                   ", which needs memory to be allocated, but it does not export `cabi_realloc`");
  }
  uint32_t& known =
      purpose == Purpose::Import ? instances_[part].import_realloc : instances_[part].export_realloc;
  if (known == kNone) {
    known = out_.alias_core_export(Sort::CoreFunc, instances_[owner].index, realloc->name);
  }
  made.realloc = known;
  return made;
}

}  // namespace wherry::component::assemble
