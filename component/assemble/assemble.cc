// Making a component of a core module and adapters, step by step: read the modules, put their worlds together, find out what
// each import is and which adapters are wanted, cut these down to what is wanted, build.
//
// This is what `wasm-tools component new` does, and the conventions (names, sections, the shape of the result) are its, because
// toolchains rely on them. Left out is what those need a scheduler for.
#include "component/assemble/assemble.h"

#include <algorithm>

#include "component/assemble/builder.h"
#include "component/assemble/prune.h"
#include "component/names.h"
#include "component/wit/decode.h"
#include "engine/wasm/errors.h"

namespace wherry::component::assemble {

using wasm::ExternKind;

namespace {

// Functions of an adapter that are needed, each once.
class Wanted {
 public:
  explicit Wanted(const Part& part) : part_(part) {}
  // What the adapter does not export is passed over. False: out of memory.
  [[nodiscard]] bool add(std::string_view name) {
    if (part_.find_export(name, ExternKind::Func) == nullptr) return true;
    const auto insertion = names_.insert(name, 0);
    if (insertion == text::NameMap::Insertion::Duplicate) return true;
    return insertion == text::NameMap::Insertion::Done && list_.push_back(name);
  }
  std::span<const std::string_view> list() const { return list_.span(); }

 private:
  const Part& part_;
  text::NameMap names_;
  base::Vector<std::string_view> list_;
};

class Assembly {
 public:
  explicit Assembly(const Parts& given) : given_(given) {}

  Outcome<base::Vector<uint8_t>> run() {
    WHERRY_TRY_TEXT(read());
    base::Vector<const ValidComponent*> packages;
    for (const ValidComponent& package : packages_) {
      if (!packages.push_back(&package)) return out_of_memory();
    }
    base::Result<wit::Model> model = wit::decode_worlds(packages.span());
    if (!model) return Problem("the worlds do not fit together: " + wasm::describe(model.error()));
    World world(std::move(*model));
    if (!world.index()) return out_of_memory();
    WHERRY_TRY_TEXT(find_needs(world, 0));
    bool ok = false;
    parts_[0].reduced = without_metadata(parts_[0], &ok);
    if (!ok) return out_of_memory();
    for (uint32_t i = 1; i < parts_.size(); ++i) WHERRY_TRY_TEXT(reduce(world, i));
    if (!world.mark(parts_.span())) return out_of_memory();
    return Builder(world, parts_.span()).run();
  }

 private:
  Outcome<void> read() {
    if (!parts_.resize(given_.adapters.size() + 1)) return out_of_memory();
    parts_[0].bytes = given_.module;
    for (size_t i = 0; i < given_.adapters.size(); ++i) {
      parts_[i + 1].name = given_.adapters[i].name;
      parts_[i + 1].bytes = given_.adapters[i].bytes;
      if (parts_[i + 1].name.empty()) return Problem("an adapter has no name");
      if (find_adapter(parts_[i + 1].name) != i + 1) {
        return Problem("there are two adapters " + quoted(parts_[i + 1].name));
      }
    }
    for (Part& part : parts_) {
      WHERRY_TRY_TEXT(read_part(part.bytes, registry_, &part));
      WHERRY_TRY_TEXT(read_metadata(&part, registry_, &packages_));
    }
    return {};
  }

  uint32_t find_adapter(std::string_view name) const {
    for (uint32_t i = 1; i < parts_.size(); ++i) {
      if (parts_[i].name == name) return i;
    }
    return kNone;
  }

  // Says of each import of a part what it is.
  Outcome<void> find_needs(World& world, uint32_t at) {
    Part& part = parts_[at];
    part.needs.clear();
    text::NameMap names;
    for (const wasm::Import& import : part.module().imports) {
      Need need;
      need.module = import.module;
      need.name = import.name;
      need.alias = WHERRY_TRY_TEXT(alias_of(import, part, &names, &world.model));
      need.kind = import.kind;
      const std::string what = part.title() + " imports " + quoted(import.module) + " " + quoted(import.name);
      if (import.kind == ExternKind::Func) need.type = part.module().funcs[import.index].type.value;
      if (!part.is_main() && (import.module == kMainModule || import.module == "env")) {
        WHERRY_TRY_TEXT(find_in_main(need, part, what));
        need.meaning.source = Source::MainExport;
      } else if (import.kind != ExternKind::Func) {
        return Problem(what + ", which is not a function" +
                       (import.kind == ExternKind::Memory && part.is_main()
                            ? ": a module that imports its memory is not supported"
                            : ""));
      } else {
        WHERRY_TRY_TEXT(find_meaning(world, part, what, &need));
      }
      if (!part.needs.push_back(need)) return out_of_memory();
    }
    return {};
  }

  // Modules inside of components may not import the same thing twice, as linkers let modules do.
  static Outcome<std::string_view> alias_of(const wasm::Import& import, const Part& part,
                                            text::NameMap* names, wit::Model* model) {
    constexpr int kAttempts = 4;
    std::string_view alias = import.name;
    for (int i = 0; i < kAttempts; ++i) {
      const auto insertion = names->insert(model->keep(import.module, "\n", alias), 0);
      if (insertion == text::NameMap::Insertion::OutOfMemory || !model->ok) return out_of_memory();
      if (insertion == text::NameMap::Insertion::Done) return alias;
      if (!part.is_main()) break;
      alias = model->keep(alias, "#", std::to_string(names->size()));
    }
    return Problem(part.title() + " imports " + quoted(import.module) + " " + quoted(import.name) + " twice");
  }

