// C++ for hosts. Names become C++'s (`would-block`: would_block, WouldBlock), which the runtime compares without regard to
// hyphens, underscores and case; so a `_` behind a keyword does no harm.
//
// An interface that is imported and exported is there twice: the resources of one are objects of the host, those of the other
// the guest's. Hence two namespaces, `imports` and `exports`, and in each one for every interface.
#include "component/wit/bindgen.h"

#include "component/names.h"

namespace wherry::component::wit {

namespace {

constexpr std::string_view kKeywords[] = {
    "alignas",   "alignof",  "and",      "asm",      "auto",    "bool",    "break",     "case",
    "catch",     "char",     "class",    "compl",    "concept", "const",   "consteval", "constexpr",
    "constinit", "continue", "decltype", "default",  "delete",  "do",      "double",    "else",
    "enum",      "explicit", "export",   "extern",   "false",   "float",   "for",       "friend",
    "goto",      "if",       "inline",   "int",      "long",    "mutable", "namespace", "new",
    "noexcept",  "not",      "nullptr",  "operator", "or",      "private", "protected", "public",
    "register",  "requires", "return",   "short",    "signed",  "sizeof",  "static",    "struct",
    "switch",    "template", "this",     "throw",    "true",    "try",     "typedef",   "typeid",
    "typename",  "union",    "unsigned", "using",    "virtual", "void",    "volatile",  "while",
    "xor",       "bitand",   "bitor",    "std",      "wherry",  "imports", "exports",
};

std::string snake(std::string_view name) {
  std::string out;
  for (const char c : name)
    out += c == '-' || c == '.' || c == '+' ? '_'
           : c >= 'A' && c <= 'Z'           ? static_cast<char>(c - 'A' + 'a')
                                            : c;
  for (const std::string_view keyword : kKeywords) {
    if (out == keyword) return out + "_";
  }
  return out;
}

std::string pascal(std::string_view name) {
  std::string out;
  bool is_first = true;
  for (const char c : name) {
    if (c == '-') {
      is_first = true;
      continue;
    }
    out += is_first && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    is_first = false;
  }
  return out == "Host" || out == "Guest" ? out + "_" : out;
}

class Generator {
 public:
  Generator(Model& model, WorldId world) : model_(model), world_(model[world]), world_id_(world) {}

  std::expected<std::string, std::string> run() {
    const Package& package = model_[world_.package];
    const std::string root =
        snake(package.name_space) + "::" + snake(package.name) + "::" + snake(world_.name);
    line("// The world " + std::string(full_name(model_, world_id_)) +
         " for a host. Made by `wherry bindgen cpp`; not for editing.");
    line("#pragma once");
    line("");
    for (const char* const header :
         {"cstdint", "optional", "span", "string", "string_view", "tuple", "utility", "variant", "vector"}) {
      line("#include <" + std::string(header) + ">");
    }
    line("");
    for (const char* const header : {"component_host", "component_instance", "component_linker"}) {
      line("#include \"wherry/" + std::string(header) + ".h\"");
    }
    line("");
    line("namespace " + root + " {");
    side("imports", false, world_.imports);
    side("exports", true, world_.exports);
    line("");
    line("}  // namespace " + root);
    if (!error_.empty()) return std::unexpected(error_);
    return std::move(out_);
  }

 private:
  void line(std::string_view text) {
    out_ += text;
    out_ += '\n';
  }
  void docs(std::string_view text, std::string_view indentation) {
    while (!text.empty()) {
      const size_t end = text.find('\n');
      // A backslash at the end of a comment would join the next line to it.
      std::string shown(text.substr(0, end));
      while (shown.ends_with('\\')) shown.pop_back();
      line(std::string(indentation) + "//" + (shown.empty() ? "" : " ") + shown);
      if (end == std::string_view::npos) break;
      text.remove_prefix(end + 1);
    }
  }
  void fail(std::string_view what, std::string_view name) {
    if (error_.empty()) error_ = std::string(what) + " cannot be bound yet: " + quoted(name);
  }

  // ---- names

  std::string interface_namespace(InterfaceId id, std::string_view label) const {
    if (!label.empty()) return snake(label);
    const Interface& interface = model_[id];
    const Package& package = model_[interface.package];
    std::string name = snake(std::string(package.name_space) + "-" + std::string(package.name) + "-" +
                             std::string(interface.name));
    for (const Package& other : model_.packages) {
      const bool is_another =
          &other != &package && other.name_space == package.name_space && other.name == package.name;
      if (is_another && !package.version.empty()) return name + "_" + snake(package.version);
    }
    return name;
  }

