#pragma once

#include "component/component.h"
#include "component/limits.h"
#include "component/section.h"
#include "component/text.h"
#include "engine/text/byte_buffer.h"
#include "engine/text/name_map.h"
#include "engine/text/parser_base.h"

namespace wherry::component {

// Section ids; inside of types the code of the declaration follows from them.
// Reads a component and writes its binary form as it goes: what is sugar for a definition of its own is written in front of
// what it stands in, so one pass over the text is enough. Identifiers must be bound before they are used, as everything
// in a component must.
//
// Components and types inside one another, and value types inside value types, are read by calls inside calls, of which
// kMaxTextNesting are allowed: a limit of the text, not a question to the stack. Used once; not thread-safe.
class ComponentParser : private text::ParserBase {
 public:
  ComponentParser(base::ByteSpan source, const text::ParseOptions& options)
      : ParserBase(source), source_(source), options_(options) {}

  bool parse(text::TextModule* component, base::Vector<uint8_t>* quoted);
  using ParserBase::error;
  bool is_quote() const { return is_quote_; }
  uint32_t quote_offset() const { return quote_offset_; }

 private:
  using Buffer = text::ByteBuffer;
  using Positions = base::Vector<text::SourcePosition>;

  // A component, or a type with declarations, in the making.
  struct Scope {
    DefKind kind = DefKind::Component;
    std::string_view name;
    Buffer out;
    Positions positions;                  // Places in `out`.
    uint32_t declarations = 0;            // Of types.
    SectionId section = SectionId::None;  // Of components: whose items are being collected.
    Buffer items;
    Positions item_positions;
    uint32_t item_count = 0;
    text::NameMap names[kSortCount];
    uint32_t next[kSortCount] = {};
    Buffer name_entries[kSortCount];  // For the section "component-name".
    uint32_t name_counts[kSortCount] = {};
  };
  // A string with its attributes, in binary form.
  struct Name {
    Buffer bytes;
    std::string_view text;
  };
  // How a definition begins.
  struct Head {
    std::string_view id;
    base::Vector<uint32_t> exports;  // Where they stand.
    bool is_whole = false;           // It was an import or an alias: nothing follows.
  };
  class Nesting;

  // text_component.cc
  bool parse_strings(base::Vector<uint8_t>* bytes);
  bool parse_fields(bool has_parenthesis);
  bool parse_field();
  bool parse_core_field(uint32_t begin);
  bool parse_component_field(uint32_t begin);
  bool parse_custom_annotation();
  bool open_scope(DefKind kind, std::string_view name);
  bool close_scope(Buffer* out, Positions* positions);
  void flush();
  void emit(SectionId section, const Buffer& item, uint32_t text_offset, const Positions* inside = nullptr);
  void emit_whole(SectionId section, base::ByteSpan bytes, uint32_t text_offset, const Positions* inside);
  void write_names(Scope& scope);
  Scope& scope() { return scopes_.back(); }
  // The next index of the sort, under `id` if that has data().
  bool define(Sort sort, std::string_view id, uint32_t* index = nullptr);
  bool take_id(std::string_view* id);
  std::string_view name_of(std::string_view id);

  // text_references.cc
  bool at_index() const;
  bool parse_index(Sort sort, uint32_t* index);
  bool resolve(Sort sort, uint32_t* index);
  bool parse_reference(Sort sort, uint32_t* index);
  bool parse_aliased(Sort sort, uint32_t* index);
  bool parse_sort(bool in_core, Sort* sort);
  bool parse_any_reference(bool in_core, Sort* sort, uint32_t* index);
  void write_sort(Sort sort, Buffer* out);
  void emit_export_alias(AliasKind kind, Sort sort, uint32_t instance, std::string_view name,
                         uint32_t text_offset);
  bool parse_alias();
  bool parse_alias_target(Sort* sort, std::string_view* id);
  void emit_outer_alias(Sort sort, uint32_t depth, uint32_t index, uint32_t text_offset);
  bool parse_outer_alias(uint32_t begin);
  bool parse_inline_alias(Sort sort, std::string_view id);

