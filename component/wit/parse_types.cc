// WIT's types and functions (WIT.md, "Item: types", "Types").
//
// Trailing commas are allowed everywhere. A type is used by name or written in place; written types go into Ast::types
// behind what they are made of.
#include "component/limits.h"
#include "component/names.h"
#include "component/wit/parser.h"

namespace wherry::component::wit {

namespace {

struct Keyword {
  std::string_view word;
  TypeKind kind;
};
constexpr Keyword kDefinitions[] = {
    {"type", TypeKind::Alias},  {"resource", TypeKind::Resource}, {"record", TypeKind::Record},
    {"flags", TypeKind::Flags}, {"variant", TypeKind::Variant},   {"enum", TypeKind::Enum},
};
constexpr Keyword kBuilt[] = {
    {"tuple", TypeKind::Tuple},   {"list", TypeKind::List}, {"option", TypeKind::Option},
    {"result", TypeKind::Result}, {"map", TypeKind::Map},   {"future", TypeKind::Future},
    {"stream", TypeKind::Stream}, {"own", TypeKind::Own},   {"borrow", TypeKind::Borrow},
};

template <size_t kCount>
const Keyword* find(const Keyword (&rows)[kCount], std::string_view word) {
  for (const Keyword& row : rows) {
    if (row.word == word) return &row;
  }
  return nullptr;
}

}  // namespace

bool Parser::at_type_definition() const {
  return token_.kind == TokenKind::Word && find(kDefinitions, token_.text) != nullptr;
}

bool Parser::parse_type_definition(const Notes& notes, AstScope* scope) {
  AstTypeDef type;
  type.kind = find(kDefinitions, token_.text)->kind;
  type.notes = notes;
  if (!advance() || !parse_id(&type.name)) return false;
  bool parsed = false;
  if (type.kind == TypeKind::Alias) {
    parsed = expect_symbol("=") && parse_type(&type.alias) && expect_symbol(";");
  } else if (type.kind == TypeKind::Resource) {
    parsed = parse_resource(&type);
  } else {
    parsed = parse_members(&type);
  }
  if (!parsed) return false;
  push(scope->types, std::move(type));
  return true;
}

bool Parser::parse_members(AstTypeDef* type) {
  const Place place = type->name.place;
  if (!expect_symbol("{")) return false;
  type->members.first = static_cast<uint32_t>(ast_.members.size());
  base::Vector<AstMember> members;  // A member's type may have parameters of its own in the table.
  while (!at_symbol("}")) {
    AstMember member;
    if (!parse_member(type->kind, &member)) return false;
    push(members, member);
    if (!take_symbol(",")) break;
  }
  if (!expect_symbol("}")) return false;
  if (members.empty()) return fail(place, "a record, variant, enum or set of flags has at least one member");
  if (type->kind == TypeKind::Flags && members.size() > kMaxFlags) return fail(place, "more than 32 flags");
  type->members.first = static_cast<uint32_t>(ast_.members.size());
  type->members.count = static_cast<uint32_t>(members.size());
  for (const AstMember& member : members) push(ast_.members, member);
  return true;
}

bool Parser::parse_member(TypeKind kind, AstMember* member) {
  member->docs = documentation(token_);
  if (!parse_id(&member->name)) return false;
  if (kind == TypeKind::Record) return expect_symbol(":") && parse_type(&member->type);
  if (kind == TypeKind::Variant && take_symbol("(")) return parse_type(&member->type) && expect_symbol(")");
  return !failed();
}

bool Parser::parse_resource(AstTypeDef* type) {
  if (take_symbol(";")) return !failed();
  if (!expect_symbol("{")) return false;
  while (!at_symbol("}")) {
    Notes notes;
    if (!parse_notes(&notes) || !parse_resource_function(notes, type)) return false;
  }
  return advance();
}

bool Parser::parse_resource_function(const Notes& notes, AstTypeDef* type) {
  AstFunc function;
  function.notes = notes;
  if (at_word("constructor")) {
    function.name = {token_.text, here()};
    function.kind = FuncKind::Constructor;
    if (!advance() || !parse_params(&function.params)) return false;
    if (take_symbol("->") && !parse_type(&function.result)) return false;
  } else {
    if (!parse_id(&function.name) || !expect_symbol(":")) return false;
    function.kind = take_word("static") ? FuncKind::Static : FuncKind::Method;
    if (!parse_function(&function)) return false;
  }
  return expect_symbol(";") && add_function(function, &type->functions);
}

bool Parser::parse_function_item(const Notes& notes, base::Vector<uint32_t>* into) {
  AstFunc function;
  function.notes = notes;
  return parse_id(&function.name) && expect_symbol(":") && parse_function(&function) && expect_symbol(";") &&
         add_function(function, into);
}

bool Parser::add_function(const AstFunc& function, base::Vector<uint32_t>* into) {
  push(*into, static_cast<uint32_t>(ast_.functions.size()));
  push(ast_.functions, function);
  return true;
}

bool Parser::parse_function(AstFunc* function) {
  function->is_async = take_word("async");
  if (!expect_word("func") || !parse_params(&function->params)) return false;
  return !take_symbol("->") || parse_type(&function->result);
}

bool Parser::parse_params(Run* params) {
  base::Vector<AstMember> members;
  if (!expect_symbol("(")) return false;
  while (!at_symbol(")")) {
    AstMember member;
    if (!parse_id(&member.name) || !expect_symbol(":") || !parse_type(&member.type)) return false;
    push(members, member);
    if (!take_symbol(",")) break;
  }
  if (members.size() > kMaxParams) return fail(here(), "too many parameters");
  *params = {static_cast<uint32_t>(ast_.members.size()), static_cast<uint32_t>(members.size())};
  for (const AstMember& member : members) push(ast_.members, member);
  return expect_symbol(")");
}

bool Parser::parse_type(uint32_t* index) {
  if (depth_ >= kMaxTypeDepth) return fail(here(), "types are nested too deep");
  ++depth_;
  AstType type;
  type.place = here();
  const Token word = token_;
  bool parsed = false;
  bool found = false;
  if (word.kind == TokenKind::Word && find_prim(word.text, &type.prim)) {
    parsed = advance();
  } else if (!parse_built_type(word, &type, &found)) {
    parsed = false;
  } else if (found) {
    parsed = true;
  } else {
    type.form = AstType::Named;
    parsed = parse_id(&type.name);
  }
  --depth_;
  *index = static_cast<uint32_t>(ast_.types.size());
  push(ast_.types, type);
  return parsed;
}

bool Parser::parse_built_type(const Token& word, AstType* type, bool* found) {
  const Keyword* const keyword = word.kind == TokenKind::Word ? find(kBuilt, word.text) : nullptr;
  if (keyword == nullptr) return true;
  *found = true;
  type->form = AstType::Built;
  type->kind = keyword->kind;
  if (!advance()) return false;
  switch (keyword->kind) {
    case TypeKind::Tuple: return parse_tuple(type);
    case TypeKind::Result: return parse_result(type);
    case TypeKind::Own:
    case TypeKind::Borrow: return parse_handle(type);
    case TypeKind::List: return parse_list(type);
    case TypeKind::Future:
    case TypeKind::Stream:
      if (!take_symbol("<")) return !failed();
      return parse_type(&type->first) && expect_symbol(">");
    case TypeKind::Map:
      return expect_symbol("<") && parse_type(&type->first) && expect_symbol(",") &&
             parse_type(&type->second) && expect_symbol(">");
    default: return expect_symbol("<") && parse_type(&type->first) && expect_symbol(">");
  }
}

bool Parser::parse_tuple(AstType* type) {
  base::Vector<uint32_t> elements;
  if (!expect_symbol("<")) return false;
  while (!at_symbol(">")) {
    uint32_t element = 0;
    if (!parse_type(&element)) return false;
    push(elements, element);
    if (!take_symbol(",")) break;
  }
  if (elements.empty()) return fail(type->place, "a tuple has at least one element");
  type->first = static_cast<uint32_t>(ast_.elements.size());
  type->count = static_cast<uint32_t>(elements.size());
  for (const uint32_t element : elements) push(ast_.elements, element);
  return expect_symbol(">");
}

bool Parser::parse_result(AstType* type) {
  if (!take_symbol("<")) return !failed();
  if (take_symbol("_")) return expect_symbol(",") && parse_type(&type->second) && expect_symbol(">");
  if (!parse_type(&type->first)) return false;
  if (take_symbol(",") && !parse_type(&type->second)) return false;
  return expect_symbol(">");
}

bool Parser::parse_handle(AstType* type) {
  return expect_symbol("<") && parse_id(&type->name) && expect_symbol(">");
}

bool Parser::parse_list(AstType* type) {
  if (!expect_symbol("<") || !parse_type(&type->first)) return false;
  if (take_symbol(",")) {
    type->kind = TypeKind::FixedList;
    if (token_.kind != TokenKind::Integer) return unexpected("a length");
    uint64_t length = 0;
    for (const char digit : token_.text)
      length = length >> 32 != 0 ? length : 10 * length + uint64_t(digit - '0');
    type->count = static_cast<uint32_t>(length);
    if (length == 0 || length >> 32 != 0) return fail(here(), "not a length of lists");
    if (!advance()) return false;
  }
  return expect_symbol(">");
}

}  // namespace wherry::component::wit
