// A linker for exactly what this compiler makes: objects whose references to each other are all relative to the program counter. The
// result is one piece of read-only, executable bytes, with nothing left to be done when it is mapped.
//
// A real linker (lld as a library) would do it too, at the price of its own 50 MB, of global state, and of an ELF file around the
// text. What is absolute is refused rather than relocated at load: it would cost a private copy of every page it
// touches. Sections that can be written are refused, unwind tables dropped (frames are walked by frame pointers).
#include "compiler/link.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <string>
#include <tuple>

#include <llvm/ADT/StringMap.h>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/Object/ELF.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/MemoryBufferRef.h>

#include "compiler/relocate.h"
#include "engine/wasm/errors.h"

namespace wherry::compiler {

namespace {

using llvm::StringRef;
using Elf = llvm::object::ELF64LE;
using Object = llvm::object::ELFFile<Elf>;

constexpr uint64_t kNowhere = ~uint64_t{0};
constexpr uint64_t kMaxText = UINT32_MAX - 1;  // kNoCode is none of its offsets.

base::Failure fault(std::string detail) {
  return base::fail(wasm::ErrorCode::CompilerFault, base::Error::kNoOffset, "link: " + std::move(detail));
}

// The value of an llvm::Expected, or a fault with its message.
#define TRY_LLVM(...)                                                    \
  ({                                                                     \
    auto expected_ = (__VA_ARGS__);                                      \
    if (!expected_) return fault(llvm::toString(expected_.takeError())); \
    std::move(*expected_);                                               \
  })

// The number in a name like f12 or enter3; what follows a full stop belongs to a part that LLVM split off.
bool read_name(StringRef name, StringRef prefix, uint32_t* index, bool* is_whole) {
  if (!name.consume_front(prefix)) return false;
  const auto [end, error] = std::from_chars(name.begin(), name.end(), *index);
  *is_whole = end == name.end();
  return error == std::errc() && end != name.begin() && (*is_whole || *end == '.');
}

struct Row : artifact::PcRow {
  bool is_end;
  size_t order;
};

struct Input {
  StringRef bytes;
  Object file;
  Object::Elf_Shdr_Range sections;
  Object::Elf_Sym_Range symbols;
  StringRef names;              // Of symbols.
  std::vector<uint64_t> bases;  // Of its sections in the text, by index; kNowhere: left out.

  llvm::Expected<StringRef> name_of(const Object::Elf_Sym& symbol) const { return symbol.getName(names); }
};

class Linker {
 public:
  explicit Linker(artifact::Arch arch) : arch_(arch) {}

  base::Result<LinkedText> link(std::span<const std::vector<char>> objects) {
    for (const std::vector<char>& object : objects) WHERRY_TRY(open({object.data(), object.size()}));
    for (Input& input : inputs_) WHERRY_TRY(lay_out(input));
    for (const Input& input : inputs_) WHERRY_TRY(define(input));
    for (const Input& input : inputs_) WHERRY_TRY(relocate(input));
    for (const Input& input : inputs_) read_lines(input);
    sort();
    return std::move(out_);
  }

 private:
  base::Result<void> open(StringRef bytes) {
    const Object file = TRY_LLVM(Object::create(bytes));
    const bool is_x86 = file.getHeader().e_machine == llvm::ELF::EM_X86_64;
    if (is_x86 != (arch_ == artifact::Arch::X86_64)) return fault("object of another architecture");
    Input input{bytes, file, TRY_LLVM(file.sections()), {}, {}, {}};
    for (const auto& section : input.sections) {
      if (section.sh_type != llvm::ELF::SHT_SYMTAB) continue;
      input.symbols = TRY_LLVM(file.symbols(&section));
      input.names = TRY_LLVM(file.getStringTableForSymtab(section, input.sections));
    }
    inputs_.push_back(std::move(input));
    return {};
  }

  // Copies the sections that are part of the text.
  base::Result<void> lay_out(Input& input) {
    for (const auto& section : input.sections) {
      uint64_t& base = input.bases.emplace_back(kNowhere);
      const StringRef name = TRY_LLVM(input.file.getSectionName(section));
      if ((section.sh_flags & llvm::ELF::SHF_ALLOC) == 0 || name.starts_with(".eh_frame")) continue;
      if (section.sh_size == 0) {
        base = out_.text.size();
        continue;
      }
      if ((section.sh_flags & (llvm::ELF::SHF_WRITE | llvm::ELF::SHF_TLS)) != 0 ||
          section.sh_type == llvm::ELF::SHT_NOBITS) {
        return fault("data that can be written: " + name.str());
      }
      const uint64_t mask = std::max<uint64_t>(section.sh_addralign, 1) - 1;
      base = (out_.text.size() + mask) & ~mask;
      const llvm::ArrayRef<uint8_t> bytes = TRY_LLVM(input.file.getSectionContents(section));
      if (base + bytes.size() > kMaxText) return fault("more than 4 GiB of code");
      // What is between sections traps.
      out_.text.resize(base, arch_ == artifact::Arch::X86_64 ? 0xcc : 0);
      out_.text.insert(out_.text.end(), bytes.begin(), bytes.end());
    }
    return {};
  }