  // text_items.cc
  bool parse_name(Name* name);
  bool parse_attribute(Buffer* attributes, uint32_t* seen);
  bool parse_inline_exports(base::Vector<uint32_t>* exports);
  bool write_inline_exports(const base::Vector<uint32_t>& exports, Sort sort, uint32_t index);
  void emit_export(const Name& name, Sort sort, uint32_t index, const Buffer* type, uint32_t text_offset);
  bool parse_inline_import(Name* name, bool* found);
  bool parse_head(Sort sort, uint32_t begin, Head* head);
  bool emit_import(const Name& name, const Buffer& type, Sort sort, std::string_view id,
                   uint32_t text_offset);
  bool parse_import(uint32_t begin);
  bool parse_export(uint32_t begin);
  bool parse_func(uint32_t begin);
  bool parse_instance(uint32_t begin);
  bool parse_instantiate(Buffer* item, bool in_core);
  bool parse_instance_items(Buffer* items, uint32_t* count, bool in_core);
  bool parse_type_field(uint32_t begin);
  bool parse_canon(uint32_t begin);
  bool parse_canon_body(uint32_t begin, const std::string_view* core_id);
  bool parse_lift(uint32_t begin, const Buffer* func_type, std::string_view id);
  bool parse_options(Buffer* out);
  bool parse_option(Buffer* out, bool* found);
  bool parse_immediates(const CanonRow& row, Buffer* item);
  bool parse_cancel_memory(Buffer* item);
  bool parse_result(Buffer* out);
  bool parse_start(uint32_t begin);

  // text_types.cc
  bool parse_value_type(Buffer* out);
  bool at_defined_type();
  bool parse_defined_type(Buffer* out);
  bool parse_definition(Buffer* out, Positions* positions);
  bool parse_func_type(Buffer* out);
  bool parse_resource_type(Buffer* out);
  bool parse_declarations(DefKind kind, std::string_view name, Buffer* out, Positions* positions);
  bool parse_declaration();
  bool parse_members(std::string_view keyword, bool type_is_optional, Buffer* out);
  bool parse_labels(Buffer* out);
  bool parse_optional_type(Buffer* out);
  bool hoist_type(const Buffer& type, const Positions* positions, uint32_t text_offset, uint32_t* index);
  bool at_type_use();
  bool parse_extern_type(Buffer* out, Sort* sort, std::string_view* id);
  bool parse_typed_extern(Sort sort, Buffer* out);
  bool parse_type_index(Sort sort, uint32_t* index);

  // text_core.cc
  bool parse_core_module(uint32_t begin);
  bool parse_core_instance(uint32_t begin);
  bool parse_core_func(uint32_t begin);
  bool parse_core_type_field(uint32_t begin);
  bool parse_core_rec(uint32_t begin);
  bool parse_core_definition(Buffer* out, Positions* positions);
  bool parse_core_sub_type(Buffer* out);
  bool parse_core_composite(Buffer* out);
  bool parse_core_func_type(Buffer* out);
  bool parse_core_field_type(Buffer* out);
  bool parse_core_value_type(Buffer* out);
  bool parse_core_heap_type(Buffer* out);
  bool parse_module_declarations(Buffer* out, Positions* positions);
  bool parse_module_declaration();
  bool parse_core_extern_type(Buffer* out);
  bool parse_core_type_use(Buffer* out);
  bool parse_core_limits(bool is_table, Buffer* out);

  base::ByteSpan source_;
  text::ParseOptions options_;
  bool is_quote_ = false;
  uint32_t quote_offset_ = 0;
  uint32_t nesting_ = 0;
  // Names that annotations give to definitions which are not complete yet.
  struct Annotated {
    const void* id = nullptr;  // Where the identifier stands in the text.
    std::string_view name;
  };
  base::Vector<Annotated> annotated_;
  base::Vector<Scope> scopes_;
};

// Counts calls inside calls.
class ComponentParser::Nesting {
 public:
  explicit Nesting(ComponentParser& parser) : parser_(parser) { ++parser_.nesting_; }
  ~Nesting() { --parser_.nesting_; }
  Nesting(const Nesting&) = delete;
  Nesting& operator=(const Nesting&) = delete;
  bool ok() const {
    return parser_.nesting_ <= kMaxTextNesting ||
           parser_.fail(wasm::ErrorCode::NestingTooDeep, parser_.token().offset);
  }

 private:
  ComponentParser& parser_;
};

}  // namespace wherry::component