  // Of a type with a name, from where the generator stands.
  std::string reference(TypeId id) const {
    const TypeDef& type = model_[id];
    std::string name = pascal(type.name);
    if (type.owner == owner_) return name;
    if (type.owner.kind == Owner::World) return "imports::" + name;
    const bool is_export = is_export_ && is_exported(InterfaceId(type.owner.index));
    return (is_export ? "exports::" : "imports::") + interface_namespace(InterfaceId(type.owner.index), {}) +
           "::" + name;
  }
  bool is_exported(InterfaceId id) const {
    for (const WorldItem& item : world_.exports) {
      if (item.kind == WorldItem::Interface && item.index == id.value) return true;
    }
    return false;
  }
  // Whether a resource's objects are the guest's.
  bool is_of_guest(TypeId resource) const {
    const Owner owner = model_[model_.target(resource)].owner;
    return is_export_ && owner.kind == Owner::Interface && is_exported(InterfaceId(owner.index));
  }

  // ---- types as they are used

  static std::string primitive(Prim prim) {
    switch (prim) {
      case Prim::Bool: return "bool";
      case Prim::S8: return "int8_t";
      case Prim::U8: return "uint8_t";
      case Prim::S16: return "int16_t";
      case Prim::U16: return "uint16_t";
      case Prim::S32: return "int32_t";
      case Prim::U32: return "uint32_t";
      case Prim::S64: return "int64_t";
      case Prim::U64: return "uint64_t";
      case Prim::F32: return "float";
      case Prim::F64: return "double";
      case Prim::Char: return "char32_t";
      case Prim::String: return "std::string";
      case Prim::ErrorContext: break;
    }
    return {};
  }
  bool is_number(Type type) const {
    const Type at = model_.target(type);
    return at.is_prim() && at.prim() != Prim::Bool && at.prim() != Prim::Char && at.prim() != Prim::String &&
           at.prim() != Prim::ErrorContext;
  }

  std::string value(Type type) {
    if (type.is_none()) return "void";
    if (type.is_prim()) {
      if (type.prim() == Prim::ErrorContext) fail("the type", "error-context");
      return primitive(type.prim());
    }
    const TypeDef& def = model_[type.id()];
    return def.name.empty() ? built(def) : reference(type.id());
  }
  // A parameter: views where there are some.
  std::string parameter(Type type) {
    if (type == Type(Prim::String)) return "std::string_view";
    if (type.is_id() && model_[type.id()].name.empty() && model_[type.id()].kind == TypeKind::List &&
        is_number(model_[type.id()].first)) {
      return "std::span<const " + value(model_[type.id()].first) + ">";
    }
    return value(type);
  }

  std::string built(const TypeDef& type) {
    switch (type.kind) {
      case TypeKind::Alias: return value(type.first);
      case TypeKind::List: return "std::vector<" + value(type.first) + ">";
      case TypeKind::Map:
        return "std::vector<std::pair<" + value(type.first) + ", " + value(type.second) + ">>";
      case TypeKind::Option: return "std::optional<" + value(type.first) + ">";
      case TypeKind::Result: return "wherry::Expected<" + value(type.first) + ", " + value(type.second) + ">";
      case TypeKind::Own:
      case TypeKind::Borrow: {
        const bool is_own = type.kind == TypeKind::Own;
        const std::string prefix = is_of_guest(type.first.id()) ? "wherry::Guest" : "wherry::";
        return prefix + (is_own ? "Own<" : "Borrow<") + reference(type.first.id()) + ">";
      }
      case TypeKind::Tuple: {
        std::string out = "std::tuple<";
        bool is_first = true;
        for (uint32_t i = 0; i < type.members.count; ++i) {
          if (!is_first) out += ", ";
          is_first = false;
          out += value(model_.members[type.members.first + i].type);
        }
        return out + ">";
      }
      case TypeKind::FixedList: fail("a list of a fixed length", type.name); break;
      case TypeKind::Stream: fail("the type", "stream"); break;
      case TypeKind::Future: fail("the type", "future"); break;
      default: break;
    }
    return "void";
  }

  // ---- definitions

