// The section "package-docs": what a package's items are documented with and since when they are there, which the binary form has no place
// for. It is not specified but by what wit-component writes (wit-parser/src/metadata.rs): a byte with the version, 0 or 1, and then JSON
// of this shape, in which everything may be absent:
//
//   package    docs, worlds {name: world}, interfaces {name: interface}
//   interface  docs, stability, funcs {name: function}, types {name: type}
//   world      docs, stability, types, and of imports and exports apart: interfaces written inside of it, functions, and
//              documentation and stability of others
//   function   docs, stability; or just the documentation (version 0)
//   type       docs, stability, items {name of a field, case or flag: docs}
//
// The reader takes each value where it stands, into the model: nothing of the JSON is kept. It calls itself only along this shape; a value
// that it does not know is passed over by counting brackets. What it takes is printed as WIT later, so versions and names of
// features must look like these, and characters that WIT does not allow become U+FFFD.
#include "component/wit/package_docs.h"

#include <string>

#include "component/wit/json_text.h"
#include "engine/base/utf8.h"
#include "engine/text/name_map.h"
#include "engine/wasm/errors.h"

namespace wherry::component::wit {

namespace {

constexpr uint8_t kVersion = 1;

// How many bytes a character at the front has that may not stand in WIT: control characters, and what changes the direction of
// text (U+202A to U+202E, U+2066 to U+2069), which hides what a line says. Of valid UTF-8.
size_t forbidden_bytes(std::string_view text) {
  const auto byte = [text](size_t at) { return at < text.size() ? static_cast<uint8_t>(text[at]) : 0; };
  if (byte(0) == 0x7f || (byte(0) < 0x20 && text[0] != '\t' && text[0] != '\n')) return 1;
  if (byte(0) != 0xe2) return 0;
  const bool is_embedding = byte(1) == 0x80 && byte(2) >= 0xaa && byte(2) <= 0xae;
  const bool is_isolate = byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9;
  return is_embedding || is_isolate ? 3 : 0;
}

base::Failure not_docs(const char* why) {
  return base::fail(wasm::ErrorCode::InvalidDefinedType, base::Error::kNoOffset,
                    std::string("the section 'package-docs' is of no use: ") + why);
}

// ---- reading

class DocsReader {
 public:
  DocsReader(std::string_view json, Model& model) : json_(json), model_(model) {}

  base::Result<void> run() {
    package();
    if (json_.is_out_of_memory() || !model_.ok) return base::fail(wasm::ErrorCode::OutOfMemory);
    if (!json_.ok() || !json_.is_at_end()) {
      return not_docs("no JSON");
    }
    return {};
  }

 private:
  using Names = text::NameMap;

  void note(Names* names, std::string_view name, uint32_t value) {
    model_.ok = names->insert(name, value) != Names::Insertion::OutOfMemory && model_.ok;
  }

  // Calls `item(number)` for each member whose name is known.
  template <class Item>
  void named(const Names& names, Item item) {
    json_.object([&](std::string_view key) {
      const uint32_t* const found = names.find(key);
      found != nullptr ? item(*found) : json_.skip();
    });
  }

  void package() {
    Package& package = model_.packages[model_.main.value];
    json_.object([&](std::string_view key) {
      Names names;
      if (key == "docs") return docs(&package.docs);
      if (key == "worlds") {
        for (const WorldId id : package.worlds) note(&names, model_[id].name, id.value);
        return named(names, [this](uint32_t id) { world(model_.worlds[id]); });
      }
      if (key != "interfaces") return json_.skip();
      for (const InterfaceId id : package.interfaces) note(&names, model_[id].name, id.value);
      named(names, [this](uint32_t id) { interface(model_.interfaces[id], nullptr); });
    });
  }

  void interface(Interface& interface, Notes* also) {
    json_.object([&](std::string_view key) {
      Names names;
      if (key == "docs" || key == "stability") {
        key == "docs" ? docs(&interface.notes.docs) : stability(&interface.notes.gate);
        if (also != nullptr) *also = interface.notes;
      } else if (key == "types") {
        types(interface.types.span());
      } else if (key == "funcs") {
        for (const FuncId id : interface.functions) note(&names, full_name(model_, model_[id]), id.value);
        named(names, [this](uint32_t id) { function(&model_.functions[id].notes); });
      } else {
        json_.skip();
      }
    });
  }

  void world(World& world) {
    json_.object([&](std::string_view key) {
      if (key == "docs") return docs(&world.notes.docs);
      if (key == "stability") return stability(&world.notes.gate);
      if (key == "types") return world_types(world);
      if (key == "interfaces" || key == "funcs")
        return items(world.imports.span(), world.exports.span(), key);
      if (key == "interface_exports") return items({}, world.exports.span(), "interfaces");
      if (key == "func_exports") return items({}, world.exports.span(), "funcs");
      if (key == "interface_import_stability") return items(world.imports.span(), {}, "stability");
      if (key == "interface_export_stability") return items(world.exports.span(), {}, "stability");
      if (key == "interface_import_docs") return items(world.imports.span(), {}, "docs");
      if (key == "interface_export_docs") return items(world.exports.span(), {}, "docs");
      json_.skip();
    });
  }

