// What is in a compiled file, as `wherry objdump` shows it: offsets in the module are those of `wherry objdump` of the module, so that
// both listings can be laid side by side.
#include "engine/inspect/compiled.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <string>

#include "engine/artifact/component_view.h"
#include "engine/artifact/hash.h"
#include "engine/artifact/processor.h"
#include "engine/artifact/view.h"
#include "engine/decode/decode.h"
#include "engine/decode/name_section.h"
#include "engine/wasm/errors.h"

namespace wherry::inspect {

namespace {

using artifact::ComponentView;
using artifact::View;

class Listing {
 public:
  Listing(const View& view, text::TextSink& sink) : view_(view), sink_(sink) {}

  base::Result<void> write(std::string_view title, bool with_rows) {
    const artifact::Header& header = view_.header();
    put("%.*s: compiled module, %llu bytes\n\n", static_cast<int>(title.size()), title.data(),
        wide(header.file_bytes));
    put("options: %.*s\n", static_cast<int>(view_.options().size()), view_.options().data());
    put("exceptions: %s\n", view_.is_flagged() ? "thrown or caught" : "none");
    put("this machine: %s\n", fits().c_str());
    put("module: BLAKE2b-256 ");
    for (const uint8_t byte : header.module_digest) put("%02x", byte);
    put("\n\nSections (%u):\n", header.section_count);
    for (uint32_t i = 0; i < header.section_count; ++i) section(header.sections[i]);
    WHERRY_TRY(functions(with_rows));
    flush();
    return {};
  }

 private:
  // A name is what somebody wrote: no control characters reach a terminal.
  static std::string printable(std::string_view name) {
    std::string text(name.substr(0, 200));
    for (char& letter : text) {
      if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) letter = '?';
    }
    return text;
  }

  static unsigned long long wide(uint64_t number) { return number; }

  std::string fits() const {
    const auto result = view_.fits();
    return result ? "can run it" : wasm::describe(result.error());
  }

  void section(const artifact::Section& section) {
    static constexpr const char* kNames[] = {"",       "text",        "metadata", "module", "address map",
                                             "tables", "memory image"};
    put("  %-12s 0x%08llx  %llu bytes\n", kNames[static_cast<uint32_t>(section.kind)], wide(section.offset),
        wide(section.size_bytes));
  }

  base::Result<void> functions(bool with_rows) {
    // Whatever was compiled was valid with the features of then.
    const wasm::Module module = WHERRY_TRY(decode::decode(view_.wasm(), {wasm::Features::all()}));
    const decode::NameSection names(module);
    decode::NameMap map = names.names(decode::NameKind::Func);
    decode::NameMap::Entry name;
    bool has_name = map.next(&name);
    size_t entries = 0;
    for (const uint32_t offset : view_.functions()) entries += offset != artifact::kNoCode;
    put("\nFunctions (%zu, %zu with an entry):\n", view_.functions().size(), entries);
    for (uint32_t i = 0; i < view_.functions().size() && i < module.bodies.size(); ++i) {
      const uint32_t func = module.imported_funcs + i;
      while (has_name && name.index < func) has_name = map.next(&name);
      function(module, i, has_name && name.index == func ? name.name : std::string_view(), with_rows);
    }
    return {};
  }

  void function(const wasm::Module& module, uint32_t defined, std::string_view name, bool with_rows) {
    put("  func[%u]", module.imported_funcs + defined);
    if (!name.empty()) put(" <%s>", printable(name).c_str());
    put(": module 0x%x", module.bodies[defined].offset);
    const uint32_t begin = view_.functions()[defined];
    if (begin == artifact::kNoCode) {
      put(", interpreted, or called inside the text only\n");
      return;
    }
    const uint32_t size_bytes = size_of(begin);
    put(", text 0x%x, %u bytes\n", begin, size_bytes);
    if (!with_rows) return;
    view_.each_row(begin, begin + size_bytes, this, [](void* self, uint32_t text, uint32_t wasm) {
      static_cast<Listing*>(self)->put(wasm == 0 ? "    0x%08x\n" : "    0x%08x  module 0x%x\n", text, wasm);
    });
  }

