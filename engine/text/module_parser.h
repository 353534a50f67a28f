#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/result.h"
#include "engine/text/byte_buffer.h"
#include "engine/text/name_map.h"
#include "engine/text/name_section.h"
#include "engine/text/parse.h"
#include "engine/text/parser_base.h"
#include "engine/wasm/instruction.h"
#include "engine/wasm/module.h"
#include "engine/wasm/sections.h"

namespace wherry::text {

enum class Space : uint8_t { Type, Func, Table, Memory, Global, Tag, Elem, Data };
inline constexpr uint32_t kSpaceCount = 8;
// "func", as messages and fields spell it.
std::string_view space_name(Space space);

// Sections in the order of the binary format.
enum class Section : uint8_t {
#define SECTION_ROW(name, id, keyword, words) name,
#include "engine/wasm/sections.inc"
#undef SECTION_ROW
};
inline constexpr uint32_t kSectionCount = wasm::kSectionIds - 1;

// Reads the fields of one module and writes their binary form at once: section by section into buffers, bodies
// instruction by instruction. There is no tree. See parse_module.cc for the passes. Used once; not thread-safe.
class ModuleParser : private ParserBase {
 public:
  ModuleParser(base::ByteSpan source, const ParseOptions& options) : ParserBase(source), options_(options) {}

  // The whole source is one module. Of `(module quote ...)`, unless `quoted` is null, only the strings are read:
  // they become `*quoted`, to be parsed in turn.
  bool parse(TextModule* module, base::Vector<uint8_t>* quoted);
  using ParserBase::error;
  bool is_quote() const { return is_quote_; }
  uint32_t quote_offset() const { return quote_offset_; }

 private:
  struct SectionBuffer {
    ByteBuffer bytes;
    uint32_t count = 0;
    base::Vector<SourcePosition> positions;  // Binary offsets inside `bytes`.
  };
  struct IndexSpace {
    NameMap names;
    uint32_t count = 0;  // Of the collecting pass.
    uint32_t next = 0;   // Of the writing pass.
  };
  // What an explicit or implicit type is, as far as other fields ask.
  struct TypeInfo {
    bool is_func = false;
    uint32_t param_count = 0;
    std::string_view signature;  // Encoded parameters and results.
  };
  struct CustomSection {
    uint32_t place = 0;  // See parse_custom_annotation.
    std::string_view name;
    base::Vector<uint8_t> bytes;
  };
  // A parameter list and a result list with the type index they stand for.
  struct TypeUse {
    uint32_t index = 0;
    uint32_t param_count = 0;
  };
  enum class ParamNames : uint8_t { None, Ignore, Bind };
  struct RefType {
    bool is_nullable = false;
    int64_t heap = 0;  // As the binary format has it: negative for abstract types.
  };
  struct Binding {
    std::string_view name;  // Of the name section; without data(): none.
  };
  struct LimitsFlags {
    static constexpr uint8_t kHasMax = 1;
    static constexpr uint8_t kShared = 2;
    static constexpr uint8_t k64 = 4;
    static constexpr uint8_t kPageSize = 8;
  };
  struct MemoryHead {
    bool is_64 = false;
    bool has_page_size = false;
    uint32_t page_size_log2 = 16;
  };
  // An instruction that waits for its parenthesis or its `end`.
  enum class FrameKind : uint8_t { Block, Plain, FoldedBlock, IfCondition, Then, ThenDone, Else };
  struct Frame {
    FrameKind kind;
    bool is_if = false;  // Of a Block: may have an `else`.
    uint8_t hint = kNoHint;
    uint32_t pending_begin = 0;  // Its bytes in `pending_`.
    uint32_t text_offset = 0;
    std::string_view label;
    std::string_view label_name;  // For the name section.
  };
  struct Label {
    uint32_t name = kNoName;      // Into `innermost_label_`.
    uint32_t shadowed = kNoName;  // The label of the same name further out.
  };
  static constexpr uint8_t kNoHint = 0xff;
  static constexpr uint32_t kNoName = ~uint32_t{0};

  // parse_module.cc: forms of modules and the passes.
  bool parse_strings_module(base::Vector<uint8_t>* bytes);
  bool collect_fields(bool has_parenthesis);
  bool collect_field();
  bool collect_rec();
  bool collect_import();
  bool collect_extern(uint32_t count);
  bool collect_definition(Space space);
  bool note_import_order(Space space, bool is_import, uint32_t offset);
  bool bind(Space space);
  bool write_types();
  bool write_fields(bool has_parenthesis);
  bool assemble(TextModule* module);
  void append_section(Section section, ByteBuffer* out, TextModule* module);
  void append_customs(uint32_t place, ByteBuffer* out);
  void append_code_hints(ByteBuffer* out);

