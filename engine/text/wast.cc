// Scripts: the commands around modules (the interpreter's script format, as the official suite uses it).
//
// A text module is skipped by balanced parentheses and parsed by whoever runs the command: a script asserts that
// modules are malformed, so a bad one must not stop the reader. A file that begins with a module field instead of
// a command is one module.
#include "engine/text/wast.h"

#include <cstring>

#include "engine/text/number.h"
#include "engine/text/parser_base.h"
#include "engine/wasm/type_names.h"

namespace wherry::text {

using wasm::ErrorCode;

namespace {

constexpr std::string_view kFieldKeywords[] = {"type",   "rec",    "import", "func", "table", "memory",
                                               "global", "export", "start",  "elem", "data",  "tag"};

struct RefKind {
  std::string_view keyword;
  WastValueKind kind;
};
constexpr RefKind kRefKinds[] = {
    {"ref.extern", WastValueKind::RefExtern}, {"ref.host", WastValueKind::RefHost},
    {"ref.func", WastValueKind::RefFunc},     {"ref.any", WastValueKind::RefAny},
    {"ref.eq", WastValueKind::RefEq},         {"ref.i31", WastValueKind::RefI31},
    {"ref.struct", WastValueKind::RefStruct}, {"ref.array", WastValueKind::RefArray},
    {"ref.exn", WastValueKind::RefExn}};

struct ShapeRow {
  std::string_view name;
  WastShape shape;
  uint8_t bits;
  bool is_float;
};
constexpr ShapeRow kShapes[] = {
    {"i8x16", WastShape::I8x16, 8, false},  {"i16x8", WastShape::I16x8, 16, false},
    {"i32x4", WastShape::I32x4, 32, false}, {"i64x2", WastShape::I64x2, 64, false},
    {"f32x4", WastShape::F32x4, 32, true},  {"f64x2", WastShape::F64x2, 64, true}};

// What stands behind the name of an assertion.
enum class AssertForm : uint8_t { ActionResults, ActionText, ActionOrModuleText, Action, ModuleText };
struct AssertRow {
  std::string_view keyword;
  WastKind kind;
  AssertForm form;
};
constexpr AssertRow kAsserts[] = {
    {"assert_return", WastKind::AssertReturn, AssertForm::ActionResults},
    {"assert_trap", WastKind::AssertTrap, AssertForm::ActionOrModuleText},
    {"assert_exhaustion", WastKind::AssertExhaustion, AssertForm::ActionText},
    {"assert_exception", WastKind::AssertException, AssertForm::Action},
    {"assert_malformed", WastKind::AssertMalformed, AssertForm::ModuleText},
    {"assert_invalid", WastKind::AssertInvalid, AssertForm::ModuleText},
    {"assert_unlinkable", WastKind::AssertUnlinkable, AssertForm::ModuleText},
    {"assert_uninstantiable", WastKind::AssertUninstantiable, AssertForm::ModuleText},
    {"assert_malformed_custom", WastKind::AssertMalformedCustom, AssertForm::ModuleText},
    {"assert_invalid_custom", WastKind::AssertInvalidCustom, AssertForm::ModuleText}};

// Component values: what stands behind the keyword.
enum class PartForm : uint8_t {
  Bool,
  Integer,
  Float,
  Text,
  Values,
  Fields,
  TextAndValue,
  Value,
  OptionalValue,
  Labels
};
constexpr uint32_t kMaxPartDepth = 100;

}  // namespace

struct PartRow {
  std::string_view keyword;
  WastPartKind kind;
  PartForm form;
  uint8_t bits;
};
constexpr PartRow kParts[] = {{"bool.const", WastPartKind::Bool, PartForm::Bool, 0},
                              {"s8.const", WastPartKind::S8, PartForm::Integer, 8},
                              {"u8.const", WastPartKind::U8, PartForm::Integer, 8},
                              {"s16.const", WastPartKind::S16, PartForm::Integer, 16},
                              {"u16.const", WastPartKind::U16, PartForm::Integer, 16},
                              {"s32.const", WastPartKind::S32, PartForm::Integer, 32},
                              {"u32.const", WastPartKind::U32, PartForm::Integer, 32},
                              {"s64.const", WastPartKind::S64, PartForm::Integer, 64},
                              {"u64.const", WastPartKind::U64, PartForm::Integer, 64},
                              {"f32.const", WastPartKind::F32, PartForm::Float, 32},
                              {"f64.const", WastPartKind::F64, PartForm::Float, 64},
                              {"char.const", WastPartKind::Char, PartForm::Text, 0},
                              {"str.const", WastPartKind::Str, PartForm::Text, 0},
                              {"list.const", WastPartKind::List, PartForm::Values, 0},
                              {"record.const", WastPartKind::Record, PartForm::Fields, 0},
                              {"tuple.const", WastPartKind::Tuple, PartForm::Values, 0},
                              {"variant.const", WastPartKind::Variant, PartForm::TextAndValue, 0},
                              {"enum.const", WastPartKind::Enum, PartForm::Text, 0},
                              {"option.none", WastPartKind::None, PartForm::Values, 0},
                              {"option.some", WastPartKind::Some, PartForm::Value, 0},
                              {"result.ok", WastPartKind::Ok, PartForm::OptionalValue, 0},
                              {"result.err", WastPartKind::Err, PartForm::OptionalValue, 0},
                              {"flags.const", WastPartKind::Flags, PartForm::Labels, 0}};

// Reads one command at an offset.
class WastCommandParser : private ParserBase {
 public:
  explicit WastCommandParser(base::ByteSpan source) : ParserBase(source), source_(source) {}