  void world_types(const World& world) {
    base::Vector<TypeId> owned;
    for (const WorldItem& item : world.imports) {
      if (item.kind == WorldItem::Type) model_.push(owned, TypeId(item.index));
    }
    types(owned.span());
  }

  // Items of a world by name, of `first` before those of `second`: what they are, or just what is said of them.
  void items(std::span<WorldItem> first, std::span<WorldItem> second, std::string_view what) {
    Names names;
    const bool are_functions = what == "funcs";
    const auto add = [&](std::span<WorldItem> items, uint32_t from) {
      for (uint32_t i = 0; i < items.size(); ++i) {
        const WorldItem& item = items[i];
        if (item.kind != (are_functions ? WorldItem::Func : WorldItem::Interface)) continue;
        const std::string_view name = are_functions       ? full_name(model_, model_.functions[item.index])
                                      : item.name.empty() ? full_name(model_, InterfaceId(item.index))
                                                          : item.name;
        note(&names, name, from + i);
      }
    };
    add(first, 0);
    add(second, static_cast<uint32_t>(first.size()));
    named(names, [&](uint32_t at) {
      WorldItem& item = at < first.size() ? first[at] : second[at - first.size()];
      if (what == "docs") return docs(&item.notes.docs);
      if (what == "stability") return stability(&item.notes.gate);
      if (!are_functions) return interface(model_.interfaces[item.index], &item.notes);
      function(&item.notes);
      model_.functions[item.index].notes = item.notes;
    });
  }

  void types(std::span<const TypeId> types) {
    Names names;
    for (const TypeId id : types) note(&names, model_[id].name, id.value);
    named(names, [this](uint32_t id) {
      TypeDef& type = model_.types[id];
      json_.object([&](std::string_view key) {
        if (key == "docs") return docs(&type.notes.docs);
        if (key == "stability") return stability(&type.notes.gate);
        key == "items" ? members(type) : json_.skip();
      });
    });
  }

  void members(const TypeDef& type) {
    Names names;
    for (uint32_t i = 0; i < type.members.count; ++i) {
      const uint32_t at = type.members.first + i;
      note(&names, model_.members[at].name, at);
    }
    named(names, [this](uint32_t at) { docs(&model_.members[at].docs); });
  }

  void function(Notes* notes) {
    if (json_.at('"')) return docs(&notes->docs);
    if (!json_.at('{')) return json_.skip();
    json_.object([&](std::string_view key) {
      if (key == "docs") return docs(&notes->docs);
      key == "stability" ? stability(&notes->gate) : json_.skip();
    });
  }

  // {"stable": {"since", "deprecated"}}, {"unstable": {"feature", "deprecated"}} or "unknown".
  void stability(Gate* gate) {
    if (!json_.at('{')) return json_.skip();
    json_.object([&](std::string_view) {
      if (!json_.at('{')) return json_.skip();
      json_.object([&](std::string_view key) {
        if (key == "since") return word(&gate->since);
        if (key == "feature") return word(&gate->feature);
        key == "deprecated" ? word(&gate->deprecated) : json_.skip();
      });
    });
  }

  // A version or the name of a feature; anything else stays away.
  void word(std::string_view* out) {
    if (!json_.at('"')) return json_.skip();
    const std::string_view text = json_.string();
    for (const char c : text) {
      const bool is_allowed = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              c == '.' || c == '-' || c == '+';
      if (!is_allowed) return;
    }
    if (!text.empty()) *out = model_.keep(text);
  }

  void docs(std::string_view* out) {
    if (!json_.at('"')) return json_.skip();
    const std::string_view text = json_.string();
    base::Vector<char> clean;
    for (size_t i = 0; i < text.size();) {
      const size_t skipped = forbidden_bytes(text.substr(i));
      if (skipped == 0) {
        model_.push(clean, text[i++]);
        continue;
      }
      for (const char c : std::string_view("\xef\xbf\xbd")) model_.push(clean, c);
      i += skipped;
    }
    *out = model_.keep({clean.data(), clean.size()});
  }

  JsonReader json_;
  Model& model_;
};

// ---- writing

// JSON without a space, members in the order in which wit-component has them.
class DocsWriter {
 public:
  DocsWriter(Model& model, EncodeBuffer& out) : model_(model), out_(out) {}

  void run() {
    const Package& package = model_[model_.main];
    open();
    docs("docs", package.docs);
    open("worlds");
    for (const WorldId id : package.worlds) world(model_[id]);
    close();
    open("interfaces");
    for (const InterfaceId id : package.interfaces) {
      interface(model_[id].name, model_[id], model_[id].notes);
    }
    close();
    close();
    if (pending_ == 0) return;
    put("{}");  // Nothing has anything to say.
  }

 private:
  // An object is written once something in it is: `pending_` of the open ones are not.
  static constexpr size_t kDepth = 10;
  struct Level {
    std::string_view key;
    bool is_first = true;
  };