  uint32_t size_of(uint32_t begin) const {
    const std::span<const artifact::FunctionRange> ranges = view_.ranges();
    const auto range =
        std::lower_bound(ranges.begin(), ranges.end(), begin,
                         [](const artifact::FunctionRange& range, uint32_t at) { return range.begin < at; });
    return range != ranges.end() && range->begin == begin ? range->size_bytes : 0;
  }

  [[gnu::format(printf, 2, 3)]] void put(const char* format, ...) {
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    const int length = std::vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    text_.append(line, std::min<size_t>(static_cast<size_t>(std::max(length, 0)), sizeof(line) - 1));
    if (text_.size() > (1 << 16)) flush();
  }

  void flush() {
    sink_.write(text_);
    text_.clear();
  }

  const View& view_;
  text::TextSink& sink_;
  std::string text_;
};

}  // namespace

bool is_compiled(base::ByteSpan bytes) { return View::is_artifact(bytes); }

bool is_compiled_component(base::ByteSpan bytes) { return ComponentView::is_component(bytes); }

std::string compiled_identity() {
  char text[64];
  std::snprintf(text, sizeof(text), "format %u abi %016llx", artifact::kFormatVersion,
                static_cast<unsigned long long>(artifact::abi_hash()));
  return text;
}

base::Result<void> verify_compiled(base::ByteSpan file) {
  if (is_compiled_component(file)) {
    const ComponentView view = WHERRY_TRY(ComponentView::read(file));
    return view.verify();
  }
  const View view = WHERRY_TRY(View::read(file));
  return view.verify();
}

namespace {

base::Result<void> list_component(std::string_view title, base::ByteSpan file, bool with_rows,
                                  text::TextSink& sink) {
  const ComponentView view = WHERRY_TRY(ComponentView::read(file));
  const std::string name(title);
  char line[512];
  const auto put = [&](int length) {
    sink.write({line, std::min<size_t>(static_cast<size_t>(std::max(length, 0)), sizeof(line) - 1)});
  };
  put(std::snprintf(line, sizeof(line), "%.256s: compiled component, %zu bytes, %u modules\n\ncomponent: ",
                    name.c_str(), file.size(), view.module_count()));
  put(std::snprintf(line, sizeof(line), "%zu bytes, BLAKE2b-256 ", view.component().size()));
  for (const uint8_t byte : view.header().module_digest) put(std::snprintf(line, sizeof(line), "%02x", byte));
  put(std::snprintf(line, sizeof(line), "\n\nModules:\n"));
  // Adapters, which stand behind the modules, begin with their kind.
  const auto name_of = [&](uint32_t part) {
    const uint32_t modules = view.module_count();
    return part < modules ? "module[" + std::to_string(part) + "]"
                          : "adapter[" + std::to_string(part - modules) + "]";
  };
  for (uint32_t i = 0; i < view.parts().size(); ++i) {
    const artifact::PartRow& part = view.parts()[i];
    put(std::snprintf(line, sizeof(line), "  %s: component 0x%x, %u bytes; compiled 0x%llx, %llu bytes\n",
                      name_of(i).c_str(), part.module_offset, part.module_bytes,
                      static_cast<unsigned long long>(view.file_offset(i)),
                      static_cast<unsigned long long>(part.file_bytes)));
  }
  for (uint32_t i = 0; i < view.parts().size(); ++i) {
    const std::string module = name_of(i);
    sink.write("\n");
    if (const uint32_t first = view.first_of(i); first != i) {
      put(std::snprintf(line, sizeof(line), "%s: equal to module[%u]\n", module.c_str(), first));
      continue;
    }
    const View one = WHERRY_TRY(view.part(i));
    WHERRY_TRY(Listing(one, sink).write(module, with_rows));
  }
  return {};
}

}  // namespace

base::Result<void> list_compiled(std::string_view title, base::ByteSpan file, const ObjdumpChoice& choice,
                                 text::TextSink& sink) {
  if (is_compiled_component(file)) return list_component(title, file, choice.funcs, sink);
  const View view = WHERRY_TRY(View::read(file));
  return Listing(view, sink).write(title, choice.funcs);
}

}  // namespace wherry::inspect
