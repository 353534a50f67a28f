// The model as JSON, in the shape in which `wasm-tools component wit --json` writes its own: four tables, in which types
// and interfaces are numbers. Everything that a model holds is in it, so that two models are the same if their JSON is.
#include <string>

#include "component/wit/json_text.h"
#include "component/wit/print.h"
#include "engine/wasm/errors.h"

namespace wherry::component::wit {

namespace {

class JsonWriter {
 public:
  explicit JsonWriter(text::TextSink& sink) : sink_(sink) {}

  void open(char bracket) {
    value();
    out_ += bracket;
    ++depth_;
    is_first_ = true;
  }
  void close(char bracket) {
    --depth_;
    if (!is_first_) line();
    out_ += bracket;
    is_first_ = false;
  }
  void key(std::string_view name) {
    if (!is_first_) out_ += ',';
    line();
    is_first_ = true;
    string(name);
    out_ += ": ";
    after_key_ = true;
  }
  void put(std::string_view literal) {
    value();
    out_ += literal;
  }
  void put(uint32_t number) { put(std::to_string(number)); }
  void text(std::string_view text) {
    value();
    string(text);
  }
  void field(std::string_view name, std::string_view content) {
    key(name);
    text(content);
  }
  bool flush() {
    ok_ = sink_.write(out_) && ok_;
    out_.clear();
    return ok_;
  }

 private:
  static constexpr size_t kPiece = 1 << 16;

  // In front of a value: what separates it from the one before.
  void value() {
    if (!after_key_ && depth_ > 0) {
      if (!is_first_) out_ += ',';
      line();
    }
    after_key_ = false;
    is_first_ = false;
    if (out_.size() > kPiece) flush();
  }
  void line() {
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }
  void string(std::string_view text) {
    write_json_string(text, [this](std::string_view piece) { out_ += piece; });
  }

  text::TextSink& sink_;
  std::string out_;
  size_t depth_ = 0;
  bool is_first_ = true;
  bool after_key_ = false;
  bool ok_ = true;
};

class JsonPrinter {
 public:
  JsonPrinter(Model& model, text::TextSink& sink) : model_(model), json_(sink) {}

  base::Result<void> run() {
    json_.open('{');
    json_.key("worlds");
    list(model_.worlds, [this](const World& world) { print_world(world); });
    json_.key("interfaces");
    list(model_.interfaces, [this](const Interface& interface) { print_interface(interface); });
    json_.key("types");
    list(model_.types, [this](const TypeDef& type) { print_type(type); });
    json_.key("packages");
    list(model_.packages, [this](const Package& package) { print_package(package); });
    json_.close('}');
    if (!json_.flush() || !model_.ok) return base::fail(wasm::ErrorCode::OutOfMemory);
    return {};
  }

 private:
  template <class T, class Print>
  void list(const base::Vector<T>& items, Print print) {
    json_.open('[');
    for (const T& item : items) print(item);
    json_.close(']');
  }

  void print_name(std::string_view name) {
    json_.key("name");
    if (name.empty()) return json_.put("null");
    json_.text(name);
  }

  void print_docs(std::string_view docs) {
    if (docs.empty()) return;
    json_.key("docs");
    json_.open('{');
    json_.field("contents", docs);
    json_.close('}');
  }

  void print_notes(const Notes& notes) {
    print_docs(notes.docs);
    const Gate& gate = notes.gate;
    if (gate.since.data() != nullptr || gate.feature.data() != nullptr) {
      const bool is_stable = gate.since.data() != nullptr;
      json_.key("stability");
      json_.open('{');
      json_.key(is_stable ? "stable" : "unstable");
      json_.open('{');
      json_.field(is_stable ? "since" : "feature", is_stable ? gate.since : gate.feature);
      if (gate.deprecated.data() != nullptr) json_.field("deprecated", gate.deprecated);
      json_.close('}');
      json_.close('}');
    }
    if (notes.external_id.data() != nullptr) json_.field("external_id", notes.external_id);
  }

  void print_reference(Type type) {
    if (type.is_none()) return json_.put("null");
    if (type.is_id()) return json_.put(type.id().value);
    json_.text(prim_name(type.prim()));
  }

  void print_world(const World& world) {
    json_.open('{');
    print_name(world.name);
    for (const bool are_exports : {false, true}) {
      json_.key(are_exports ? "exports" : "imports");
      json_.open('{');
      for (const WorldItem& item : are_exports ? world.exports : world.imports) print_item(item);
      json_.close('}');
    }
    json_.key("package");
    json_.put(world.package.value);
    print_notes(world.notes);
    json_.close('}');
  }

  void print_item(const WorldItem& item) {
    json_.key(item.name.empty() ? "interface-" + std::to_string(item.index) : std::string(item.name));
    json_.open('{');
    if (item.kind == WorldItem::Interface) {
      json_.key("interface");
      json_.open('{');
      json_.key("id");
      json_.put(item.index);
      print_notes(item.notes);
      json_.close('}');
    } else if (item.kind == WorldItem::Type) {
      json_.key("type");
      json_.put(item.index);
    } else {
      json_.key("function");
      print_function(model_[FuncId(item.index)]);
    }
    json_.close('}');
  }

