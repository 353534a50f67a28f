// WIT as text, in the form in which `wasm-tools` writes it, so that outputs can be compared line by line.
//
// A type without a name is written where it is used; what has a name is written by its name, since all that is used in an
// interface was defined or used there. Types in types are written by calls inside calls: no deeper than the parser or the
// validator of components let them be nested.
#include "component/wit/print.h"

#include <string>

#include "engine/wasm/errors.h"

namespace wherry::component::wit {

namespace {

// Text with indentation, handed on in pieces.
class Writer {
 public:
  explicit Writer(text::TextSink& sink) : sink_(sink) {}

  void put(std::string_view text) {
    if (at_line_begin_) {
      if (!buffer_.empty() || lines_ > 0) buffer_.append(2 * depth_, ' ');
      at_line_begin_ = false;
    }
    buffer_ += text;
    if (buffer_.size() > kPiece) flush();
  }
  void newline() {
    buffer_ += '\n';
    at_line_begin_ = true;
    ++lines_;
  }
  void line(std::string_view text) {
    put(text);
    newline();
  }
  void open() {
    put(" {");
    newline();
    ++depth_;
  }
  void close() {
    --depth_;
    line("}");
  }
  void name(std::string_view name) {
    if (is_keyword(name)) put("%");
    put(name);
  }
  bool flush() {
    ok_ = sink_.write(buffer_) && ok_;
    buffer_.clear();
    return ok_;
  }

 private:
  static constexpr size_t kPiece = 1 << 16;

  text::TextSink& sink_;
  std::string buffer_;
  uint32_t depth_ = 0;
  uint64_t lines_ = 0;
  bool at_line_begin_ = true;
  bool ok_ = true;
};

class Printer {
 public:
  Printer(Model& model, const PrintChoice& choice, text::TextSink& sink)
      : model_(model), choice_(choice), out_(sink) {}

  base::Result<void> run() {
    print_package(model_.main, true);
    bool is_first = true;
    for (const PackageId id : model_.order) {
      if (!choice_.dependencies) break;
      const Package& package = model_[id];
      if (id == model_.main || (package.interfaces.empty() && package.worlds.empty())) continue;
      if (!is_first) {
        out_.newline();
        out_.newline();
      }
      is_first = false;
      print_package(id, false);
    }
    if (!out_.flush() || !model_.ok) return base::fail(wasm::ErrorCode::OutOfMemory);
    return {};
  }

 private:
  void print_package(PackageId id, bool is_main) {
    const Package& package = model_[id];
    print_docs(package.docs);
    out_.put("package ");
    out_.name(package.name_space);
    out_.put(":");
    out_.name(package.name);
    if (!package.version.empty()) {
      out_.put("@");
      out_.put(package.version);
    }
    if (is_main) {
      out_.line(";");
      out_.newline();
    } else {
      out_.open();
    }
    for (const InterfaceId interface : package.interfaces) {
      print_notes(model_[interface].notes);
      out_.put("interface ");
      out_.name(model_[interface].name);
      print_interface(interface);
      if (is_main) out_.newline();
    }
    for (const WorldId world : package.worlds) {
      print_notes(model_[world].notes);
      out_.put("world ");
      out_.name(model_[world].name);
      out_.open();
      print_world(world);
      out_.close();
    }
    if (!is_main) out_.close();
  }

  void print_docs(std::string_view docs) {
    if (!choice_.docs || docs.empty()) return;
    for (;;) {
      const size_t end = docs.find('\n');
      const std::string_view line = docs.substr(0, end);
      out_.put("///");
      if (!line.empty()) {
        out_.put(" ");
        out_.put(line);
      }
      out_.newline();
      if (end == std::string_view::npos) return;
      docs.remove_prefix(end + 1);
    }
  }

  void print_version_gate(std::string_view gate, std::string_view version) {
    if (version.data() == nullptr) return;
    out_.put(gate);
    out_.put("(version = ");
    out_.put(version);
    out_.line(")");
  }

  void print_gate(const Gate& gate) {
    print_version_gate("@since", gate.since);
    if (gate.feature.data() != nullptr) {
      out_.put("@unstable(feature = ");
      out_.put(gate.feature);
      out_.line(")");
    }
    print_version_gate("@deprecated", gate.deprecated);
  }

  void print_notes(const Notes& notes) {
    print_docs(notes.docs);
    print_gate(notes.gate);
    if (notes.external_id.data() == nullptr) return;
    out_.put("@external-id(\"");
    for (const char c : notes.external_id) print_character(c);
    out_.line("\")");
  }

