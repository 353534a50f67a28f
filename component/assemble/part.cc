// Core modules on their way into a component: what they import and export, and the worlds that toolchains left in them.
//
// A section `component-type` (its name goes on with anything, so that a linker that puts object files together keeps the
// sections of all) holds a WIT package in binary form with one world, and in a custom section of its own the form's version
// and the encoding of strings. Several of them add up to one world. They are read from the bytes as given; the component gets
// the module without them, as they have said what they had to say.
#include "component/assemble/part.h"

#include "component/core_module.h"
#include "component/decode.h"
#include "component/names.h"
#include "engine/base/byte_reader.h"
#include "engine/decode/decode.h"
#include "engine/wasm/errors.h"

namespace wherry::component::assemble {

namespace {

constexpr std::string_view kMetadata = "component-type";
constexpr std::string_view kEncoding = "wit-component-encoding";
constexpr uint8_t kVersion = 4;

bool is_metadata(const wasm::CustomSection& section) { return section.name.starts_with(kMetadata); }

Outcome<CanonOptionKind> read_encoding(const Component& component) {
  for (const Custom& custom : component.customs) {
    if (custom.name != kEncoding) continue;
    if (custom.bytes.size() != 2)
      return Problem("its section " + quoted(kEncoding) + " is not two bytes long");
    if (custom.bytes[0] != kVersion) {
      return Problem("it is of form " + std::to_string(custom.bytes[0]) + ", of which only 4 is known");
    }
    if (custom.bytes[1] > static_cast<uint8_t>(CanonOptionKind::Latin1Utf16)) {
      return Problem("it names no encoding of strings");
    }
    return static_cast<CanonOptionKind>(custom.bytes[1]);
  }
  return Problem("it has no section " + quoted(kEncoding));
}

Outcome<CanonOptionKind> read_package(base::ByteSpan bytes, wasm::TypeRegistry& registry,
                                      base::Vector<ValidComponent>* packages) {
  if (!is_component(bytes)) return Problem("it holds no component");
  base::Result<Component> decoded = decode(bytes, Features::all());
  if (!decoded) return Problem(wasm::describe(decoded.error()));
  const CanonOptionKind encoding = WHERRY_TRY_TEXT(read_encoding(*decoded));
  base::Result<ValidComponent> valid = validate(std::move(*decoded), registry);
  if (!valid) return Problem(wasm::describe(valid.error()));
  if (!packages->push_back(std::move(*valid))) return out_of_memory();
  return encoding;
}

void write_imports(std::span<const Need> needs, EncodeBuffer* out) {
  EncodeBuffer items;
  for (const Need& need : needs) {
    write_import(need.module, need.alias, wasm::ExternKind::Func, &items);
    items.u32(need.type);
  }
  write_core_section(CoreSection::Import, needs.size(), items, out);
}

}  // namespace

Problem out_of_memory() { return Problem("out of memory"); }

std::string Part::title() const { return is_main() ? "the module" : "the adapter " + quoted(name); }

const wasm::Export* Part::find_export(std::string_view export_name, wasm::ExternKind kind) const {
  const uint32_t* const found = exports.find(export_name);
  if (found == nullptr || module().exports[*found].kind != kind) return nullptr;
  return &module().exports[*found];
}

Outcome<void> read_part(base::ByteSpan bytes, wasm::TypeRegistry& registry, Part* part) {
  if (is_component(bytes)) return Problem(part->title() + " is a component already");
  base::Result<wasm::Module> decoded = decode::decode(bytes, {.features = wasm::Features::all()});
  if (!decoded) return Problem(part->title() + ": " + wasm::describe(decoded.error()));
  base::Result<validate::TypedModule> typed = validate::type_module(std::move(*decoded), registry);
  if (!typed) return Problem(part->title() + ": " + wasm::describe(typed.error()));
  part->typed.emplace(std::move(*typed));
  part->exports.clear();
  for (uint32_t i = 0; i < part->module().exports.size(); ++i) {
    if (part->exports.insert(part->module().exports[i].name, i) == text::NameMap::Insertion::OutOfMemory) {
      return out_of_memory();
    }
  }
  return {};
}

Outcome<void> read_metadata(Part* part, wasm::TypeRegistry& registry,
                            base::Vector<ValidComponent>* packages) {
  bool is_first = true;
  for (const wasm::CustomSection& section : part->module().customs) {
    if (!is_metadata(section)) continue;
    const Outcome<CanonOptionKind> encoding = read_package(section.bytes, registry, packages);
    if (!encoding) {
      return Problem(part->title() + ": section " + quoted(section.name) + ": " + encoding.error());
    }
    if (!is_first && *encoding != part->encoding) {
      return Problem(part->title() + " encodes strings in two ways");
    }
    part->encoding = *encoding;
    is_first = false;
  }
  return {};
}

base::Vector<uint8_t> without_metadata(const Part& part, bool* ok) {
  // Sections are copied as they are (an id, a size, and the content), but for imports, which are written anew.
  EncodeBuffer out;
  constexpr size_t kPreamble = 8;
  const wasm::Module& module = part.module();
  out.append(module.bytes.first(kPreamble));
  base::ByteReader reader(module.bytes.subspan(kPreamble));
  size_t next_custom = 0;
  while (!reader.at_end() && reader.ok()) {
    const uint8_t* const begin = reader.position();
    const auto id = static_cast<CoreSection>(reader.u8());
    reader.take(reader.u32());
    if (id == CoreSection::Import) {
      write_imports(part.needs.span(), &out);
      continue;
    }
    const bool is_custom = id == CoreSection::Custom;
    const bool is_dropped = is_custom && is_metadata(module.customs[next_custom]);
    if (is_custom) ++next_custom;
    if (!is_dropped) out.append({begin, reader.position()});
  }
  *ok = out.ok();
  return out.take();
}

}  // namespace wherry::component::assemble
