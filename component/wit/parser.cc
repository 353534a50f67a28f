// WIT's grammar but for types (WIT.md, "Top-level items"). One token of look-ahead decides everything, except for names in
// front of a colon in a world, where the next token tells `a: func` from `a:b/c`.
//
// The first mistake ends the parsing: what follows it is mostly a consequence of it.
#include "component/wit/parser.h"

#include <algorithm>

#include "component/names.h"
#include "component/wit/print.h"
#include "engine/base/bytes.h"
#include "engine/base/utf8.h"
#include "engine/text/lexer.h"

namespace wherry::component::wit {

namespace {

std::string shown(const Token& token) {
  switch (token.kind) {
    case TokenKind::End: return "the end of the file";
    case TokenKind::Word: return component::quoted(token.text);
    case TokenKind::Name: return component::quoted("%" + std::string(token.text));
    case TokenKind::String: return "a string";
    default: return component::quoted(token.text);
  }
}

}  // namespace

bool parse_source(std::string_view text, uint32_t file, Ast* ast, Model* model, Place* place,
                  std::string* message) {
  Parser parser(text, file, ast, model);
  if (parser.parse()) return true;
  *place = parser.place();
  *message = parser.message();
  return false;
}

bool Parser::fail(Place place, std::string message) {
  if (!failed()) {
    place_ = place;
    message_ = std::move(message);
  }
  return false;
}

bool Parser::unexpected(std::string_view expected) {
  return fail(here(), "expected " + std::string(expected) + ", found " + shown(token_));
}

bool Parser::advance() {
  token_ = lexer_.next();
  if (token_.kind == TokenKind::Error) return fail(here(), lexer_.error());
  return !failed();
}

bool Parser::take_symbol(std::string_view symbol) { return at_symbol(symbol) && (advance(), true); }
bool Parser::take_word(std::string_view word) { return at_word(word) && (advance(), true); }
bool Parser::expect_symbol(std::string_view symbol) {
  return at_symbol(symbol) ? advance() : unexpected(component::quoted(symbol));
}
bool Parser::expect_word(std::string_view word) {
  return at_word(word) ? advance() : unexpected(component::quoted(word));
}

namespace {

constexpr std::string_view kKeywords[] = {
    "as",  "async",  "bool",   "borrow",  "char",   "constructor", "enum",    "export",    "f32",
    "f64", "flags",  "from",   "func",    "future", "import",      "include", "interface", "list",
    "map", "option", "own",    "package", "record", "resource",    "result",  "s16",       "s32",
    "s64", "s8",     "static", "stream",  "string", "tuple",       "type",    "u16",       "u32",
    "u64", "u8",     "use",    "variant", "with",   "world",
};

}  // namespace

bool is_keyword(std::string_view word) {
  for (const std::string_view keyword : kKeywords) {
    if (keyword == word) return true;
  }
  return word == "error-context";
}

bool Parser::parse_id(Id* id) {
  if (token_.kind == TokenKind::Word && is_keyword(token_.text)) {
    return fail(here(), "expected a name, found the keyword " + component::quoted(token_.text) +
                            " (as a name it is written with a % in front)");
  }
  if (token_.kind != TokenKind::Word && token_.kind != TokenKind::Name) return unexpected("a name");
  if (!is_label(token_.text)) return fail(here(), component::quoted(token_.text) + " is not in kebab case");
  *id = {token_.text, here()};
  return advance();
}

// Characters by which a reader is shown something else than the parser sees.
bool Parser::check_text() {
  if (!base::is_utf8(base::as_bytes(text_))) return fail({file_, 0}, "the file is not UTF-8");
  for (size_t i = 0; i < text_.size(); ++i) {
    const auto byte = static_cast<uint8_t>(text_[i]);
    const bool is_control = byte < 0x20 ? byte != '\n' && byte != '\r' && byte != '\t' : byte == 0x7f;
    const std::string_view three = text_.substr(i, 3);
    const bool turns = byte == 0xe2 && ((three >= "\xe2\x80\xaa" && three <= "\xe2\x80\xae") ||
                                        (three >= "\xe2\x81\xa6" && three <= "\xe2\x81\xa9"));
    if (is_control) return fail({file_, static_cast<uint32_t>(i)}, "control character");
    if (turns) return fail({file_, static_cast<uint32_t>(i)}, "character that changes the direction of text");
  }
  return true;
}

bool Parser::parse() {
  if (!check_text() || !advance()) return false;
  AstPackage own;
  bool is_first = true;
  while (token_.kind != TokenKind::End) {
    Notes notes;
    const Token first = token_;
    if (!parse_notes(&notes)) return false;
    if (at_word("package")) {
      AstPackage package;
      const Place place = here();
      bool is_nested = false;
      if (!parse_package_header(&package, &is_nested)) return false;
      package.docs = documentation(first);
      if (!is_nested && !is_first) {
        return fail(place, "the package of a file is declared at its beginning, and only once");
      }
      if (is_nested) {
        package.is_nested = true;
        while (!at_symbol("}")) {
          Notes inner;
          if (!parse_notes(&inner) || !parse_package_item(&package, inner)) return false;
        }
        if (!advance()) return false;
        push(ast_.packages, std::move(package));
      } else {
        own = std::move(package);
      }
    } else if (!parse_package_item(&own, notes)) {
      return false;
    }
    is_first = false;
  }
  if (own.has_name || !own.uses.empty() || !own.interfaces.empty() || !own.worlds.empty()) {
    push(ast_.packages, std::move(own));
  }
  return !failed();
}

// package a:b@1.0.0; or with a brace behind it.
bool Parser::parse_package_header(AstPackage* package, bool* is_nested) {
  Id name_space;
  if (!expect_word("package") || !parse_id(&name_space)) return false;
  if (!expect_symbol(":") || !parse_id(&package->name)) return false;
  if (at_symbol(":") || at_symbol("/"))
    return fail(here(), "nested namespaces and packages are not supported");
  package->has_name = true;
  package->name_space = name_space.name;
  if (at_symbol("@")) {
    const Place place = here();
    package->version = lexer_.version();
    if (!is_semver(package->version))
      return fail(place, component::quoted(package->version) + " is not a version");
    if (!advance()) return false;
  }
  *is_nested = at_symbol("{");
  return *is_nested ? advance() : expect_symbol(";");
}

bool Parser::parse_package_item(AstPackage* package, const Notes& notes) {
  if (at_word("use")) return parse_top_use(package);
  if (at_word("interface")) {
    AstInterface interface;
    interface.notes = notes;
    if (!advance() || !parse_id(&interface.name) || !parse_interface(&interface)) return false;
    push(package->interfaces, std::move(interface));
    return true;
  }
  if (!at_word("world")) return unexpected("`world`, `interface`, `use` or `package`");
  AstWorld world;
  world.notes = notes;
  if (!advance() || !parse_world(&world)) return false;
  push(package->worlds, std::move(world));
  return true;
}

bool Parser::parse_top_use(AstPackage* package) {
  AstTopUse use;
  if (!advance() || !parse_path(&use.path)) return false;
  use.as = use.path.name;
  if (take_word("as") && !parse_id(&use.as)) return false;
  if (!expect_symbol(";")) return false;
  push(package->uses, use);
  return true;
}

// a, or a:b/c@1.0.0
bool Parser::parse_path(Path* path) {
  Id first;
  if (!parse_id(&first)) return false;
  path->name = first;
  if (!at_symbol(":")) return true;
  Id package;
  if (!advance() || !parse_id(&package) || !expect_symbol("/") || !parse_id(&path->name)) return false;
  path->name_space = first.name;
  path->package = package.name;
  if (at_symbol("/") || at_symbol(":"))
    return fail(here(), "nested namespaces and packages are not supported");
  if (!at_symbol("@")) return true;
  const Place place = here();
  path->version = lexer_.version();
  if (!is_semver(path->version)) return fail(place, component::quoted(path->version) + " is not a version");
  return advance();
}

bool Parser::parse_interface(AstInterface* interface) {
  return expect_symbol("{") && parse_interface_items(interface);
}

bool Parser::parse_interface_items(AstInterface* interface) {
  while (!at_symbol("}")) {
    Notes notes;
    if (!parse_notes(&notes)) return false;
    const bool parsed = at_word("use")         ? parse_use(notes, &interface->scope)
                        : at_type_definition() ? parse_type_definition(notes, &interface->scope)
                                               : parse_function_item(notes, &interface->scope.functions);
    if (!parsed) return false;
  }
  return advance();
}

// use path.{a, b as c};
bool Parser::parse_use(const Notes& notes, AstScope* scope) {
  AstUse use;
  use.notes = notes;
  if (!expect_word("use") || !parse_path(&use.path) || !expect_symbol(".") || !expect_symbol("{"))
    return false;
  if (!parse_use_names(&use.names, false) || !expect_symbol(";")) return false;
  push(scope->uses, std::move(use));
  return true;
}

// As far as the closing brace, with it.
bool Parser::parse_use_names(base::Vector<AstUseName>* names, bool needs_as) {
  while (!at_symbol("}")) {
    AstUseName name;
    if (!parse_id(&name.name)) return false;
    name.as = name.name;
    if (needs_as && !at_word("as")) return unexpected("`as`");
    if (take_word("as") && !parse_id(&name.as)) return false;
    push(*names, name);
    if (!take_symbol(",")) break;
  }
  return expect_symbol("}");
}

bool Parser::parse_world(AstWorld* world) {
  if (!parse_id(&world->name) || !expect_symbol("{")) return false;
  while (!at_symbol("}")) {
    Notes notes;
    if (!parse_notes(&notes) || !parse_world_item(notes, world)) return false;
  }
  return advance();
}

bool Parser::parse_world_item(const Notes& notes, AstWorld* world) {
  if (at_word("use")) return parse_use(notes, &world->scope);
  if (at_word("include")) return parse_include(notes, world);
  if (at_type_definition()) return parse_type_definition(notes, &world->scope);
  if (!at_word("import") && !at_word("export")) {
    return unexpected("`import`, `export`, `include`, `use` or a type");
  }
  const bool is_export = at_word("export");
  return advance() && parse_extern(is_export, notes, world);
}

bool Parser::parse_extern(bool is_export, const Notes& notes, AstWorld* world) {
  AstWorldItem item;
  item.is_export = is_export;
  item.notes = notes;
  // A colon behind the first name may be that of a path, then a name and a slash follow.
  const Token first = token_;
  const uint32_t behind = lexer_.offset();
  Id name;
  if (!parse_id(&name)) return false;
  bool is_named = at_symbol(":");
  if (is_named) {
    const Token after = lexer_.next();
    const Token slash = lexer_.next();
    const bool is_word = after.kind == TokenKind::Name || after.kind == TokenKind::Word;
    is_named = !(is_word && slash.kind == TokenKind::Symbol && slash.text == "/");
  }
  lexer_.seek(behind);
  token_ = first;
  if (is_named && (!parse_id(&item.name) || !expect_symbol(":"))) return false;
  if (is_named && (at_word("func") || at_word("async"))) {
    AstFunc function;
    function.name = item.name;
    function.notes = notes;
    if (!parse_function(&function) || !expect_symbol(";")) return false;
    item.form = AstWorldItem::Func;
    item.index = static_cast<uint32_t>(ast_.functions.size());
    push(ast_.functions, function);
  } else if (is_named && at_word("interface")) {
    AstInterface interface;
    interface.name = item.name;
    interface.notes = notes;
    if (!advance() || !parse_interface(&interface)) return false;
    item.form = AstWorldItem::Inline;
    item.index = static_cast<uint32_t>(world->interfaces.size());
    push(world->interfaces, std::move(interface));
  } else if (!parse_path(&item.path) || !expect_symbol(";")) {
    return false;
  }
  push(world->items, item);
  return true;
}

bool Parser::parse_include(const Notes& notes, AstWorld* world) {
  AstInclude include;
  include.notes = notes;
  if (!expect_word("include") || !parse_path(&include.path)) return false;
  const bool has_names = at_word("with");
  if (has_names && (!advance() || !expect_symbol("{") || !parse_use_names(&include.names, true)))
    return false;
  push(world->includes, std::move(include));
  return has_names || expect_symbol(";");
}

// @since(version = 1.0.0) @unstable(feature = x) @deprecated(version = 1.1.0) @external-id("x")
bool Parser::parse_notes(Notes* notes) {
  notes->docs = documentation(token_);
  while (at_symbol("@")) {
    const Place place = here();
    if (!advance() || !parse_gate(notes)) return false;
    const Gate& gate = notes->gate;
    if (gate.since.data() != nullptr && gate.feature.data() != nullptr) {
      return fail(place, "an item is either stable since a version or unstable, not both");
    }
    if (notes->docs.empty()) notes->docs = documentation(token_);
  }
  const Gate& gate = notes->gate;
  if (gate.deprecated.data() != nullptr && gate.since.data() == nullptr && gate.feature.data() == nullptr) {
    return fail(here(), "`@deprecated` stands only beside `@since` or `@unstable`");
  }
  return true;
}

bool Parser::parse_gate(Notes* notes) {
  const Token word = token_;
  const Place place = here();
  const bool is_feature = at_word("unstable");
  std::string_view* const into = at_word("since")         ? &notes->gate.since
                                 : is_feature             ? &notes->gate.feature
                                 : at_word("deprecated")  ? &notes->gate.deprecated
                                 : at_word("external-id") ? &notes->external_id
                                                          : nullptr;
  if (into == nullptr) return unexpected("`since`, `unstable`, `deprecated` or `external-id`");
  if (into->data() != nullptr) return fail(place, component::quoted(word.text) + " stands here twice");
  if (!advance() || !expect_symbol("(")) return false;
  if (into == &notes->external_id) {
    if (token_.kind != TokenKind::String) return unexpected("a string");
    return unescape(token_.text, into) && advance() && expect_symbol(")");
  }
  if (!expect_word(is_feature ? "feature" : "version")) return false;
  if (is_feature) {
    Id feature;
    if (!expect_symbol("=") || !parse_id(&feature)) return false;
    *into = feature.name;
    return expect_symbol(")");
  }
  if (!at_symbol("=")) return unexpected("`=`");
  *into = lexer_.version();
  if (!is_semver(*into)) return fail(here(), component::quoted(*into) + " is not a version");
  return advance() && expect_symbol(")");
}

// Strings are those of core WebAssembly's text.
bool Parser::unescape(std::string_view text, std::string_view* into) {
  text::Lexer lexer(base::as_bytes(text_.substr(token_.offset, text.size() + 2)));
  base::Vector<uint8_t> bytes;
  if (lexer.next().kind != text::TokenKind::String)
    return fail(here(), "a string with an escape that is none");
  model_.ok = text::append_unescaped(text, &bytes) && model_.ok;
  if (!base::is_utf8(bytes.span())) return fail(here(), "the string is not UTF-8");
  *into = model_.keep(base::as_text(bytes.span()));
  return true;
}

// What the comments in front of a token say: those of lines, and `/** */`. The specification does not tell comments from
// documentation; `wit-parser` takes those of lines, whether they have two slashes or three, and so they are kept here too.
std::string_view Parser::documentation(const Token& token) {
  std::string_view rest = text_.substr(token.docs, token.offset - token.docs);
  std::string text;
  while (!rest.empty()) {
    if (!rest.starts_with('/')) {
      rest.remove_prefix(1);
      continue;
    }
    const bool is_line = rest.starts_with("//");
    size_t end = rest.find('\n');
    if (!is_line) {
      uint32_t depth = 1;
      for (end = 2; depth > 0 && end + 1 < rest.size(); ++end) {
        const std::string_view pair = rest.substr(end, 2);
        if (pair != "/*" && pair != "*/") continue;
        depth = pair == "/*" ? depth + 1 : depth - 1;
        ++end;
      }
    }
    append_comment(rest.substr(0, end), &text);
    if (end >= rest.size()) break;
    rest.remove_prefix(end);
  }
  return without_indentation(&text);
}

// The lines without the spaces that all of them begin with, kept.
std::string_view Parser::without_indentation(std::string* text) {
  while (text->ends_with('\n')) text->pop_back();
  if (text->empty()) return {};
  size_t least = std::string::npos;
  for (size_t at = 0; at < text->size();) {
    const size_t begin = text->find_first_not_of(' ', at);
    const size_t end = std::min(text->find('\n', at), text->size());
    if (begin < end) least = std::min(least, begin - at);
    at = end + 1;
  }
  std::string lines;
  for (size_t at = 0; at <= text->size();) {
    const size_t end = std::min(text->find('\n', at), text->size());
    if (at != 0) lines += '\n';
    if (end - at > least) lines.append(*text, at + least, end - at - least);
    at = end + 1;
  }
  return model_.keep(lines);
}

void Parser::append_comment(std::string_view comment, std::string* text) {
  const bool is_line = comment.starts_with("//");
  if (is_line) {
    comment.remove_prefix(std::min(comment.find_first_not_of('/'), comment.size()));
  } else if (comment.starts_with("/**") && comment.size() >= 5) {
    comment = comment.substr(3, comment.size() - 5);
  } else {
    return;
  }
  for (;;) {
    const size_t end = comment.find('\n');
    std::string_view line = comment.substr(0, end);
    while (!is_line && (line.starts_with(' ') || line.starts_with('\t'))) line.remove_prefix(1);
    while (line.ends_with(' ') || line.ends_with('\r') || line.ends_with('\t')) line.remove_suffix(1);
    if (is_line || !line.empty() || !text->empty()) {
      *text += line;
      *text += '\n';
    }
    if (end == std::string_view::npos) return;
    comment.remove_prefix(end + 1);
  }
}

}  // namespace wherry::component::wit