  // parse_annotations.cc
  bool parse_name_annotation(Binding* binding);
  bool parse_custom_annotation();
  bool parse_custom_place(uint32_t* place);
  bool parse_branch_hint();

  // parse_types.cc
  bool parse_type_field(bool in_rec_group);
  bool parse_rec_field();
  bool parse_sub_type(uint32_t index, bool may_match);
  bool parse_composite_type(uint32_t index, bool is_plain);
  bool parse_func_type(uint32_t index, bool is_plain);
  bool parse_struct_type(uint32_t index);
  bool parse_field_type(ByteBuffer* out);
  bool parse_storage_type(ByteBuffer* out);
  bool at_value_type();
  bool parse_value_type(ByteBuffer* out);
  bool at_ref_type();
  bool parse_ref_type(RefType* type);
  bool parse_heap_type(int64_t* heap);
  static void write_ref_type(const RefType& type, ByteBuffer* out);
  // Reads `(param ...)* (result ...)*` into `signature_`; `names` says what names of
  // parameters are for.
  bool parse_signature(ParamNames names, uint32_t* param_count, uint32_t* result_count);
  bool parse_params(ParamNames names, uint32_t* param_count);
  bool parse_type_use(ParamNames names, TypeUse* use);
  bool match_type_use(uint32_t index, uint32_t offset);
  bool implicit_type(uint32_t param_count, uint32_t* index);
  bool parse_block_type(ByteBuffer* out);
  bool register_type(uint32_t index, const TypeInfo& info, bool may_match);
  std::string_view store(base::ByteSpan bytes);

  // parse_fields.cc
  bool parse_field();
  bool parse_import_field();
  bool parse_import_group(std::string_view module);
  bool parse_import_items(ByteBuffer* items, uint32_t* count, bool* have_types);
  bool parse_import_desc(std::string_view module, std::string_view field);
  bool parse_extern_type(Space space, ByteBuffer* out, ParamNames names = ParamNames::Bind);
  bool parse_inline_exports(Space space, uint32_t index);
  void write_import_head(std::string_view module, std::string_view field, Space space);
  void write_export(std::string_view name, Space space, uint32_t index);
  bool parse_func_field();
  bool bind_local(uint32_t index);
  bool parse_locals(uint32_t param_count);
  bool finish_func(uint32_t index);
  bool parse_table_field();
  bool parse_table_with_elem(uint32_t index);
  bool parse_table_type(ByteBuffer* out, bool* is_64);
  bool parse_memory_field();
  bool parse_memory_with_data(uint32_t index);
  bool parse_memory_type(ByteBuffer* out);
  bool parse_page_size(MemoryHead* head);
  bool parse_limits(uint8_t flags, ByteBuffer* out);
  bool parse_global_field();
  bool parse_global_type(ByteBuffer* out);
  bool parse_tag_field();
  bool parse_export_field();
  bool parse_start_field();
  bool begin_definition(Space space, uint32_t* index);
  bool begin_extern(Space space, uint32_t* index, bool* is_import);
  void note_position(Section section, uint32_t text_offset);

  // parse_segments.cc
  struct ElemHead {
    wasm::SegmentMode mode = wasm::SegmentMode::Passive;
    uint32_t table = 0;
    ByteBuffer offset;
  };
  bool parse_elem_field();
  bool parse_elem_list(ElemHead* head, bool has_table);
  void write_elem(const ElemHead& head, const RefType* type, const ByteBuffer& items, uint32_t count);
  bool parse_func_items(ByteBuffer* items, uint32_t* count);
  bool parse_expression_items(ByteBuffer* items, uint32_t* count);
  bool parse_inline_elem(uint32_t table, bool table_is_64, const RefType& type, uint32_t* count);
  bool parse_data_field();
  bool parse_inline_data(uint32_t memory, const MemoryHead& head, uint64_t* size_bytes);
  bool parse_segment_offset(ByteBuffer* out);
  bool parse_data_strings(base::Vector<uint8_t>* bytes);
  static void write_zero_offset(bool is_64, ByteBuffer* out);