  void print_character(char c) {
    static constexpr char kDigits[] = "0123456789abcdef";
    const auto byte = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      const char escaped[] = {'\\', c};
      out_.put({escaped, 2});
    } else if (byte < 0x20 || byte == 0x7f) {
      const char escaped[] = {'\\', kDigits[byte >> 4], kDigits[byte & 15]};
      out_.put({escaped, 3});
    } else {
      out_.put({&c, 1});
    }
  }

  // In front of an item but for the first of a block.
  void separate() {
    if (any_items_) out_.newline();
    any_items_ = true;
  }

  void print_interface(InterfaceId id) {
    const bool outer = any_items_;
    any_items_ = false;
    out_.open();
    const Interface& interface = model_[id];
    print_types(interface.types.span(), interface.package, interface.functions.span());
    for (const FuncId function : interface.functions) {
      if (model_[function].kind != FuncKind::Free) continue;
      separate();
      print_notes(model_[function].notes);
      out_.name(model_[function].name);
      out_.put(": ");
      print_function(model_[function]);
    }
    out_.close();
    any_items_ = outer;
  }

  void print_types(std::span<const TypeId> types, PackageId package, std::span<const FuncId> functions) {
    print_uses(types, package);
    for (const TypeId id : types) {
      InterfaceId from;
      if (borrowed_from(model_, id, &from)) continue;
      separate();
      print_notes(model_[id].notes);
      if (model_[id].kind == TypeKind::Resource) {
        print_resource(id, functions);
      } else {
        print_definition(model_[id]);
      }
    }
  }

  // What is taken from one interface with the same notes stands in one `use`.
  void print_uses(std::span<const TypeId> types, PackageId package) {
    const TypeDef* last = nullptr;
    InterfaceId last_from;
    for (const TypeId id : types) {
      InterfaceId from;
      if (!borrowed_from(model_, id, &from)) continue;
      const TypeDef& type = model_[id];
      const bool joins = last != nullptr && from == last_from && last->notes.gate == type.notes.gate &&
                         last->notes.external_id == type.notes.external_id;
      if (joins) {
        out_.put(", ");
      } else {
        if (last != nullptr) out_.line("};");
        print_gate(type.notes.gate);
        out_.put("use ");
        print_path(from, package);
        out_.put(".{");
      }
      const std::string_view name = model_[type.first.id()].name;
      out_.name(name);
      if (name != type.name) {
        out_.put(" as ");
        out_.name(type.name);
      }
      last = &type;
      last_from = from;
    }
    if (last == nullptr) return;
    out_.line("};");
    any_items_ = true;
  }

  void print_path(InterfaceId id, PackageId from) {
    const Interface& interface = model_[id];
    if (interface.package != from) {
      const Package& package = model_[interface.package];
      out_.name(package.name_space);
      out_.put(":");
      out_.name(package.name);
      out_.put("/");
    }
    out_.name(interface.name);
    if (interface.package != from && !model_[interface.package].version.empty()) {
      out_.put("@");
      out_.put(model_[interface.package].version);
    }
  }

  void print_resource(TypeId id, std::span<const FuncId> functions) {
    out_.put("resource ");
    out_.name(model_[id].name);
    bool has_any = false;
    for (const FuncId at : functions) {
      const Function& function = model_[at];
      if (function.kind == FuncKind::Free || function.resource != id) continue;
      if (!has_any) out_.open();
      has_any = true;
      print_notes(function.notes);
      if (function.kind != FuncKind::Constructor) {
        out_.name(function.name);
        out_.put(function.kind == FuncKind::Static ? ": static " : ": ");
      }
      print_function(function);
    }
    if (has_any) {
      out_.close();
    } else {
      out_.line(";");
    }
  }

  void print_function(const Function& function) {
    if (function.is_async) out_.put("async ");
    out_.put(function.kind == FuncKind::Constructor ? "constructor(" : "func(");
    std::span<const Member> params = model_.run(function.params);
    if (function.kind == FuncKind::Method && !params.empty()) params = params.subspan(1);
    bool is_first = true;
    for (const Member& param : params) {
      if (!is_first) out_.put(", ");
      is_first = false;
      out_.name(param.name);
      out_.put(": ");
      print_type(param.type);
    }
    out_.put(")");
    if (!function.result.is_none() && !is_plain_constructor(function)) {
      out_.put(" -> ");
      print_type(function.result);
    }
    out_.line(";");
  }

  // What returns just its resource is written without saying so.
  bool is_plain_constructor(const Function& function) const {
    if (function.kind != FuncKind::Constructor || !function.result.is_id()) return false;
    const TypeDef& result = model_[function.result.id()];
    return result.kind == TypeKind::Own && result.name.empty() && result.first == Type(function.resource);
  }