  void open(std::string_view key = {}) {
    levels_[depth_++] = {key};
    ++pending_;
  }
  void close() {
    --depth_;
    if (pending_ > 0 && depth_ > 0) {
      --pending_;
    } else if (pending_ == 0) {
      put("}");
    }
  }
  // In front of a member of the innermost object.
  void key(std::string_view name) {
    for (size_t i = depth_ - pending_; i < depth_; ++i) {
      if (i > 0) begin_member(levels_[i - 1], levels_[i].key);
      put("{");
    }
    pending_ = 0;
    begin_member(levels_[depth_ - 1], name);
  }
  void begin_member(Level& level, std::string_view name) {
    if (!level.is_first) put(",");
    level.is_first = false;
    string(name);
    put(":");
  }
  void docs(std::string_view name, std::string_view text) {
    if (text.empty()) return;
    key(name);
    string(text);
  }
  void stability(std::string_view name, const Gate& gate) {
    const bool is_stable = gate.since.data() != nullptr;
    if (!is_stable && gate.feature.data() == nullptr) return;
    open(name);
    open(is_stable ? "stable" : "unstable");
    docs(is_stable ? "since" : "feature", is_stable ? gate.since : gate.feature);
    docs("deprecated", gate.deprecated);
    close();
    close();
  }
  void notes(const Notes& notes) {
    docs("docs", notes.docs);
    stability("stability", notes.gate);
  }
  void function(std::string_view name, const Notes& of) {
    open(name);
    notes(of);
    close();
  }
  void type(const TypeDef& type) {
    open(type.name);
    notes(type.notes);
    open("items");
    for (const Member& member : model_.run(type.members)) docs(member.name, member.docs);
    close();
    close();
  }
  void interface(std::string_view name, const Interface& interface, const Notes& own) {
    open(name);
    notes(own);
    open("funcs");
    for (const FuncId id : interface.functions) function(full_name(model_, model_[id]), model_[id].notes);
    close();
    open("types");
    for (const TypeId id : interface.types) type(model_[id]);
    close();
    close();
  }

  void world(const World& world) {
    open(world.name);
    notes(world.notes);
    inline_interfaces("interfaces", world.imports);
    open("types");
    for (const WorldItem& item : world.imports) {
      if (item.kind == WorldItem::Type) type(model_[TypeId(item.index)]);
    }
    close();
    functions("funcs", world.imports);
    inline_interfaces("interface_exports", world.exports);
    functions("func_exports", world.exports);
    open("interface_import_stability");
    for_others(world.imports, [this](std::string_view name, const Notes& of) { stability(name, of.gate); });
    close();
    open("interface_export_stability");
    for_others(world.exports, [this](std::string_view name, const Notes& of) { stability(name, of.gate); });
    close();
    open("interface_import_docs");
    for_others(world.imports, [this](std::string_view name, const Notes& of) { docs(name, of.docs); });
    close();
    open("interface_export_docs");
    for_others(world.exports, [this](std::string_view name, const Notes& of) { docs(name, of.docs); });
    close();
    close();
  }
  // Written in the world itself.
  bool is_inline(const WorldItem& item) const {
    return item.kind == WorldItem::Interface && model_[InterfaceId(item.index)].name.empty();
  }
  void inline_interfaces(std::string_view name, std::span<const WorldItem> items) {
    open(name);
    for (const WorldItem& item : items) {
      if (is_inline(item)) interface(item.name, model_[InterfaceId(item.index)], item.notes);
    }
    close();
  }
  void functions(std::string_view name, std::span<const WorldItem> items) {
    open(name);
    for (const WorldItem& item : items) {
      if (item.kind != WorldItem::Func) continue;
      const Function& of = model_[FuncId(item.index)];
      function(full_name(model_, of), of.kind == FuncKind::Free ? item.notes : of.notes);
    }
    close();
  }
  template <class Write>
  void for_others(std::span<const WorldItem> items, Write write) {
    for (const WorldItem& item : items) {
      if (item.kind != WorldItem::Interface || is_inline(item)) continue;
      write(item.name.empty() ? full_name(model_, InterfaceId(item.index)) : item.name, item.notes);
    }
  }

  void put(std::string_view text) { out_.append(base::as_bytes(text)); }
  void string(std::string_view text) {
    write_json_string(text, [this](std::string_view piece) { put(piece); });
  }

  Model& model_;
  EncodeBuffer& out_;
  Level levels_[kDepth];
  size_t depth_ = 0;
  size_t pending_ = 0;
};

}  // namespace

base::Result<void> read_package_docs(base::ByteSpan section, Model& model) {
  if (section.empty() || section[0] > kVersion) return {};
  if (!base::is_utf8(section)) return not_docs("no UTF-8");
  return DocsReader(base::as_text(section.subspan(1)), model).run();
}

void write_package_docs(Model& model, EncodeBuffer* out) {
  out->u8(kVersion);
  DocsWriter(model, *out).run();
}

}  // namespace wherry::component::wit