  void definition(TypeId id, std::span<const FuncId> functions) {
    const TypeDef& type = model_[id];
    const std::string name = pascal(type.name);
    line("");
    docs(type.notes.docs, "");
    const std::span<const Member> members = model_.run(type.members);
    switch (type.kind) {
      case TypeKind::Resource: return resource(id, functions);
      case TypeKind::Record:
        line("struct " + name + " {");
        for (const Member& member : members) {
          docs(member.docs, "  ");
          line("  " + value(member.type) + " " + snake(member.name) + "{};");
        }
        line("};");
        if (members.size() > 64) fail("a record of more than 64 fields", type.name);
        return line("WHERRY_RECORD(" + name + names(members) + ")");
      case TypeKind::Variant: {
        std::string cases;
        for (const Member& member : members) {
          cases += cases.empty() ? "" : ", ";
          cases += member.type.is_none() ? "std::monostate" : value(member.type);
        }
        line("struct " + name + " : std::variant<" + cases + "> {");
        line("  using variant::variant;");
        line("};");
        return line("WHERRY_VARIANT(" + name + names(members) + ")");
      }
      case TypeKind::Enum:
      case TypeKind::Flags: {
        const bool are_flags = type.kind == TypeKind::Flags;
        line("enum class " + name + " : uint32_t {");
        for (size_t i = 0; i < members.size(); ++i) {
          docs(members[i].docs, "  ");
          line("  " + snake(members[i].name) + " = " + std::to_string(are_flags ? uint64_t{1} << i : i) +
               ",");
        }
        line("};");
        return line((are_flags ? "WHERRY_FLAGS(" : "WHERRY_ENUM(") + name + names(members) + ")");
      }
      case TypeKind::Alias:
        // Of a resource the class itself.
        return line("using " + name + " = " +
                    (model_.is_resource(type.first) ? reference(type.first.id()) : value(type.first)) + ";");
      default: return line("using " + name + " = " + built(type) + ";");
    }
  }
  static std::string names(std::span<const Member> members) {
    std::string out;
    for (const Member& member : members) out += ", " + snake(member.name);
    return out;
  }

  void resource(TypeId id, std::span<const FuncId> functions) {
    const std::string name = pascal(model_[id].name);
    line("class " + name + " {");
    line(" public:");
    line("  virtual ~" + name + "() = default;");
    for (const FuncId at : functions) {
      const Function& function = model_[at];
      if (function.kind == FuncKind::Method && function.resource == id) host_function(function);
    }
    line("};");
  }

  // ---- functions

  std::string cpp_name(const Function& function) const {
    switch (function.kind) {
      case FuncKind::Free: return snake(function.name);
      case FuncKind::Constructor: return "new_" + snake(model_[function.resource].name);
      case FuncKind::Method:
        return is_export_ ? snake(model_[function.resource].name) + "_" + snake(function.name)
                          : snake(function.name);
      case FuncKind::Static: return snake(model_[function.resource].name) + "_" + snake(function.name);
    }
    return {};
  }

  void host_function(const Function& function) {
    if (function.is_async) fail("an asynchronous function", function.name);
    std::string out = "  virtual wherry::Result<" + value(function.result) + "> " + cpp_name(function) +
                      "(wherry::Caller& caller";
    for (uint32_t i = function.kind == FuncKind::Method ? 1 : 0; i < function.params.count; ++i) {
      const Member param = model_.members[function.params.first + i];
      out += ", " + parameter(param.type) + " " + snake(param.name) + (param.name == "caller" ? "_" : "");
    }
    docs(function.notes.docs, "  ");
    line(out + ") = 0;");
  }

  // The class to implement for a list of functions, and its table. `interface` is the name in the linker.
  void host(std::string_view interface, std::span<const TypeId> types, std::span<const FuncId> functions) {
    line("");
    line("class Host {");
    line(" public:");
    line("  virtual ~Host() = default;");
    for (const FuncId at : functions) {
      if (model_[at].kind != FuncKind::Method) host_function(model_[at]);
    }
    line("};");
    line("inline constexpr wherry::ComponentHostEntry kHost[] = {");
    bool has_any = false;
    for (const TypeId id : types) {
      if (model_[id].kind != TypeKind::Resource) continue;
      has_any = true;
      line("    wherry::component_resource<" + pascal(model_[id].name) + ">(\"" +
           std::string(model_[id].name) + "\"),");
    }
    for (const FuncId at : functions) {
      const Function& function = model_[at];
      has_any = true;
      const std::string member = function.kind == FuncKind::Method
                                     ? "component_method<&" + pascal(model_[function.resource].name) + "::"
                                     : "component_function<&Host::";
      line("    wherry::" + member + cpp_name(function) + ">(\"" + std::string(full_name(model_, function)) +
           "\"),");
    }
    if (!has_any) line("    {},");
    line("};");
    line("// Both must live as long as what is instantiated with the linker.");
    line("inline wherry::Result<void> define(wherry::ComponentLinker& linker, Host& host) {");
    line("  return linker.define_interface(\"" + std::string(interface) + "\", kHost, &host);");
    line("}");
  }

