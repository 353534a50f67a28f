// The binary format of components, from the writing side. Definitions are written in the order in which they are made, and
// that is the order of indices, so a builder needs no more state than the counts of the index spaces.
#include "component/encode.h"

namespace wherry::component {

namespace {

enum Declaration : uint8_t { kDeclareType = 1, kDeclareAlias = 2, kDeclareImport = 3, kDeclareExport = 4 };

void write_export_alias(Sort sort, uint32_t instance, std::string_view name, EncodeBuffer* out) {
  write_sort(sort, out);
  out->u8(static_cast<uint8_t>(AliasKind::Export));
  out->u32(instance);
  out->name(name);
}

void write_outer_alias(uint32_t count, uint32_t index, EncodeBuffer* out) {
  write_sort(Sort::Type, out);
  out->u8(static_cast<uint8_t>(AliasKind::Outer));
  out->u32(count);
  out->u32(index);
}

}  // namespace

void write_sort(Sort sort, EncodeBuffer* out) {
  // Core sorts have a byte in front; a core module is a sort of the component level too.
  constexpr uint8_t kCodes[kSortCount] = {0x00, 0x01, 0x02, 0x03, 0x04, 0x10, 0x11,
                                          0x12, 0x01, 0x02, 0x03, 0x04, 0x05};
  if (is_core(sort)) out->u8(0x00);
  out->u8(kCodes[static_cast<uint32_t>(sort)]);
}

void write_name(const EncodedName& name, EncodeBuffer* out) {
  const uint32_t attributes =
      (name.implements.data() != nullptr ? 1u : 0u) + (name.external_id.data() != nullptr ? 1u : 0u);
  out->u8(attributes == 0 ? 0x00 : 0x02);
  out->name(name.name);
  if (attributes == 0) return;
  out->u32(attributes);
  if (name.implements.data() != nullptr) {
    out->u8(0x00);
    out->name(name.implements);
  }
  if (name.external_id.data() != nullptr) {
    out->u8(0x02);
    out->name(name.external_id);
  }
}

void write_extern(const EncodedExtern& type, EncodeBuffer* out) {
  write_sort(type.sort, out);
  if (type.sort == Sort::Type) {
    out->u8(type.bound == Bound::Eq ? 0x00 : 0x01);
    if (type.bound != Bound::Eq) return;
  }
  out->u32(type.index);
}

// ---- types with declarations

uint32_t TypeDeclarations::define_type(const EncodeBuffer& type) {
  ++declarations_;
  bytes_.u8(kDeclareType);
  bytes_.append(type.span());
  bytes_.require(type.ok());
  return next(Sort::Type);
}

uint32_t TypeDeclarations::alias_outer_type(uint32_t count, uint32_t index) {
  ++declarations_;
  bytes_.u8(kDeclareAlias);
  write_outer_alias(count, index, &bytes_);
  return next(Sort::Type);
}

uint32_t TypeDeclarations::alias_export(Sort sort, uint32_t instance, std::string_view name) {
  ++declarations_;
  bytes_.u8(kDeclareAlias);
  write_export_alias(sort, instance, name, &bytes_);
  return next(sort);
}

uint32_t TypeDeclarations::import(const EncodedName& name, const EncodedExtern& type) {
  ++declarations_;
  bytes_.u8(kDeclareImport);
  write_name(name, &bytes_);
  write_extern(type, &bytes_);
  return next(type.sort);
}

uint32_t TypeDeclarations::declare_export(const EncodedName& name, const EncodedExtern& type) {
  ++declarations_;
  bytes_.u8(kDeclareExport);
  write_name(name, &bytes_);
  write_extern(type, &bytes_);
  return next(type.sort);
}

void TypeDeclarations::finish(EncodeBuffer* out) const {
  out->u8(kind_);
  out->u32(declarations_);
  out->append(bytes_.span());
  out->require(bytes_.ok());
}

// ---- components

EncodeBuffer& ComponentEncoder::begin(SectionId section) {
  if (section != section_) flush();
  section_ = section;
  ++item_count_;
  return items_;
}

void ComponentEncoder::flush() {
  if (!has_preamble_) out_.append(kPreamble);
  has_preamble_ = true;
  if (section_ == SectionId::None) return;
  out_.section(static_cast<uint8_t>(section_), item_count_, items_);
  items_.clear();
  item_count_ = 0;
  section_ = SectionId::None;
}

uint32_t ComponentEncoder::define_type(const EncodeBuffer& type) {
  EncodeBuffer& out = begin(SectionId::Type);
  out.append(type.span());
  out.require(type.ok());
  return next(Sort::Type);
}

uint32_t ComponentEncoder::alias_outer_type(uint32_t count, uint32_t index) {
  write_outer_alias(count, index, &begin(SectionId::Alias));
  return next(Sort::Type);
}

uint32_t ComponentEncoder::alias_export(Sort sort, uint32_t instance, std::string_view name) {
  write_export_alias(sort, instance, name, &begin(SectionId::Alias));
  return next(sort);
}

uint32_t ComponentEncoder::import(const EncodedName& name, const EncodedExtern& type) {
  EncodeBuffer& out = begin(SectionId::Import);
  write_name(name, &out);
  write_extern(type, &out);
  return next(type.sort);
}

uint32_t ComponentEncoder::declare_export(const EncodedName& name, const EncodedExtern& type) {
  return add_export(name, type.sort, type.index, nullptr);
}

void ComponentEncoder::add_whole(SectionId section, base::ByteSpan bytes) {
  flush();
  out_.u8(static_cast<uint8_t>(section));
  out_.sized(bytes);
}

uint32_t ComponentEncoder::add_core_module(base::ByteSpan bytes) {
  add_whole(SectionId::CoreModule, bytes);
  return next(Sort::CoreModule);
}

uint32_t ComponentEncoder::instantiate_core(uint32_t module, std::span<const EncodedItem> arguments) {
  constexpr uint8_t kInstanceArgument = 0x12;
  EncodeBuffer& out = begin(SectionId::CoreInstance);
  out.u8(0x00);
  out.u32(module);
  out.u64(arguments.size());
  for (const EncodedItem& item : arguments) {
    out.name(item.name);
    out.u8(kInstanceArgument);
    out.u32(item.index);
  }
  return next(Sort::CoreInstance);
}

uint32_t ComponentEncoder::core_instance_of(std::span<const EncodedItem> exports) {
  EncodeBuffer& out = begin(SectionId::CoreInstance);
  out.u8(0x01);
  out.u64(exports.size());
  for (const EncodedItem& item : exports) {
    out.name(item.name);
    out.u8(static_cast<uint8_t>(extern_kind(item.sort)));
    out.u32(item.index);
  }
  return next(Sort::CoreInstance);
}

uint32_t ComponentEncoder::alias_core_export(Sort sort, uint32_t instance, std::string_view name) {
  EncodeBuffer& out = begin(SectionId::Alias);
  write_sort(sort, &out);
  out.u8(static_cast<uint8_t>(AliasKind::CoreExport));
  out.u32(instance);
  out.name(name);
  return next(sort);
}

namespace {

void write_options(const EncodedOptions& options, EncodeBuffer* out) {
  EncodeBuffer items;
  uint32_t count = 0;
  const auto write = [&](CanonOptionKind kind, uint32_t index) {
    if (index == EncodedOptions::kNoOption) return;
    ++count;
    items.u8(static_cast<uint8_t>(kind));
    items.u32(index);
  };
  if (options.memory != EncodedOptions::kNoOption) {
    ++count;
    items.u8(static_cast<uint8_t>(options.encoding));
  }
  write(CanonOptionKind::Memory, options.memory);
  write(CanonOptionKind::Realloc, options.realloc);
  write(CanonOptionKind::PostReturn, options.post_return);
  out->u32(count);
  out->append(items.span());
  out->require(items.ok());
}

}  // namespace

uint32_t ComponentEncoder::lift(uint32_t core_func, uint32_t type, const EncodedOptions& options) {
  EncodeBuffer& out = begin(SectionId::Canon);
  out.u8(row_of(CanonOp::Lift).code);
  out.u8(0x00);
  out.u32(core_func);
  write_options(options, &out);
  out.u32(type);
  return next(Sort::Func);
}

uint32_t ComponentEncoder::lower(uint32_t func, const EncodedOptions& options) {
  EncodeBuffer& out = begin(SectionId::Canon);
  out.u8(row_of(CanonOp::Lower).code);
  out.u8(0x00);
  out.u32(func);
  write_options(options, &out);
  return next(Sort::CoreFunc);
}

uint32_t ComponentEncoder::resource_function(CanonOp op, uint32_t type) {
  EncodeBuffer& out = begin(SectionId::Canon);
  out.u8(row_of(op).code);
  out.u32(type);
  return next(Sort::CoreFunc);
}

uint32_t ComponentEncoder::add_component(base::ByteSpan bytes) {
  add_whole(SectionId::Component, bytes);
  return next(Sort::Component);
}

uint32_t ComponentEncoder::instantiate(uint32_t component, std::span<const EncodedItem> arguments) {
  EncodeBuffer& out = begin(SectionId::Instance);
  out.u8(0x00);
  out.u32(component);
  out.u64(arguments.size());
  for (const EncodedItem& item : arguments) {
    out.name(item.name);
    write_sort(item.sort, &out);
    out.u32(item.index);
  }
  return next(Sort::Instance);
}

uint32_t ComponentEncoder::add_export(const EncodedName& name, Sort sort, uint32_t index,
                                      const EncodedExtern* type) {
  EncodeBuffer& out = begin(SectionId::Export);
  write_name(name, &out);
  write_sort(sort, &out);
  out.u32(index);
  out.u8(type == nullptr ? 0x00 : 0x01);
  if (type != nullptr) write_extern(*type, &out);
  return next(sort);
}

void ComponentEncoder::add_custom(std::string_view name, base::ByteSpan bytes) {
  flush();
  out_.custom_section(name, bytes);
}

base::Vector<uint8_t> ComponentEncoder::finish() {
  flush();
  return out_.take();
}

}  // namespace wherry::component
