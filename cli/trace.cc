// `wherry run -D trace=calls|instructions`: a line for each event, indented by the depth of the call.
//
//   -> average(84, 2)
//     -> divide(84, 2)
//     <- divide = 42
//   <- average = 42
//
// A function that ends without `<-` made a tail call, trapped or threw: the next line stands where the depth is then.
// What is collected is written before the host runs, so that the program's own output stands in its place.
#include "cli/watch.h"

namespace wherry::cli {

namespace {

class Trace final : public Watch {
 public:
  Trace(bool instructions, std::string_view path) : instructions_(instructions), path_(path) {}

  uint32_t observations() const override {
    const auto calls = static_cast<uint32_t>(Observation::Calls);
    return instructions_ ? calls | static_cast<uint32_t>(Observation::Instructions) : calls;
  }

  Result<void> begin() override { return path_.empty() ? Result<void>() : out_.open(path_); }

  void on_call(const CallEvent& event) override {
    indent(event.depth);
    out_.put("-> ");
    label(event.function);
    out_.put('(');
    values(event.function.type.params, event.slots);
    out_.put(event.function.host ? ") in the host\n" : ")\n");
    if (event.function.host) out_.flush();
  }

  void on_return(const CallEvent& event) override {
    indent(event.depth);
    out_.put("<- ");
    label(event.function);
    if (!event.slots.empty()) out_.put(" = ");
    values(event.function.type.results, event.slots);
    out_.put('\n');
    if (event.depth == 0) out_.flush();
  }

  void on_instruction(const InstructionEvent& event) override {
    indent(event.depth);
    out_.put("   ");
    hex(event.module_offset);
    out_.put(' ');
    label(event.function);
    out_.put(": ");
    out_.name(event.text);
    out_.put('\n');
  }

  Result<void> end(const Error* error) override {
    if (error != nullptr && error->trap() != nullptr) {
      out_.put("trap: ");
      out_.name(error->trap()->message);
      out_.put('\n');
    } else if (error != nullptr && error->kind() == ErrorKind::Exit) {
      out_.put("exit: " + std::to_string(*error->exit_code()) + "\n");
    }
    out_.flush();
    return {};
  }

 private:
  // Deeper calls are not indented further: lines stay readable.
  void indent(uint32_t depth) {
    constexpr uint32_t kMost = 40;
    for (uint32_t i = 0; i < depth && i < kMost; ++i) out_.put("  ");
  }

  void label(const ObservedFunction& function) {
    if (!function.name.empty()) return out_.name(function.name);
    out_.put("func[" + std::to_string(function.index) + "]");
  }

  void values(std::span<const ValType> types, std::span<const uint64_t> slots) {
    size_t at = 0;
    for (const ValType type : types) {
      if (at + type.slots() > slots.size()) return;
      if (at != 0) out_.put(", ");
      out_.put(slots_to_text(type, slots.data() + at));
      at += type.slots();
    }
  }

  void hex(uint64_t offset) {
    std::string text = "0x";
    for (int shift = 20; shift >= 0; shift -= 4) text += "0123456789abcdef"[offset >> shift & 15];
    out_.put(text);
  }

  bool instructions_;
  std::string_view path_;
  Report out_;
};

}  // namespace

std::unique_ptr<Watch> make_trace(bool instructions, std::string_view path) {
  return std::make_unique<Trace>(instructions, path);
}

}  // namespace wherry::cli