  // Where the symbol of an object is; kNowhere if not in the text.
  static uint64_t place_of(const Input& input, const Object::Elf_Sym& symbol) {
    const uint64_t base = symbol.st_shndx < input.bases.size() ? input.bases[symbol.st_shndx] : kNowhere;
    return base == kNowhere ? kNowhere : base + symbol.st_value;
  }

  base::Result<void> define(const Input& input) {
    for (const auto& symbol : input.symbols) {
      const uint64_t place = place_of(input, symbol);
      if (place == kNowhere) continue;
      const StringRef name = TRY_LLVM(input.name_of(symbol));
      const bool is_global = symbol.getBinding() == llvm::ELF::STB_GLOBAL;
      if (is_global && !globals_.try_emplace(name, place).second) return fault("twice: " + name.str());
      if (symbol.getType() != llvm::ELF::STT_FUNC) continue;
      const auto text_offset = static_cast<uint32_t>(place);
      uint32_t index;
      bool is_whole;
      if (read_name(name, "f", &index, &is_whole)) {
        if (is_global && is_whole) out_.functions.push_back({index, text_offset});
        out_.ranges.push_back({text_offset, static_cast<uint32_t>(symbol.st_size), index});
      } else if (is_global && read_name(name, "enter", &index, &is_whole) && is_whole) {
        out_.enter_thunks.push_back({index, text_offset});
      }
    }
    return {};
  }

  base::Result<uint64_t> target_of(const Input& input, const Object::Elf_Sym& symbol) const {
    const uint64_t place = place_of(input, symbol);
    if (place != kNowhere) return place;
    const StringRef name = TRY_LLVM(input.name_of(symbol));
    const auto found = globals_.find(name);
    if (found == globals_.end()) return fault("nobody defines " + name.str());
    return found->second;
  }

  base::Result<void> relocate(const Input& input) {
    for (const auto& section : input.sections) {
      if (section.sh_type != llvm::ELF::SHT_RELA && section.sh_type != llvm::ELF::SHT_REL) continue;
      const uint64_t base = section.sh_info < input.bases.size() ? input.bases[section.sh_info] : kNowhere;
      if (base == kNowhere) continue;
      for (const auto& relocation : TRY_LLVM(input.file.relas(section))) {
        const uint32_t index = relocation.getSymbol(false);
        if (index == 0 || index >= input.symbols.size()) return fault("relocation without a symbol");
        const auto& symbol = input.symbols[index];
        const uint64_t target = WHERRY_TRY(target_of(input, symbol));
        const Fixup fixup{relocation.getType(false), base + relocation.r_offset,
                          target + static_cast<uint64_t>(relocation.r_addend)};
        const FixupFault failed = apply(arch_, fixup, out_.text);
        if (failed == FixupFault::None) continue;
        return fault(input.file.getRelocationTypeName(fixup.type).str() + " of " +
                     TRY_LLVM(input.name_of(symbol)).str() + ": " + describe(failed));
      }
    }
    return {};
  }

  // Lines are offsets in the module; an error in them costs the offsets only, and there is none to expect.
  void read_lines(const Input& input) {
    auto object = llvm::object::ObjectFile::createELFObjectFile(llvm::MemoryBufferRef(input.bytes, "unit"));
    if (!object) {
      llvm::consumeError(object.takeError());
      return;
    }
    const std::unique_ptr<llvm::DWARFContext> dwarf = llvm::DWARFContext::create(**object);
    for (const auto& unit : dwarf->compile_units()) {
      const llvm::DWARFDebugLine::LineTable* const table = dwarf->getLineTableForUnit(unit.get());
      if (table == nullptr) continue;
      for (const llvm::DWARFDebugLine::Row& row : table->Rows) {
        const uint64_t section = row.Address.SectionIndex;
        if (section >= input.bases.size() || input.bases[section] == kNowhere) continue;
        const auto at = static_cast<uint32_t>(input.bases[section] + row.Address.Address);
        rows_.push_back({{at, row.EndSequence ? 0 : row.Line}, row.EndSequence != 0, rows_.size()});
      }
    }
  }

  void sort() {
    std::ranges::sort(out_.functions, {}, &LinkedText::Entry::index);
    std::ranges::sort(out_.enter_thunks, {}, &LinkedText::Entry::index);
    std::ranges::sort(out_.ranges, {}, &artifact::FunctionRange::begin);
    // Of rows at one address the last one counts, but the end of what was before counts least.
    std::ranges::sort(rows_, {},
                      [](const Row& row) { return std::tuple(row.text_offset, !row.is_end, row.order); });
    std::vector<artifact::PcRow>& rows = out_.rows;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (i + 1 < rows_.size() && rows_[i + 1].text_offset == rows_[i].text_offset) continue;
      if (rows.empty() || rows.back().wasm_offset != rows_[i].wasm_offset) rows.push_back(rows_[i]);
    }
  }

  artifact::Arch arch_;
  std::vector<Input> inputs_;
  llvm::StringMap<uint64_t> globals_;
  std::vector<Row> rows_;
  LinkedText out_;
};

}  // namespace

base::Result<LinkedText> link(std::span<const std::vector<char>> objects, artifact::Arch arch) {
  return Linker(arch).link(objects);
}

}  // namespace wherry::compiler