  using ParserBase::error;
  bool check() { return check_source(); }
  // False: wrong, or nothing is left (`at_end`).
  bool parse(uint32_t offset, bool is_first, WastCommand* command);
  bool at_end() const { return at_end_; }
  uint32_t next_offset() const { return next_offset_; }

 private:
  bool parse_command(WastCommand* command);
  bool parse_module_command(WastCommand* command);
  bool parse_module(WastModule* module, bool* is_definition);
  bool parse_instance(WastCommand* command);
  bool parse_register(WastCommand* command);
  bool parse_assertion(const AssertRow& row, WastCommand* command);
  bool parse_thread(WastCommand* command);
  bool parse_action(WastAction* action);
  bool parse_results(WastCommand* command);
  bool parse_result(WastCommand* command, WastResult* result);
  bool parse_value(bool is_result, WastValue* value);
  bool parse_reference(WastValue* value);
  bool parse_vector(bool is_result, WastValue* value);
  bool parse_part(bool is_result, uint32_t depth);
  bool parse_part_number(const struct PartRow& row, bool is_result, WastPart* part);
  bool parse_parts(const struct PartRow& row, bool is_result, uint32_t depth, WastPart* part);
  bool parse_number(bool is_float, uint32_t bits, bool allows_nan, uint64_t* value, WastNan* nan);
  bool take_identifier(std::string_view* name);
  bool take_strings(base::ByteSpan* bytes);
  bool is_inline_module();

