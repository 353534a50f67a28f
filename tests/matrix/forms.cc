// The forms in which the matrix writes each instruction. What lowering makes of an instruction depends on where its operands
// are (a slot, an accumulator, a pinned local, a constant) and on what becomes of its result (a slot, a local, a branch that
// swallows the comparison), so that each of these has handlers of its own; see docs/architecture.md.
#include "tests/matrix/forms.h"

#include <algorithm>
#include <string>

#include "tests/fuzz/generate_module.h"

namespace wherry::matrix {

namespace {

using fuzz::Writer;

constexpr Instruction kAll[] = {
#define OP(name, code, text, immediate, signature, feature) \
  {text, code, #immediate, #signature,                      \
   std::string_view(#signature).substr(std::string_view(#signature).find('_') + 1)},
#include "engine/wasm/opcodes.inc"
#undef OP
};

bool is_of_numbers(const Instruction& row) {
  const bool plain = row.immediate == "None" || row.immediate == "Shuffle" || row.immediate == "Lane16" ||
                     row.immediate == "Lane8" || row.immediate == "Lane4" || row.immediate == "Lane2";
  return plain && row.operands != "Special" && row.operands[0] != 'x' && row.results[0] != 'x' &&
         row.operands.find('A') == std::string_view::npos && row.results[0] != 'A';
}

uint8_t type_of(char letter) {
  switch (letter) {
    case 'I': return 0x7f;
    case 'L': return 0x7e;
    case 'F': return 0x7d;
    case 'D': return 0x7c;
    default: return 0x7b;
  }
}

struct MemoryCodes {
  uint32_t load;
  uint32_t store;
};
MemoryCodes memory_of(char letter) {
  switch (letter) {
    case 'I': return {0x28, 0x36};
    case 'L': return {0x29, 0x37};
    case 'F': return {0x2a, 0x38};
    case 'D': return {0x2b, 0x39};
    default: return {0xfd000, 0xfd00b};
  }
}

constexpr std::string_view kLetters = "ILFDV";

// Locals behind the parameters: zeros, decoys that are used more than anything else if the others are to be cold, and the
// result.
enum Extra : uint32_t { kZeroI, kZeroL, kDecoyI, kDecoyJ, kDecoyD, kResult };

class FormWriter {
 public:
  FormWriter(const Instruction& row, std::span<const uint8_t> immediate, const Form& form)
      : row_(row), immediate_(immediate), form_(form) {}

  Writer run() {
    declare();
    prepare();
    if (form_.heat == Heat::Cold) use_decoys();
    // A local counts as used eight times as often for each loop around it.
    const bool loops = form_.heat == Heat::Hot;
    for (int i = 0; loops && i < 2; ++i) {
      out_.op(0x03);
      out_.signed_leb(1);
    }
    if (form_.sink == Sink::BranchIf) out_.raw("\x02\x7f\x41\x01", 4);
    if (form_.sink == Sink::Select) out_.raw("\x41\x01\x41\x00", 4);
    for (uint32_t i = 0; i < row_.operands.size(); ++i) operand(i);
    out_.op(row_.code);
    out_.raw(immediate_.data(), immediate_.size());
    sink();
    for (int i = 0; loops && i < 2; ++i) out_.op(0x0b);
    out_.op(0x0b);
    return std::move(out_);
  }

 private:
  uint32_t extra(Extra which) const { return static_cast<uint32_t>(row_.operands.size()) + which; }

  void local(uint32_t code, uint32_t index) {
    out_.op(code);
    out_.unsigned_leb(index);
  }

  void declare() {
    const char result = row_.results[0];
    out_.unsigned_leb(6);
    for (const char letter : {'I', 'L', 'I', 'I', 'D', result}) {
      out_.unsigned_leb(1);
      out_.byte(type_of(letter));
    }
  }

  void memory_access(uint32_t code, uint32_t slot) {
    out_.op(code);
    out_.byte(0);
    out_.unsigned_leb(64 + 16 * slot);
  }

  void address() { out_.raw("\x41\x08", 2); }

  // Operands that come from elsewhere are put there first.
  void prepare() {
    for (uint32_t i = 0; i < row_.operands.size(); ++i) {
      if (form_.sources[i] == Source::Memory) {
        address();
        local(0x20, i);
        memory_access(memory_of(row_.operands[i]).store, i);
      } else if (form_.sources[i] == Source::Global) {
        local(0x20, i);
        out_.op(0x24);
        out_.unsigned_leb(kLetters.find(row_.operands[i]) * 4 + i);
      }
    }
  }

  void use_decoys() {
    for (int i = 0; i < 3; ++i) out_.raw("\x03\x40", 2);
    for (int i = 0; i < 2; ++i) {
      for (const Extra which : {kDecoyI, kDecoyJ, kDecoyD}) {
        local(0x20, extra(which));
        local(0x21, extra(which));
      }
    }
    for (int i = 0; i < 3; ++i) out_.op(0x0b);
  }

  void constant(char letter, V128 bits) {
    switch (letter) {
      case 'I': out_.op(0x41); return out_.signed_leb(static_cast<int32_t>(bits.low));
      case 'L': out_.op(0x42); return out_.signed_leb(static_cast<int64_t>(bits.low));
      case 'F': out_.op(0x43); return out_.raw(&bits.low, 4);
      case 'D': out_.op(0x44); return out_.raw(&bits.low, 8);
      default: out_.op(0xfd00c); return out_.raw(&bits, 16);
    }
  }

  // Something that leaves the bits as they are.
  void compute(char letter) {
    switch (letter) {
      case 'I': local(0x20, extra(kZeroI)); return out_.op(0x73);
      case 'L': local(0x20, extra(kZeroL)); return out_.op(0x85);
      case 'F': return out_.raw("\x8c\x8c", 2);
      case 'D': return out_.raw("\x9a\x9a", 2);
      default: out_.op(0xfd04d); return out_.op(0xfd04d);
    }
  }

  // What is on the stack, or'ed with parameter 0, which is the same: in its slot, in its register and in the accumulator. Floats stay.
  void twice(char letter) {
    if (letter == 'F' || letter == 'D') return;
    local(0x20, 0);
    out_.op(letter == 'I' ? 0x72 : letter == 'L' ? 0x84 : 0xfd050);
  }

  void operand(uint32_t i) {
    const char letter = row_.operands[i];
    const uint32_t index = form_.same ? 0 : i;
    switch (form_.sources[i]) {
      case Source::Local: return local(0x20, index);
      case Source::Computed: local(0x20, index); return compute(letter);
      case Source::Memory: address(); return memory_access(memory_of(letter).load, index);
      case Source::Call:
        local(0x20, index);
        out_.op(0x10);
        return out_.unsigned_leb(kLetters.find(letter));
      case Source::Global: out_.op(0x23); return out_.unsigned_leb(kLetters.find(letter) * 4 + index);
      case Source::Constant: return constant(letter, form_.constants[i]);
    }
  }

  void sink() {
    switch (form_.sink) {
      case Sink::Return: return;
      case Sink::Local: local(0x21, extra(kResult)); return local(0x20, extra(kResult));
      case Sink::Tee:
        local(0x22, extra(kResult));
        out_.op(0x1a);
        return local(0x20, extra(kResult));
      case Sink::Own:
        local(0x21, 0);
        local(0x20, 0);
        return twice(row_.results[0]);
      case Sink::Memory:
        local(0x21, extra(kResult));
        address();
        local(0x20, extra(kResult));
        memory_access(memory_of(row_.results[0]).store, 4);
        address();
        return memory_access(memory_of(row_.results[0]).load, 4);
      // The others say whether an i32 is 0.
      case Sink::If: return out_.raw("\x04\x7f\x41\x01\x05\x41\x00\x0b", 8);
      case Sink::BranchIf: return out_.raw("\x0d\x00\x1a\x41\x00\x0b", 6);
      case Sink::Select: return out_.op(0x1b);
      case Sink::Eqz: return out_.raw("\x45\x45", 2);
    }
  }

  const Instruction& row_;
  const std::span<const uint8_t> immediate_;
  const Form& form_;
  Writer out_;
};

void types(Writer& out, const Instruction& row) {
  const auto list = [&](std::string_view letters) {
    out.unsigned_leb(letters.size());
    for (const char letter : letters) out.byte(type_of(letter));
  };
  out.unsigned_leb(2 + kLetters.size());
  out.byte(0x60);
  list(row.operands);
  list(row.results);
  out.byte(0x60);
  list("");
  list(row.results);
  for (const char& letter : kLetters) {
    out.byte(0x60);
    list({&letter, 1});
    list({&letter, 1});
  }
}

void globals(Writer& out) {
  out.unsigned_leb(4 * kLetters.size());
  for (const char letter : kLetters) {
    for (int i = 0; i < 4; ++i) {
      out.byte(type_of(letter));
      out.byte(1);
      switch (letter) {
        case 'I': out.raw("\x41\0", 2); break;
        case 'L': out.raw("\x42\0", 2); break;
        case 'F': out.raw("\x43\0\0\0\0", 5); break;
        case 'D': out.raw("\x44\0\0\0\0\0\0\0\0", 9); break;
        default: out.raw("\xfd\x0c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18); break;
      }
      out.byte(0x0b);
    }
  }
}

constexpr std::string_view kSourceNames[] = {"local", "computed", "memory", "call", "global", "constant"};
constexpr std::string_view kSinkNames[] = {"return", "local", "tee",    "own", "memory",
                                           "if",     "br_if", "select", "eqz"};
constexpr std::string_view kHeatNames[] = {"", " hot", " cold"};

}  // namespace

std::span<const Instruction> instructions() {
  static const std::vector<Instruction> kNumeric = [] {
    std::vector<Instruction> rows;
    for (Instruction row : kAll) {
      row.operands = row.operands.substr(0, row.operands.find('_'));
      if (is_of_numbers(row)) rows.push_back(row);
    }
    return rows;
  }();
  return kNumeric;
}

std::string describe(const Form& form) {
  std::string text;
  for (const Source source : form.sources)
    text += std::string(kSourceNames[static_cast<size_t>(source)]) + ", ";
  text += "to " + std::string(kSinkNames[static_cast<size_t>(form.sink)]);
  text += kHeatNames[static_cast<size_t>(form.heat)];
  return text + (form.same ? ", the same operand" : "");
}

std::vector<Form> general_forms(const Instruction& row) {
  const size_t count = row.operands.size();
  std::vector<Form> forms;
  for (const Heat heat : {Heat::Even, Heat::Hot, Heat::Cold}) {
    uint32_t combinations = 1;
    for (size_t i = 0; i < count && i < 2; ++i) combinations *= kSources;
    for (uint32_t n = 0; n < combinations; ++n) {
      Form form{.sources = {}, .heat = heat, .constants = {}};
      // Third and fourth operands follow the first two.
      for (size_t i = 0; i < count; ++i) {
        form.sources.push_back(static_cast<Source>(i % 2 == 0 ? n % kSources : n / kSources));
      }
      forms.push_back(form);
    }
    for (const Source source : {Source::Local, Source::Computed}) {
      Form form{.sources = std::vector<Source>(count, source), .heat = heat, .constants = {}};
      if (count > 1 && std::all_of(row.operands.begin(), row.operands.end(),
                                   [&](char letter) { return letter == row.operands[0]; })) {
        form.same = true;
        forms.push_back(form);
        form.same = false;
      }
      if (row.results.size() != 1) continue;
      for (const Sink sink : {Sink::Local, Sink::Tee, Sink::Own, Sink::Memory, Sink::If, Sink::BranchIf,
                              Sink::Select, Sink::Eqz}) {
        if (sink == Sink::Own && (count == 0 || row.operands[0] != row.results[0])) continue;
        if (sink >= Sink::If && row.results != "I") continue;
        form.sink = sink;
        forms.push_back(form);
      }
    }
  }
  return forms;
}

std::vector<Form> constant_forms(const Instruction& row, std::span<const V128> operands) {
  const size_t count = row.operands.size();
  std::vector<Form> forms;
  // Each set of operands but the empty one.
  for (uint32_t set = 1; set < 1u << count; ++set) {
    for (const Source other : {Source::Local, Source::Computed}) {
      Form form{.sources = std::vector<Source>(count, other),
                .constants = {operands.begin(), operands.end()}};
      form.is_for_one_row = true;
      form.heat = other == Source::Local ? Heat::Hot : Heat::Even;
      for (size_t i = 0; i < count; ++i) {
        if ((set >> i & 1) != 0) form.sources[i] = Source::Constant;
      }
      forms.push_back(form);
      if (row.results != "I") continue;
      form.sink = Sink::If;
      forms.push_back(form);
    }
  }
  return forms;
}

std::vector<uint8_t> module_of(const Instruction& row, std::span<const uint8_t> immediate,
                               std::span<const Form> forms) {
  Writer out;
  Writer section;
  const auto end = [&](uint32_t id) {
    out.byte(id);
    out.unsigned_leb(section.size());
    out.append(section);
    section = Writer();
  };
  out.raw("\0asm\1\0\0\0", 8);
  types(section, row);
  end(1);
  section.unsigned_leb(kLetters.size() + forms.size());
  for (size_t i = 0; i < kLetters.size(); ++i) section.unsigned_leb(2 + i);
  for (size_t i = 0; i < forms.size(); ++i) section.byte(0);
  end(3);
  section.raw("\1\0\1", 3);
  end(5);
  globals(section);
  end(6);
  section.unsigned_leb(forms.size());
  for (size_t i = 0; i < forms.size(); ++i) {
    section.name(std::to_string(i));
    section.byte(0);
    section.unsigned_leb(kLetters.size() + i);
  }
  end(7);
  section.unsigned_leb(kLetters.size() + forms.size());
  for (size_t i = 0; i < kLetters.size(); ++i) section.raw("\4\0\x20\0\x0b", 5);
  for (const Form& form : forms) {
    const Writer body = FormWriter(row, immediate, form).run();
    section.unsigned_leb(body.size());
    section.append(body);
  }
  end(10);
  return out.take();
}

}  // namespace wherry::matrix
