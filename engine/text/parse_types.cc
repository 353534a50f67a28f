// Types (core spec 6.4 and 6.6.3), and the uses of function types that may define one on the way (6.4.6, 6.6.4).
//
// An inline function type stands for the first type with the same parameters and results that is alone in its
// recursion group, final and without a supertype; if there is none, a new type is appended. Signatures are
// compared as bytes of the binary format: the encoding is canonical, since a shorthand is written wherever there
// is one and every index is resolved.
#include <cstring>

#include "engine/text/module_parser.h"
#include "engine/wasm/type_names.h"

namespace wherry::text {

using wasm::ErrorCode;

namespace {

struct NamedCode {
  std::string_view text;
  uint8_t code;
};

constexpr NamedCode kNumberTypes[] = {
    {"i32", 0x7f}, {"i64", 0x7e}, {"f32", 0x7d}, {"f64", 0x7c}, {"v128", 0x7b}};
constexpr NamedCode kPackedTypes[] = {{"i8", 0x78}, {"i16", 0x77}};

template <size_t kCount>
const NamedCode* find(const NamedCode (&rows)[kCount], std::string_view text) {
  for (const NamedCode& row : rows) {
    if (row.text == text) return &row;
  }
  return nullptr;
}

// An abstract heap type's code as the number it is in the binary format's signed integer.
int64_t signed_code(wasm::AbstractHeap heap) { return static_cast<int64_t>(heap) - 0x80; }

}  // namespace

// ---- references and values

bool ModuleParser::parse_heap_type(int64_t* heap) {
  if (at_index()) {
    uint32_t index;
    if (!parse_index(Space::Type, &index)) return false;
    *heap = index;
    return true;
  }
  const wasm::HeapTypeRow* row = at(TokenKind::Keyword) ? wasm::find_heap_type(text()) : nullptr;
  if (row == nullptr) return unexpected("a heap type");
  *heap = signed_code(row->heap);
  advance();
  return true;
}

bool ModuleParser::at_ref_type() {
  return at_open("ref") || (at(TokenKind::Keyword) && wasm::find_nullable_type(text()) != nullptr);
}

bool ModuleParser::parse_ref_type(RefType* type) {
  if (take_open("ref")) {
    type->is_nullable = take_keyword("null");
    return parse_heap_type(&type->heap) && expect_close();
  }
  const wasm::HeapTypeRow* row = at(TokenKind::Keyword) ? wasm::find_nullable_type(text()) : nullptr;
  if (row == nullptr) return unexpected("a reference type");
  type->is_nullable = true;
  type->heap = signed_code(row->heap);
  advance();
  return true;
}

void ModuleParser::write_ref_type(const RefType& type, ByteBuffer* out) {
  const bool has_shorthand = type.is_nullable && type.heap < 0;
  if (!has_shorthand) out->u8(type.is_nullable ? 0x63 : 0x64);
  out->s64(type.heap);
}

bool ModuleParser::at_value_type() {
  return at_ref_type() || (at(TokenKind::Keyword) && find(kNumberTypes, text()) != nullptr);
}

bool ModuleParser::parse_value_type(ByteBuffer* out) {
  if (at(TokenKind::Keyword)) {
    if (const NamedCode* row = find(kNumberTypes, text())) {
      out->u8(row->code);
      advance();
      return true;
    }
  }
  if (!at_ref_type()) return unexpected("a value type");
  RefType type;
  if (!parse_ref_type(&type)) return false;
  write_ref_type(type, out);
  return true;
}

bool ModuleParser::parse_storage_type(ByteBuffer* out) {
  if (at(TokenKind::Keyword)) {
    if (const NamedCode* row = find(kPackedTypes, text())) {
      out->u8(row->code);
      advance();
      return true;
    }
  }
  return parse_value_type(out);
}

bool ModuleParser::parse_field_type(ByteBuffer* out) {
  const bool is_mutable = take_open("mut");
  if (!parse_storage_type(out)) return false;
  out->u8(is_mutable ? 1 : 0);
  return !is_mutable || expect_close();
}

// ---- definitions

bool ModuleParser::parse_rec_field() {
  advance();
  advance();
  SectionBuffer& types = section(Section::Type);
  // The count stands in front, so the members are counted first.
  const uint32_t begin = token().offset;
  uint32_t count = 0;
  while (at(TokenKind::LeftParen)) {
    ++count;
    if (!skip_balanced()) return false;
  }
  restart_at(begin);
  if (count != 1) {
    types.bytes.u8(0x4e);
    types.bytes.u32(count);
    ++types.count;
  }
  while (at(TokenKind::LeftParen)) {
    if (!parse_type_field(count != 1)) return false;
  }
  return expect_close();
}

bool ModuleParser::parse_type_field(bool in_rec_group) {
  const uint32_t begin = token().offset;
  if (!expect_open("type")) return false;
  uint32_t index;
  if (!begin_definition(Space::Type, &index)) return false;
  note_position(Section::Type, begin);
  if (!in_rec_group) ++section(Section::Type).count;
  return parse_sub_type(index, !in_rec_group) && expect_close();
}

bool ModuleParser::parse_sub_type(uint32_t index, bool may_match) {
  ByteBuffer& out = section(Section::Type).bytes;
  if (!take_open("sub")) return parse_composite_type(index, may_match);
  const bool is_final = take_keyword("final");
  ByteBuffer supers;
  uint32_t count = 0;
  for (; at_index(); ++count) {
    if (!parse_index(Space::Type, &supers)) return false;
  }
  const bool is_plain = is_final && count == 0;
  if (!is_plain) {
    out.u8(is_final ? 0x4f : 0x50);
    out.u32(count);
    out.append(supers.span());
    out.require(supers.ok());
  }
  return parse_composite_type(index, may_match && is_plain) && expect_close();
}

bool ModuleParser::parse_composite_type(uint32_t index, bool is_plain) {
  ByteBuffer& out = section(Section::Type).bytes;
  if (take_open("func")) {
    out.u8(0x60);
    return parse_func_type(index, is_plain) && expect_close();
  }
  if (take_open("struct")) {
    out.u8(0x5f);
    return parse_struct_type(index) && expect_close();
  }
  if (take_open("array")) {
    out.u8(0x5e);
    return parse_field_type(&out) && register_type(index, {}, false) && expect_close();
  }
  return unexpected("'(func', '(struct', '(array' or '(sub'");
}

bool ModuleParser::parse_func_type(uint32_t index, bool is_plain) {
  uint32_t param_count;
  uint32_t result_count;
  if (!parse_signature(ParamNames::Ignore, &param_count, &result_count)) return false;
  TypeInfo info;
  info.is_func = true;
  info.param_count = param_count;
  info.signature = store(signature_.span());
  if (info.signature.data() == nullptr) return out_of_memory();
  section(Section::Type).bytes.append(signature_.span());
  return register_type(index, info, is_plain);
}

bool ModuleParser::parse_struct_type(uint32_t index) {
  ByteBuffer fields;
  uint32_t count = 0;
  while (take_open("field")) {
    Binding binding;
    const bool is_single = at(TokenKind::Identifier) || at_annotation("name");
    if (at(TokenKind::Identifier)) {
      if (!read_identifier(token(), &binding.name)) return false;
      ByteBuffer key;
      key.fixed(index, 4);
      key.append(base::as_bytes(binding.name));
      const std::string_view stored = store(key.span());
      if (stored.data() == nullptr) return out_of_memory();
      const NameMap::Insertion insertion = field_names_.insert(stored, count);
      if (insertion == NameMap::Insertion::OutOfMemory) return out_of_memory();
      if (insertion == NameMap::Insertion::Duplicate) {
        return fail(ErrorCode::DuplicateIdentifier, token().offset,
                    "field " + quoted(token()) + " is defined twice");
      }
      advance();
    }
    if (!parse_name_annotation(&binding)) return false;
    names_.add(NameSection::IndirectMap::Field, count, binding.name);
    while (is_single || !at(TokenKind::RightParen)) {
      if (!parse_field_type(&fields)) return false;
      ++count;
      if (is_single) break;
    }
    if (!expect_close()) return false;
  }
  names_.finish(NameSection::IndirectMap::Field, index);
  ByteBuffer& out = section(Section::Type).bytes;
  out.u32(count);
  out.append(fields.span());
  out.require(fields.ok());
  return register_type(index, {}, false);
}

std::string_view ModuleParser::store(base::ByteSpan bytes) {
  char* copy = static_cast<char*>(storage_.allocate_bytes(bytes.size() + 1, 1));
  if (copy == nullptr) return {};
  std::memcpy(copy, bytes.data(), bytes.size());
  return {copy, bytes.size()};
}

bool ModuleParser::register_type(uint32_t index, const TypeInfo& info, bool may_match) {
  if (!types_.push_back(info)) return out_of_memory();
  if (!may_match) return true;
  return signatures_.insert(info.signature, index) != NameMap::Insertion::OutOfMemory || out_of_memory();
}

// ---- signatures and their uses

bool ModuleParser::parse_params(ParamNames names, uint32_t* param_count) {
  while (take_open("param")) {
    Binding binding;
    const bool is_single = names != ParamNames::None && (at(TokenKind::Identifier) || at_annotation("name"));
    if (is_single && names == ParamNames::Bind && !bind_local(*param_count)) return false;
    if (is_single && names == ParamNames::Ignore) {
      take(TokenKind::Identifier);
      if (!parse_name_annotation(&binding)) return false;
    }
    while (is_single || !at(TokenKind::RightParen)) {
      if (!parse_value_type(&signature_)) return false;
      ++*param_count;
      if (is_single) break;
    }
    if (!expect_close()) return false;
  }
  return true;
}

bool ModuleParser::parse_signature(ParamNames names, uint32_t* param_count, uint32_t* result_count) {
  signature_.clear();
  results_.clear();
  *param_count = 0;
  *result_count = 0;
  if (!parse_params(names, param_count)) return false;
  while (take_open("result")) {
    while (!at(TokenKind::RightParen)) {
      if (!parse_value_type(&results_)) return false;
      ++*result_count;
    }
    advance();
  }
  // Put the counts where they belong: both lists are short, so they are moved rather than measured first.
  ByteBuffer whole;
  whole.u32(*param_count);
  whole.append(signature_.span());
  whole.u32(*result_count);
  whole.append(results_.span());
  signature_.clear();
  signature_.append(whole.span());
  return (signature_.ok() && results_.ok() && whole.ok()) || out_of_memory();
}

// The type of `signature_`.
bool ModuleParser::implicit_type(uint32_t param_count, uint32_t* index) {
  if (const uint32_t* found = signatures_.find(base::as_text(signature_.span()))) {
    *index = *found;
    return true;
  }
  TypeInfo info;
  info.is_func = true;
  info.param_count = param_count;
  info.signature = store(signature_.span());
  if (info.signature.data() == nullptr) return out_of_memory();
  *index = static_cast<uint32_t>(types_.size());
  SectionBuffer& types = section(Section::Type);
  types.bytes.u8(0x60);
  types.bytes.append(signature_.span());
  ++types.count;
  return register_type(*index, info, true);
}

bool ModuleParser::match_type_use(uint32_t index, uint32_t offset) {
  if (index >= types_.size() || !types_[index].is_func) {
    return fail(
        ErrorCode::InlineFunctionType, offset,
        "parameters or results are given for type " + std::to_string(index) + ", which is no function type");
  }
  if (types_[index].signature != base::as_text(signature_.span())) {
    return fail(ErrorCode::InlineFunctionType, offset,
                "parameters or results are not those of type " + std::to_string(index));
  }
  return true;
}

bool ModuleParser::parse_type_use(ParamNames names, TypeUse* use) {
  const uint32_t begin = token().offset;
  const bool is_explicit = take_open("type");
  if (is_explicit && (!parse_index(Space::Type, &use->index) || !expect_close())) return false;
  const bool is_inline = at_open("param") || at_open("result");
  uint32_t result_count;
  if (is_inline || !is_explicit) {
    if (!parse_signature(names, &use->param_count, &result_count)) return false;
  }
  if (!is_explicit) return implicit_type(use->param_count, &use->index);
  if (is_inline && (use->param_count != 0 || result_count != 0)) {
    return match_type_use(use->index, begin);
  }
  use->param_count = use->index < types_.size() ? types_[use->index].param_count : 0;
  return true;
}

// Core spec 6.5.1: nothing, one result, or a type use without names.
bool ModuleParser::parse_block_type(ByteBuffer* out) {
  if (!at_open("type")) {
    uint32_t param_count;
    uint32_t result_count;
    if (!parse_signature(ParamNames::None, &param_count, &result_count)) return false;
    if (param_count == 0 && result_count == 0) {
      out->u8(0x40);
      return true;
    }
    if (param_count == 0 && result_count == 1) {
      out->append(results_.span());
      return true;
    }
    uint32_t index;
    if (!implicit_type(param_count, &index)) return false;
    out->s64(index);
    return true;
  }
  TypeUse use;
  if (!parse_type_use(ParamNames::None, &use)) return false;
  out->s64(use.index);
  return true;
}

}  // namespace wherry::text