  void guest(std::string_view interface, std::span<const FuncId> functions) {
    line("");
    line("struct Guest {");
    std::string finding, made;
    for (const FuncId at : functions) {
      const Function& function = model_[at];
      if (function.is_async) fail("an asynchronous function", function.name);
      const std::string name = cpp_name(function);
      std::string signature = value(function.result) + "(";
      for (uint32_t i = 0; i < function.params.count; ++i) {
        signature += (i == 0 ? "" : ", ") + parameter(model_.members[function.params.first + i].type);
      }
      signature += ")";
      docs(function.notes.docs, "  ");
      out_.append("  wherry::TypedComponentFunc<").append(signature).append("> ").append(name).append(";\n");
      finding.append("    WHERRY_ASSIGN_OR_RETURN(auto found_").append(name).append(", (instance.typed<");
      finding.append(signature).append(">(store, \"").append(interface).append("\", \"");
      finding.append(full_name(model_, function)).append("\")));\n");
      made.append(made.empty() ? "" : ", ").append("found_").append(name);
    }
    line("");
    line("  // Looks all of them up. Errors: Link for what is not there, Usage for other types.");
    line("  static wherry::Result<Guest> find(wherry::StoreRef store, wherry::ComponentInstance instance) {");
    out_ += finding;
    if (functions.empty()) line("    (void)store;\n    (void)instance;");
    line("    return Guest{" + made + "};");
    line("  }");
    line("};");
  }

  // ---- the two sides of a world

  void side(std::string_view name, bool is_export, std::span<const WorldItem> items) {
    is_export_ = is_export;
    line("");
    line("namespace " + std::string(name) + " {");
    for (const WorldItem& item : items) {
      if (item.kind == WorldItem::Interface) interface(item);
    }
    owner_ = {Owner::World, world_id_.value};
    base::Vector<TypeId> types;
    base::Vector<FuncId> functions;
    for (const WorldItem& item : items) {
      if (item.kind == WorldItem::Type) model_.push(types, TypeId(item.index));
      if (item.kind == WorldItem::Func) model_.push(functions, FuncId(item.index));
    }
    if (is_export) owner_ = {};
    definitions(types.span(), functions.span());
    if (!functions.empty()) {
      if (is_export) {
        guest({}, functions.span());
      } else {
        host({}, types.span(), functions.span());
      }
    }
    line("");
    line("}  // namespace " + std::string(name));
  }

  void interface(const WorldItem& item) {
    const InterfaceId id(item.index);
    owner_ = {Owner::Interface, id.value};
    const std::string space = interface_namespace(id, item.name);
    const std::string name(item.name.empty() ? full_name(model_, id) : item.name);
    line("");
    docs(item.notes.docs.empty() ? model_[id].notes.docs : item.notes.docs, "");
    line("namespace " + space + " {");
    definitions(model_[id].types.span(), model_[id].functions.span());
    const bool has_resources = has_resource(model_[id].types.span());
    if (is_export_) {
      if (!model_[id].functions.empty()) guest(name, model_[id].functions.span());
    } else if (!model_[id].functions.empty() || has_resources) {
      host(name, model_[id].types.span(), model_[id].functions.span());
    }
    line("");
    line("}  // namespace " + space);
  }
  bool has_resource(std::span<const TypeId> types) const {
    for (const TypeId type : types) {
      if (model_[type].kind == TypeKind::Resource) return true;
    }
    return false;
  }

  // Resources are named first, as anything may mention them; what has functions with them comes last.
  void definitions(std::span<const TypeId> types, std::span<const FuncId> functions) {
    for (const TypeId type : types) {
      if (model_[type].kind == TypeKind::Resource) line("class " + pascal(model_[type].name) + ";");
    }
    for (const TypeId type : types) {
      if (model_[type].kind != TypeKind::Resource) definition(type, functions);
    }
    for (const TypeId type : types) {
      if (model_[type].kind == TypeKind::Resource && !is_export_) definition(type, functions);
    }
  }

  Model& model_;
  const World& world_;
  WorldId world_id_;
  Owner owner_;
  bool is_export_ = false;
  std::string out_;
  std::string error_;
};

}  // namespace

std::expected<std::string, std::string> bindgen_cpp(Model& model, WorldId world) {
  return Generator(model, world).run();
}

}  // namespace wherry::component::wit