  // parse_instructions.cc
  bool parse_expression(ByteBuffer* out);
  bool parse_folded_expression(ByteBuffer* out);
  bool parse_body();
  bool parse_instructions(bool single_folded);
  bool parse_plain_instruction();
  bool parse_folded_instruction();
  bool parse_close();
  bool parse_block_start(wasm::Op op, bool is_folded);
  bool parse_else();
  bool parse_end();
  bool parse_label_repetition(const Frame& frame);
  bool parse_then();
  bool parse_folded_else();
  bool find_instruction(const Token& keyword, wasm::Op* op);
  bool push_frame(const Frame& frame);
  bool push_label(const Frame& frame);
  void pop_label();
  bool begin_instruction(uint8_t hint, uint32_t text_offset);
  bool emit_pending(const Frame& frame);
  uint8_t take_hint();

  // parse_immediates.cc: the opcode and what follows it, into `out`.
  bool parse_operator(wasm::Op op, ByteBuffer* out);
  bool parse_immediate(wasm::Immediate kind, ByteBuffer* out);
  bool parse_select(ByteBuffer* out);
  bool parse_ref_test(wasm::Op op, ByteBuffer* out);
  bool parse_cast_branch(ByteBuffer* out);
  bool parse_call_indirect(ByteBuffer* out);
  bool parse_label_table(ByteBuffer* out);
  bool parse_catches(ByteBuffer* out);
  bool parse_field_index(ByteBuffer* out);
  bool parse_segment_init(Space container, Space segment, ByteBuffer* out);
  bool parse_copy(Space space, ByteBuffer* out);
  bool parse_memory_access(wasm::Immediate kind, ByteBuffer* out);
  bool parse_memory_option(std::string_view key, uint64_t* value, bool* found);
  bool parse_lane(ByteBuffer* out);
  bool parse_shuffle(ByteBuffer* out);
  bool parse_vector(ByteBuffer* out);
  bool parse_integer_literal(uint32_t bits, uint64_t* value);
  bool parse_float_literal(uint32_t bits, uint64_t* value);
  bool parse_label(uint32_t* depth);
  bool parse_local(ByteBuffer* out);
  static bool is_index(const Token& token) {
    return token.kind == TokenKind::Identifier ||
           (token.kind == TokenKind::Number && token.form == NumberForm::Natural);
  }
  bool at_index() const { return is_index(token()); }
  bool parse_index(Space space, uint32_t* index);
  bool parse_index(Space space, ByteBuffer* out);
  bool parse_optional_index(Space space, ByteBuffer* out);
  bool unknown_identifier(std::string_view what);

  SectionBuffer& section(Section id) { return sections_[static_cast<uint32_t>(id)]; }
  IndexSpace& space(Space id) { return spaces_[static_cast<uint32_t>(id)]; }

  ParseOptions options_;
  bool is_quote_ = false;
  uint32_t quote_offset_ = 0;
  std::string_view module_name_;
  IndexSpace spaces_[kSpaceCount];
  SectionBuffer sections_[kSectionCount];
  NameSection names_;
  bool has_definitions_ = false;  // Seen by the collecting pass: imports must not follow.
  Space first_definition_ = Space::Func;
  bool needs_data_count_ = false;
  base::Vector<uint32_t> type_fields_;  // Where type and rec fields begin.
  base::Vector<TypeInfo> types_;
  NameMap signatures_;   // Encoded signature -> the first type that an inline one may stand for.
  NameMap field_names_;  // Type index (4 bytes) and field name -> field index.
  base::Vector<CustomSection> customs_;
  ByteBuffer signature_;  // Scratch of parse_signature.
  ByteBuffer results_;

  // The function or expression at hand.
  NameMap locals_;
  base::Vector<Frame> frames_;
  base::Vector<Label> labels_;
  NameMap label_names_;                     // Of the module: name -> place in `innermost_label_`.
  base::Vector<uint32_t> innermost_label_;  // Index into `labels_`, or kNoName.
  ByteBuffer body_;
  ByteBuffer pending_;  // Folded instructions whose operands are being read.
  base::Vector<SourcePosition> body_positions_;
  bool in_func_ = false;
  uint8_t hint_ = kNoHint;  // Of the annotation just read.
  uint32_t hint_offset_ = 0;
  uint32_t block_count_ = 0;
  ByteBuffer hints_;  // Of the function.
  uint32_t hint_count_ = 0;
  ByteBuffer code_hints_;  // The section.
  uint32_t hinted_funcs_ = 0;
};

}  // namespace wherry::text
