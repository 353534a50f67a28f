#pragma once

#include "component/wit/ast.h"
#include "component/wit/lexer.h"

namespace wherry::component::wit {

// Reads one file into an Ast. Types inside types are read by calls inside calls, of which kMaxTypeDepth are allowed; all
// else is flat. Used once; not thread-safe.
class Parser {
 public:
  Parser(std::string_view text, uint32_t file, Ast* ast, Model* model)
      : text_(text), lexer_(text), file_(file), ast_(*ast), model_(*model) {}

  bool parse();
  const std::string& message() const { return message_; }
  Place place() const { return place_; }

 private:
  // parser.cc
  bool check_text();
  bool parse_package_header(AstPackage* package, bool* is_nested);
  bool parse_package_item(AstPackage* package, const Notes& notes);
  bool parse_top_use(AstPackage* package);
  bool parse_interface(AstInterface* interface);
  bool parse_interface_items(AstInterface* interface);
  bool parse_use(const Notes& notes, AstScope* scope);
  bool parse_use_names(base::Vector<AstUseName>* names, bool needs_as);
  bool parse_world(AstWorld* world);
  bool parse_world_item(const Notes& notes, AstWorld* world);
  bool parse_extern(bool is_export, const Notes& notes, AstWorld* world);
  bool parse_include(const Notes& notes, AstWorld* world);
  bool parse_notes(Notes* notes);
  bool parse_gate(Notes* notes);
  bool unescape(std::string_view text, std::string_view* into);
  bool parse_path(Path* path);
  std::string_view documentation(const Token& token);
  std::string_view without_indentation(std::string* text);
  static void append_comment(std::string_view comment, std::string* text);

  // parse_types.cc
  bool at_type_definition() const;
  bool parse_type_definition(const Notes& notes, AstScope* scope);
  bool parse_members(AstTypeDef* type);
  bool parse_member(TypeKind kind, AstMember* member);
  bool parse_resource(AstTypeDef* type);
  bool parse_resource_function(const Notes& notes, AstTypeDef* type);
  bool parse_function(AstFunc* function);
  bool parse_function_item(const Notes& notes, base::Vector<uint32_t>* into);
  bool add_function(const AstFunc& function, base::Vector<uint32_t>* into);
  bool parse_params(Run* params);
  bool parse_type(uint32_t* type);
  bool parse_built_type(const Token& word, AstType* type, bool* found);
  bool parse_tuple(AstType* type);
  bool parse_result(AstType* type);
  bool parse_handle(AstType* type);
  bool parse_list(AstType* type);

  // Tokens.
  const Token& token() const { return token_; }
  Place here() const { return {file_, token_.offset}; }
  bool advance();
  bool at_symbol(std::string_view symbol) const {
    return token_.kind == TokenKind::Symbol && token_.text == symbol;
  }
  bool at_word(std::string_view word) const { return token_.kind == TokenKind::Word && token_.text == word; }
  bool take_symbol(std::string_view symbol);  // Whether it was there.
  bool take_word(std::string_view word);
  bool expect_symbol(std::string_view symbol);
  bool expect_word(std::string_view word);
  bool parse_id(Id* id);
  bool unexpected(std::string_view expected);
  bool fail(Place place, std::string message);
  bool failed() const { return !message_.empty(); }
  template <class T>
  void push(base::Vector<T>& list, T item) {
    model_.push(list, std::move(item));
  }

  std::string_view text_;
  Lexer lexer_;
  uint32_t file_;
  Ast& ast_;
  Model& model_;
  Token token_;
  uint32_t depth_ = 0;
  std::string message_;
  Place place_;
};

}  // namespace wherry::component::wit
