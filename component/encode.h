#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "component/component.h"
#include "component/section.h"
#include "engine/text/byte_buffer.h"

// Making binary components (Binary.md of the component model): what the tools write. Whoever makes one has it validated;
// here nothing is checked.
namespace wherry::component {

using EncodeBuffer = text::ByteBuffer;

// An import or export name, or that of an instance made of exports, with what is attached to it.
struct EncodedName {
  std::string_view name;
  std::string_view implements = {};   // Without data(): none.
  std::string_view external_id = {};  // The same.
};

// The type of what is imported or exported.
struct EncodedExtern {
  Sort sort = Sort::Func;
  Bound bound = Bound::Eq;  // Of sort Type.
  uint32_t index = 0;       // A type; a core type for core modules.

  static constexpr EncodedExtern type_eq(uint32_t index) { return {Sort::Type, Bound::Eq, index}; }
  static constexpr EncodedExtern resource() { return {Sort::Type, Bound::SubResource, 0}; }
};

struct EncodedItem {
  std::string_view name;
  Sort sort = Sort::Func;
  uint32_t index = 0;
};

// How a function is lifted or lowered; kNoOption: without it.
struct EncodedOptions {
  static constexpr uint32_t kNoOption = ~uint32_t{0};

  CanonOptionKind encoding =
      CanonOptionKind::Utf8;  // Or Utf16, Latin1Utf16; written where there is a memory.
  uint32_t memory = kNoOption;
  uint32_t realloc = kNoOption;
  uint32_t post_return = kNoOption;
};

void write_name(const EncodedName& name, EncodeBuffer* out);
void write_extern(const EncodedExtern& type, EncodeBuffer* out);
void write_sort(Sort sort, EncodeBuffer* out);

// Where types can be defined and given names: a component's body, or the inside of a component or instance type. Counts the
// index spaces of types and instances.
class TypeScope {
 public:
  virtual ~TypeScope() = default;

  // Each answers the new index of its sort.
  virtual uint32_t define_type(const EncodeBuffer& type) = 0;
  virtual uint32_t alias_outer_type(uint32_t count, uint32_t index) = 0;
  virtual uint32_t alias_export(Sort sort, uint32_t instance, std::string_view name) = 0;
  // Under a name; an instance type has no imports, a component's body no exports of this kind.
  virtual uint32_t import(const EncodedName& name, const EncodedExtern& type) = 0;
  virtual uint32_t declare_export(const EncodedName& name, const EncodedExtern& type) = 0;

  uint32_t count(Sort sort) const { return counts_[static_cast<uint32_t>(sort)]; }

 protected:
  uint32_t next(Sort sort) { return counts_[static_cast<uint32_t>(sort)]++; }

 private:
  uint32_t counts_[kSortCount] = {};
};

// The inside of a component or instance type, which ends up as the bytes of a type.
class TypeDeclarations final : public TypeScope {
 public:
  enum Kind : uint8_t { Component = 0x41, Instance = 0x42 };
  explicit TypeDeclarations(Kind kind) : kind_(kind) {}

  uint32_t define_type(const EncodeBuffer& type) override;
  uint32_t alias_outer_type(uint32_t count, uint32_t index) override;
  uint32_t alias_export(Sort sort, uint32_t instance, std::string_view name) override;
  uint32_t import(const EncodedName& name, const EncodedExtern& type) override;
  uint32_t declare_export(const EncodedName& name, const EncodedExtern& type) override;

  void finish(EncodeBuffer* out) const;

 private:
  Kind kind_;
  uint32_t declarations_ = 0;
  EncodeBuffer bytes_;
};

// A component in the making. What follows each other and belongs in the same section shares one.
class ComponentEncoder final : public TypeScope {
 public:
  uint32_t define_type(const EncodeBuffer& type) override;
  uint32_t alias_outer_type(uint32_t count, uint32_t index) override;
  uint32_t alias_export(Sort sort, uint32_t instance, std::string_view name) override;
  uint32_t import(const EncodedName& name, const EncodedExtern& type) override;
  uint32_t declare_export(const EncodedName& name, const EncodedExtern& type) override;

  uint32_t add_core_module(base::ByteSpan bytes);
  // Each argument is an instance.
  uint32_t instantiate_core(uint32_t module, std::span<const EncodedItem> arguments);
  uint32_t core_instance_of(std::span<const EncodedItem> exports);
  // For core sorts.
  uint32_t alias_core_export(Sort sort, uint32_t instance, std::string_view name);
  uint32_t lift(uint32_t core_func, uint32_t type, const EncodedOptions& options);
  uint32_t lower(uint32_t func, const EncodedOptions& options);
  // resource.new, resource.drop or resource.rep.
  uint32_t resource_function(CanonOp op, uint32_t type);

  uint32_t add_component(base::ByteSpan bytes);
  uint32_t instantiate(uint32_t component, std::span<const EncodedItem> arguments);
  // The new index of what is exported.
  uint32_t add_export(const EncodedName& name, Sort sort, uint32_t index,
                      const EncodedExtern* type = nullptr);
  void add_custom(std::string_view name, base::ByteSpan bytes);

  // The whole component. Nothing is added afterwards. Without `ok()`, memory ran out.
  base::Vector<uint8_t> finish();
  bool ok() const { return out_.ok() && items_.ok(); }

 private:
  EncodeBuffer& begin(SectionId section);
  // A section that is one item.
  void add_whole(SectionId section, base::ByteSpan bytes);
  void flush();

  EncodeBuffer out_;
  EncodeBuffer items_;
  SectionId section_ = SectionId::None;
  uint32_t item_count_ = 0;
  bool has_preamble_ = false;
};

}  // namespace wherry::component