  Outcome<void> find_meaning(World& world, const Part& part, const std::string& what, Need* need) {
    const wasm::FuncType& type = part.module().types[need->type].func;
    if (const uint32_t adapter = find_adapter(need->module); adapter != kNone) {
      if (!part.is_main()) return Problem(what + ": adapters that need adapters are not supported");
      const Part& other = parts_[adapter];
      const wasm::Export* const found = other.find_export(need->name, ExternKind::Func);
      if (found == nullptr) return Problem(what + ", which " + other.title() + " does not export");
      const wasm::FuncType& actual = other.func_type(found->index);
      if (!is_equal(type, actual)) {
        return Problem(what + " with type " + type_text(type) + ", but the adapter exports it with " +
                       type_text(actual));
      }
      need->meaning = {Source::Adapter, adapter, 0};
      return {};
    }
    if (!world.find(need->module, need->name, &need->meaning)) {
      return Problem(what + ": " + world.why_unknown(need->module, need->name));
    }
    if (shapes_.is_empty() && !shapes_.make(world.model)) return out_of_memory();
    const Shapes::Shape expected = shape_of(world, need->meaning);
    if (!is_same(type, expected.params, expected.results)) {
      return Problem(what + " with type " + type_text(type) + ", expected " +
                     type_text(expected.params, expected.results));
    }
    return {};
  }

  Shapes::Shape shape_of(const World& world, const Meaning& meaning) const {
    if (meaning.source == Source::Function) {
      return shapes_.of(world.model, world.model[wit::FuncId(meaning.id)], Shapes::Lowered);
    }
    Shapes::Shape shape;
    shape.params.push(Flat::I32);
    if (meaning.source == Source::NewOwn || meaning.source == Source::RepOwn) shape.results.push(Flat::I32);
    return shape;
  }

  static bool is_equal(const wasm::FuncType& a, const wasm::FuncType& b) {
    return std::equal(a.params.begin(), a.params.end(), b.params.begin(), b.params.end()) &&
           std::equal(a.results.begin(), a.results.end(), b.results.begin(), b.results.end());
  }

  // What an adapter takes from the main module: anything that it exports under that name; from `env` its memory.
  Outcome<void> find_in_main(const Need& need, const Part& part, const std::string& what) const {
    const wasm::Export* const found = parts_[0].find_export(need.name, need.kind);
    if (need.module == "env" && need.kind != ExternKind::Memory) {
      return Problem(what + ": of `env` an adapter can have the memory only");
    }
    if (found == nullptr) return Problem(what + ", which the main module does not export");
    if (need.kind != ExternKind::Func) return {};
    const wasm::FuncType& wanted = part.module().types[need.type].func;
    const wasm::FuncType& actual = parts_[0].func_type(found->index);
    if (is_equal(wanted, actual)) return {};
    return Problem(what + " with type " + type_text(wanted) + ", but the main module exports it with " +
                   type_text(actual));
  }

  // An adapter with only what the main module imports of it and what it exports to the world.
  Outcome<void> reduce(World& world, uint32_t at) {
    Part& part = parts_[at];
    Wanted wanted(part);
    bool ok = true;
    for (const Need& need : parts_[0].needs) {
      if (need.meaning.source == Source::Adapter && need.meaning.item == at) ok = wanted.add(need.name) && ok;
    }
    for (const wit::WorldItem& item : world.world().exports)
      ok = want_exports(world, item, at, &wanted) && ok;
    part.is_used = !wanted.list().empty();
    if (!ok) return out_of_memory();
    if (!part.is_used) return {};
    for (const std::string_view name :
         {"cabi_import_realloc", "cabi_export_realloc", "cabi_realloc", "canonical_abi_realloc"}) {
      if (!wanted.add(name)) return out_of_memory();
    }
    const wasm::Export* realloc = nullptr;
    for (const std::string_view name : {"cabi_realloc_adapter", "cabi_realloc", "canonical_abi_realloc"}) {
      if (realloc == nullptr && !given_.grow_for_adapters) {
        realloc = parts_[0].find_export(name, ExternKind::Func);
      }
    }
    const Pruning pruning{.exports = wanted.list(),
                          .main_realloc = realloc == nullptr ? std::string_view() : realloc->name};
    base::Vector<uint8_t> reduced = WHERRY_TRY_TEXT(prune(part, pruning));
    part.reduced = std::move(reduced);
    WHERRY_TRY_TEXT(read_part(part.reduced.span(), registry_, &part));
    return find_needs(world, at);
  }

  // Of a part's exports those that the world exports and no part in front of it does.
  bool want_exports(World& world, const wit::WorldItem& item, uint32_t at, Wanted* wanted) {
    const auto want = [&](std::string_view name) {
      for (uint32_t i = 0; i < at; ++i) {
        if (parts_[i].is_used && parts_[i].find_export(name, ExternKind::Func) != nullptr) return true;
      }
      return wanted->add(name);
    };
    const auto want_function = [&](const wit::Function& function) {
      const std::string_view name = world.export_name(item, function);
      return want(name) && want(world.model.keep("cabi_post_", name));
    };
    if (item.kind == wit::WorldItem::Func) return want_function(world.model[wit::FuncId(item.index)]);
    bool ok = true;
    for (const wit::TypeId type : world.model[wit::InterfaceId(item.index)].types) {
      ok = want(world.destructor_name(item, world.model[type])) && ok;
    }
    for (const wit::FuncId id : world.model[wit::InterfaceId(item.index)].functions) {
      ok = want_function(world.model[id]) && ok;
    }
    return ok && world.model.ok;
  }

  const Parts& given_;
  wasm::TypeRegistry registry_;
  base::Vector<ValidComponent> packages_;
  base::Vector<Part> parts_;
  Shapes shapes_;
};

}  // namespace

std::expected<base::Vector<uint8_t>, std::string> make_component(const Parts& parts) {
  return Assembly(parts).run();
}

}  // namespace wherry::component::assemble