  base::ByteSpan source_;
  bool at_end_ = false;
  uint32_t next_offset_ = 0;
  base::Vector<WastPart> parts_;
};

bool WastCommandParser::parse(uint32_t offset, bool is_first, WastCommand* command) {
  restart_at(offset);
  if (at(TokenKind::End)) {
    at_end_ = true;
    return false;
  }
  command->offset = token().offset;
  if (is_first && is_inline_module()) {
    command->kind = WastKind::Module;
    command->has_module = true;
    command->module.bytes = source_;
    next_offset_ = static_cast<uint32_t>(source_.size());
    return true;
  }
  if (!parse_command(command)) return false;
  // The current token is the first behind the command, so white space is not read again.
  next_offset_ = token().offset;
  if (at(TokenKind::Error)) return unexpected("a command");
  command->parts = std::move(parts_);
  command->storage = std::move(storage_);
  return true;
}

bool WastCommandParser::is_inline_module() {
  if (at(TokenKind::Annotation)) return true;
  for (const std::string_view keyword : kFieldKeywords) {
    if (at_open(keyword)) return true;
  }
  return false;
}

bool WastCommandParser::take_identifier(std::string_view* name) {
  if (!at(TokenKind::Identifier)) return true;
  if (!read_identifier(token(), name)) return false;
  advance();
  return true;
}

bool WastCommandParser::parse_command(WastCommand* command) {
  if (!at(TokenKind::LeftParen) || peek().kind != TokenKind::Keyword)
    return unexpected("a command in parentheses");
  const std::string_view keyword = text(peek());
  if (keyword == "module" || keyword == "component") return parse_module_command(command);
  if (keyword == "register") return parse_register(command);
  if (keyword == "invoke" || keyword == "get") {
    command->kind = WastKind::Action;
    return parse_action(&command->action);
  }
  if (keyword == "thread") return parse_thread(command);
  if (keyword == "wait") {
    command->kind = WastKind::Wait;
    advance();
    advance();
    return take_identifier(&command->name) && expect_close();
  }
  for (const AssertRow& row : kAsserts) {
    if (keyword == row.keyword) return parse_assertion(row, command);
  }
  return fail(ErrorCode::UnexpectedToken, peek().offset, "found " + quoted(peek()) + ", expected a command");
}

// ---- modules

bool WastCommandParser::parse_module_command(WastCommand* command) {
  command->kind = WastKind::Module;
  const uint32_t begin = token().offset;
  command->is_component = at_open("component");
  advance();
  advance();
  if (at_keyword("instance")) return parse_instance(command);
  restart_at(begin);
  bool is_definition;
  command->has_module = true;
  if (!parse_module(&command->module, &is_definition)) return false;
  if (is_definition) command->kind = WastKind::ModuleDefinition;
  command->name = command->module.name;
  return true;
}

// At "(module" or "(component".
bool WastCommandParser::parse_module(WastModule* module, bool* is_definition) {
  const uint32_t begin = token().offset;
  module->is_component = take_open("component");
  if (!module->is_component && !expect_open("module")) return false;
  *is_definition = take_keyword("definition");
  module->offset = begin;
  if (!take_identifier(&module->name)) return false;
  const bool is_binary = at_keyword("binary");
  if (is_binary || at_keyword("quote")) {
    module->form = is_binary ? WastModuleForm::Binary : WastModuleForm::Quote;
    advance();
    module->offset = token().offset;
    return take_strings(&module->bytes) && expect_close();
  }
  uint64_t depth = 1;
  uint32_t end = begin;
  while (depth != 0) {
    switch (token().kind) {
      case TokenKind::LeftParen:
      case TokenKind::Annotation: ++depth; break;
      case TokenKind::RightParen: --depth; break;
      case TokenKind::End:
      case TokenKind::Error: return unexpected("')' of the module");
      default: break;
    }
    end = token().end();
    advance();
  }
  module->bytes = source_.subspan(begin, end - begin);
  return true;
}

bool WastCommandParser::take_strings(base::ByteSpan* result) {
  base::Vector<uint8_t> bytes;
  while (at(TokenKind::String)) {
    if (!expect_string(&bytes)) return false;
  }
  auto* copy = static_cast<uint8_t*>(storage_.allocate_bytes(bytes.size() + 1, 1));
  if (copy == nullptr) return out_of_memory();
  if (!bytes.empty()) std::memcpy(copy, bytes.data(), bytes.size());
  *result = {copy, bytes.size()};
  return true;
}

// Behind "(module", at "instance": the instance's name and then the definition's.
bool WastCommandParser::parse_instance(WastCommand* command) {
  command->kind = WastKind::ModuleInstance;
  advance();
  return take_identifier(&command->name) && take_identifier(&command->definition) && expect_close();
}

bool WastCommandParser::parse_register(WastCommand* command) {
  command->kind = WastKind::Register;
  advance();
  advance();
  return expect_name(&command->text) && take_identifier(&command->name) && expect_close();
}

// `(thread $T (shared (module $M))? command*)`
bool WastCommandParser::parse_thread(WastCommand* command) {
  command->kind = WastKind::Thread;
  advance();
  advance();
  if (!take_identifier(&command->name)) return false;
  if (take_open("shared")) {
    while (take_open("module")) {
      std::string_view name;
      if (!take_identifier(&name) || !expect_close()) return false;
      if (!command->shared.push_back(name)) return out_of_memory();
    }
    if (!expect_close()) return false;
  }
  const uint32_t begin = token().offset;
  while (at(TokenKind::LeftParen)) {
    if (!skip_balanced()) return false;
  }
  command->script = source_.subspan(begin, token().offset - begin);
  return expect_close();
}

// ---- assertions

bool WastCommandParser::parse_assertion(const AssertRow& row, WastCommand* command) {
  command->kind = row.kind;
  advance();
  advance();
  const bool takes_module =
      row.form == AssertForm::ModuleText ||
      (row.form == AssertForm::ActionOrModuleText && (at_open("module") || at_open("component")));
  if (takes_module) {
    bool is_definition;
    command->has_module = true;
    if (!parse_module(&command->module, &is_definition)) return false;
  } else if (!parse_action(&command->action)) {
    return false;
  }
  if (row.form == AssertForm::ActionResults) return parse_results(command) && expect_close();
  if (row.form != AssertForm::Action && !expect_name(&command->text)) return false;
  return expect_close();
}

bool WastCommandParser::parse_action(WastAction* action) {
  if (take_open("get")) {
    action->kind = WastActionKind::Get;
    return take_identifier(&action->instance) && expect_name(&action->field) && expect_close();
  }
  if (!expect_open("invoke")) return false;
  if (!take_identifier(&action->instance) || !expect_name(&action->field)) return false;
  while (at(TokenKind::LeftParen)) {
    WastValue value;
    if (!parse_value(false, &value)) return false;
    if (!action->arguments.push_back(value)) return out_of_memory();
  }
  return expect_close();
}

bool WastCommandParser::parse_results(WastCommand* command) {
  while (at(TokenKind::LeftParen)) {
    WastResult result;
    if (!parse_result(command, &result)) return false;
    if (!command->results.push_back(result)) return out_of_memory();
  }
  return true;
}

bool WastCommandParser::parse_result(WastCommand* command, WastResult* result) {
  result->first = static_cast<uint32_t>(command->values.size());
  const bool is_either = take_open("either");
  do {
    WastValue value;
    if (!parse_value(true, &value)) return false;
    if (!command->values.push_back(value)) return out_of_memory();
  } while (is_either && at(TokenKind::LeftParen));
  result->count = static_cast<uint32_t>(command->values.size()) - result->first;
  return !is_either || expect_close();
}

// ---- values

bool WastCommandParser::parse_value(bool is_result, WastValue* value) {
  struct NumberRow {
    std::string_view keyword;
    WastValueKind kind;
    uint8_t bits;
    bool is_float;
  };
  constexpr NumberRow kNumbers[] = {{"i32.const", WastValueKind::I32, 32, false},
                                    {"i64.const", WastValueKind::I64, 64, false},
                                    {"f32.const", WastValueKind::F32, 32, true},
                                    {"f64.const", WastValueKind::F64, 64, true}};
  for (const NumberRow& row : kNumbers) {
    if (!take_open(row.keyword)) continue;
    value->kind = row.kind;
    return parse_number(row.is_float, row.bits, is_result, &value->bits, &value->nan[0]) && expect_close();
  }
  if (take_open("v128.const")) return parse_vector(is_result, value) && expect_close();
  for (const PartRow& row : kParts) {
    if (!at_open(row.keyword)) continue;
    value->kind = WastValueKind::Component;
    value->bits = parts_.size();
    return parse_part(is_result, 0);
  }
  return parse_reference(value);
}

// A component value, in parentheses or, as that of a field, without them.
bool WastCommandParser::parse_part(bool is_result, uint32_t depth) {
  if (depth == kMaxPartDepth) return fail(ErrorCode::NestingTooDeep, token().offset);
  const bool has_parenthesis = take(TokenKind::LeftParen);
  const PartRow* row = nullptr;
  for (const PartRow& candidate : kParts) {
    if (at_keyword(candidate.keyword)) row = &candidate;
  }
  if (row == nullptr) return unexpected("a component value such as '(u32.const 1)'");
  advance();
  const size_t place = parts_.size();
  WastPart part;
  part.kind = row->kind;
  if (!parts_.push_back(part) || !parse_parts(*row, is_result, depth, &part)) return false;
  parts_[place] = part;
  return !has_parenthesis || expect_close();
}

bool WastCommandParser::parse_part_number(const PartRow& row, bool is_result, WastPart* part) {
  if (row.form == PartForm::Bool) {
    part->bits = at_keyword("true") ? 1 : 0;
    return take_keyword("true") || expect_keyword("false");
  }
  return parse_number(row.form == PartForm::Float, row.bits, is_result, &part->bits, &part->nan);
}

bool WastCommandParser::parse_parts(const PartRow& row, bool is_result, uint32_t depth, WastPart* part) {
  switch (row.form) {
    case PartForm::Bool:
    case PartForm::Integer:
    case PartForm::Float: return parse_part_number(row, is_result, part);
    case PartForm::Text: return expect_name(&part->text);
    case PartForm::Values:
      for (; at(TokenKind::LeftParen); ++part->count) {
        if (!parse_part(is_result, depth + 1)) return false;
      }
      return true;
    case PartForm::Fields:
      for (; take_open("field"); ++part->count) {
        WastPart field;
        field.kind = WastPartKind::Field;
        field.count = 1;
        if (!expect_name(&field.text)) return false;
        if (!parts_.push_back(field)) return out_of_memory();
        if (!parse_part(is_result, depth + 1) || !expect_close()) return false;
      }
      return true;
    case PartForm::TextAndValue:
      if (!expect_name(&part->text)) return false;
      [[fallthrough]];
    case PartForm::OptionalValue:
      part->count = at(TokenKind::LeftParen) ? 1 : 0;
      return part->count == 0 || parse_part(is_result, depth + 1);
    case PartForm::Value: part->count = 1; return parse_part(is_result, depth + 1);
    case PartForm::Labels:
      for (; at(TokenKind::String); ++part->count) {
        WastPart label;
        label.kind = WastPartKind::Label;
        if (!expect_name(&label.text)) return false;
        if (!parts_.push_back(label)) return out_of_memory();
      }
      return true;
  }
  return true;
}

bool WastCommandParser::parse_reference(WastValue* value) {
  if (take_open("ref.null")) {
    value->kind = WastValueKind::RefNull;
    for (const wasm::HeapTypeRow& row : wasm::kHeapTypes) {
      if (!take_keyword(row.name)) continue;
      value->heap = row.heap;
      value->has_heap = true;
      return expect_close();
    }
    if (at_natural()) {
      uint64_t index;
      if (!expect_natural(22, &index)) return false;
      value->heap = wasm::HeapType::concrete(static_cast<uint32_t>(index));
      value->has_heap = true;
    } else {
      take(TokenKind::Identifier);  // A type of some module says no more than that it is a null.
    }
    return expect_close();
  }
  for (const RefKind& row : kRefKinds) {
    if (!take_open(row.keyword)) continue;
    value->kind = row.kind;
    if (at_natural()) {
      if (!expect_natural(32, &value->bits)) return false;
      value->has_number = true;
    }
    return expect_close();
  }
  return unexpected("a constant such as '(i32.const 1)'");
}

bool WastCommandParser::parse_number(bool is_float, uint32_t bits, bool allows_nan, uint64_t* value,
                                     WastNan* nan) {
  if (is_float && allows_nan && (at_keyword("nan:canonical") || at_keyword("nan:arithmetic"))) {
    *nan = at_keyword("nan:canonical") ? WastNan::Canonical : WastNan::Arithmetic;
    *value = 0;
    advance();
    return true;
  }
  const std::string expected = (is_float ? "a float of " : "an integer of ") + std::to_string(bits) + " bits";
  if (!at(TokenKind::Number)) return unexpected(expected);
  uint32_t narrow = 0;
  NumberFault fault;
  if (!is_float) {
    fault = parse_integer(text(), bits, value);
  } else if (bits == 64) {
    fault = parse_f64(text(), value);
  } else {
    fault = parse_f32(text(), &narrow);
    *value = narrow;
  }
  if (!number_fault(fault, expected)) return false;
  advance();
  return true;
}

bool WastCommandParser::parse_vector(bool is_result, WastValue* value) {
  value->kind = WastValueKind::V128;
  for (const ShapeRow& row : kShapes) {
    if (!take_keyword(row.name)) continue;
    value->shape = row.shape;
    const uint32_t lanes = 128u / row.bits;
    for (uint32_t lane = 0; lane < lanes; ++lane) {
      uint64_t bits;
      WastNan nan = WastNan::None;
      if (!parse_number(row.is_float, row.bits, is_result, &bits, &nan)) return false;
      if (row.is_float) value->nan[lane] = nan;
      std::memcpy(value->vector + lane * (row.bits / 8u), &bits, row.bits / 8u);
    }
    return true;
  }
  return unexpected("a vector shape such as i32x4");
}

// ---- the interface

void WastReader::count_lines(uint64_t offset) {
  const std::string_view text = base::as_text(source_);
  for (; line_offset_ < offset; ++line_offset_) {
    const char c = text[line_offset_];
    const bool is_pair = c == '\r' && line_offset_ + 1 < text.size() && text[line_offset_ + 1] == '\n';
    if (c == '\n' || (c == '\r' && !is_pair)) ++line_;
  }
}

base::Result<std::optional<WastCommand>> WastReader::next() {
  if (error_) return base::Failure(*error_);
  WastCommandParser parser(source_);
  const auto refuse = [&] {
    error_ = parser.error();
    return base::Failure(*error_);
  };
  const bool is_first = !started_;
  if (is_first && !parser.check()) return refuse();
  started_ = true;
  WastCommand command;
  if (!parser.parse(static_cast<uint32_t>(offset_), is_first, &command)) {
    if (parser.at_end()) return std::optional<WastCommand>();
    return refuse();
  }
  count_lines(command.offset);
  command.line = line_;
  if (command.kind == WastKind::Thread) {
    count_lines(static_cast<uint64_t>(command.script.data() - source_.data()));
    command.script_line = line_;
  }
  offset_ = parser.next_offset();
  return std::optional<WastCommand>(std::move(command));
}

}  // namespace wherry::text