  void print_definition(const TypeDef& type) {
    switch (type.kind) {
      case TypeKind::Record: return print_members("record ", type);
      case TypeKind::Flags: return print_members("flags ", type);
      case TypeKind::Variant: return print_members("variant ", type);
      case TypeKind::Enum: return print_members("enum ", type);
      default: break;
    }
    out_.put("type ");
    out_.name(type.name);
    out_.put(" = ");
    if (type.kind == TypeKind::Alias) {
      print_type(type.first);
    } else {
      // Handles by their keyword: `type a = b` of a resource is the resource.
      print_built(type, type.kind == TypeKind::Own);
    }
    out_.line(";");
  }

  void print_members(std::string_view keyword, const TypeDef& type) {
    out_.put(keyword);
    out_.name(type.name);
    out_.open();
    for (const Member& member : model_.run(type.members)) {
      print_docs(member.docs);
      out_.name(member.name);
      if (type.kind == TypeKind::Record) {
        out_.put(": ");
        print_type(member.type);
      } else if (!member.type.is_none()) {
        out_.put("(");
        print_type(member.type);
        out_.put(")");
      }
      out_.line(",");
    }
    out_.close();
  }

  void print_type(Type type) {
    if (type.is_none()) return out_.put("_");
    if (type.is_prim()) return out_.put(prim_name(type.prim()));
    const TypeDef& def = model_[type.id()];
    if (!def.name.empty()) return out_.name(def.name);
    if (def.kind == TypeKind::Alias) return print_type(def.first);
    print_built(def, false);
  }

  void print_built(const TypeDef& type, bool with_own) {
    switch (type.kind) {
      case TypeKind::Own:
        if (!with_own) return print_type(type.first);
        return print_arguments("own", type.first, {});
      case TypeKind::Borrow: return print_arguments("borrow", type.first, {});
      case TypeKind::Option: return print_arguments("option", type.first, {});
      case TypeKind::Map: return print_arguments("map", type.first, type.second);
      case TypeKind::Future: return print_arguments("future", type.first, {});
      case TypeKind::Stream: return print_arguments("stream", type.first, {});
      case TypeKind::Result: return print_arguments("result", type.first, type.second);
      case TypeKind::List: return print_arguments("list", type.first, {});
      case TypeKind::FixedList:
        out_.put("list<");
        print_type(type.first);
        out_.put(", " + std::to_string(type.length) + ">");
        return;
      case TypeKind::Tuple: {
        out_.put("tuple<");
        bool is_first = true;
        for (const Member& member : model_.run(type.members)) {
          if (!is_first) out_.put(", ");
          is_first = false;
          print_type(member.type);
        }
        return out_.put(">");
      }
      default: return out_.name(type.name);
    }
  }

  void print_arguments(std::string_view keyword, Type first, Type second) {
    out_.put(keyword);
    if (first.is_none() && second.is_none()) return;
    out_.put("<");
    print_type(first);
    if (!second.is_none()) {
      out_.put(", ");
      print_type(second);
    }
    out_.put(">");
  }

  void print_world(WorldId id) {
    const World& world = model_[id];
    any_items_ = false;
    base::Vector<TypeId> types;
    base::Vector<FuncId> methods;
    for (const WorldItem& item : world.imports) {
      if (item.kind == WorldItem::Interface) {
        print_item("import ", item, world.package);
        any_items_ = true;
      } else if (item.kind == WorldItem::Type) {
        model_.push(types, TypeId(item.index));
      } else if (model_[FuncId(item.index)].kind != FuncKind::Free) {
        model_.push(methods, FuncId(item.index));
      }
    }
    print_types(types.span(), world.package, methods.span());
    for (const WorldItem& item : world.imports) {
      if (item.kind != WorldItem::Func || model_[FuncId(item.index)].kind != FuncKind::Free) continue;
      print_item("import ", item, world.package);
      any_items_ = true;
    }
    if (!world.exports.empty()) separate();
    for (const WorldItem& item : world.exports) print_item("export ", item, world.package);
  }

  void print_item(std::string_view keyword, const WorldItem& item, PackageId package) {
    print_notes(item.notes);
    out_.put(keyword);
    if (!item.name.empty()) {
      out_.name(item.name);
      out_.put(": ");
    }
    if (item.kind == WorldItem::Func) return print_function(model_[FuncId(item.index)]);
    const InterfaceId id(item.index);
    if (model_[id].name.empty()) {
      out_.put("interface");
      return print_interface(id);
    }
    print_path(id, package);
    out_.line(";");
  }

  Model& model_;
  const PrintChoice& choice_;
  Writer out_;
  bool any_items_ = false;
};

}  // namespace

base::Result<void> print(Model& model, const PrintChoice& choice, text::TextSink& sink) {
  return Printer(model, choice, sink).run();
}

}  // namespace wherry::component::wit