  void print_interface(const Interface& interface) {
    json_.open('{');
    print_name(interface.name);
    json_.key("types");
    json_.open('{');
    for (const TypeId type : interface.types) {
      json_.key(model_[type].name);
      json_.put(type.value);
    }
    json_.close('}');
    json_.key("functions");
    json_.open('{');
    for (const FuncId function : interface.functions) {
      json_.key(full_name(model_, model_[function]));
      print_function(model_[function]);
    }
    json_.close('}');
    print_notes(interface.notes);
    json_.key("package");
    json_.put(interface.package.value);
    json_.close('}');
  }

  void print_function(const Function& function) {
    static constexpr std::string_view kKinds[] = {"freestanding", "method", "static", "constructor"};
    const std::string_view kind = kKinds[static_cast<size_t>(function.kind)];
    const std::string name = function.is_async ? "async-" + std::string(kind) : std::string(kind);
    json_.open('{');
    json_.field("name", full_name(model_, function));
    json_.key("kind");
    if (function.kind == FuncKind::Free) {
      json_.text(name);
    } else {
      json_.open('{');
      json_.key(name);
      json_.put(function.resource.value);
      json_.close('}');
    }
    json_.key("params");
    print_members(function.params, true);
    if (!function.result.is_none()) {
      json_.key("result");
      print_reference(function.result);
    }
    print_notes(function.notes);
    json_.close('}');
  }

  void print_members(Run run, bool are_typed) {
    json_.open('[');
    for (const Member& member : model_.run(run)) {
      json_.open('{');
      json_.field("name", member.name);
      if (are_typed) {
        json_.key("type");
        print_reference(member.type);
      }
      print_docs(member.docs);
      json_.close('}');
    }
    json_.close(']');
  }

  void print_type(const TypeDef& type) {
    json_.open('{');
    print_name(type.name);
    json_.key("kind");
    print_kind(type);
    json_.key("owner");
    if (type.owner.kind == Owner::None) {
      json_.put("null");
    } else {
      json_.open('{');
      json_.key(type.owner.kind == Owner::World ? "world" : "interface");
      json_.put(type.owner.index);
      json_.close('}');
    }
    print_notes(type.notes);
    json_.close('}');
  }

  void print_wrapped(std::string_view kind, std::string_view list, Run run, bool are_typed) {
    json_.open('{');
    json_.key(kind);
    json_.open('{');
    json_.key(list);
    print_members(run, are_typed);
    json_.close('}');
    json_.close('}');
  }

  void print_one(std::string_view kind, Type type) {
    json_.open('{');
    json_.key(kind);
    print_reference(type);
    json_.close('}');
  }

  void print_kind(const TypeDef& type) {
    switch (type.kind) {
      case TypeKind::Resource: return json_.text("resource");
      case TypeKind::Record: return print_wrapped("record", "fields", type.members, true);
      case TypeKind::Flags: return print_wrapped("flags", "flags", type.members, false);
      case TypeKind::Variant: return print_wrapped("variant", "cases", type.members, true);
      case TypeKind::Enum: return print_wrapped("enum", "cases", type.members, false);
      case TypeKind::Alias: return print_one("type", type.first);
      case TypeKind::List: return print_one("list", type.first);
      case TypeKind::Option: return print_one("option", type.first);
      case TypeKind::Future: return print_one("future", type.first);
      case TypeKind::Stream: return print_one("stream", type.first);
      default: break;
    }
    json_.open('{');
    if (type.kind == TypeKind::Own || type.kind == TypeKind::Borrow) {
      json_.key("handle");
      print_one(type.kind == TypeKind::Own ? "own" : "borrow", type.first);
    } else if (type.kind == TypeKind::Tuple) {
      json_.key("tuple");
      json_.open('{');
      json_.key("types");
      json_.open('[');
      for (const Member& member : model_.run(type.members)) print_reference(member.type);
      json_.close(']');
      json_.close('}');
    } else if (type.kind == TypeKind::Result) {
      json_.key("result");
      json_.open('{');
      json_.key("ok");
      print_reference(type.first);
      json_.key("err");
      print_reference(type.second);
      json_.close('}');
    } else {
      const bool is_map = type.kind == TypeKind::Map;
      json_.key(is_map ? "map" : "fixed-length-list");
      json_.open('[');
      print_reference(type.first);
      if (is_map) {
        print_reference(type.second);
      } else {
        json_.put(type.length);
      }
      json_.close(']');
    }
    json_.close('}');
  }

  void print_package(const Package& package) {
    json_.open('{');
    std::string name = std::string(package.name_space) + ":" + std::string(package.name);
    if (!package.version.empty()) name += "@" + std::string(package.version);
    json_.field("name", name);
    print_docs(package.docs);
    json_.key("interfaces");
    json_.open('{');
    for (const InterfaceId interface : package.interfaces) {
      json_.key(model_[interface].name);
      json_.put(interface.value);
    }
    json_.close('}');
    json_.key("worlds");
    json_.open('{');
    for (const WorldId world : package.worlds) {
      json_.key(model_[world].name);
      json_.put(world.value);
    }
    json_.close('}');
    json_.close('}');
  }

  Model& model_;
  JsonWriter json_;
};

}  // namespace

base::Result<void> print_json(Model& model, text::TextSink& sink) { return JsonPrinter(model, sink).run(); }

}  // namespace wherry::component::wit
