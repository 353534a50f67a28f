// What gdb is told of compiled code, by its interface for code that is made at run time: an ELF object in memory with a symbol for each
// function and one description of frames for all, since all of our code keeps frame pointers. The two global names are the
// interface's: gdb puts a breakpoint on the function and reads the structure.
//
// The object is relocatable with an address in its section header, which is the form that gdb takes without relocating anything.
#include <algorithm>
#include <cstring>

#include "cli/native_bytes.h"
#include "cli/native_symbols.h"

extern "C" {

struct jit_code_entry {
  jit_code_entry* next_entry;
  jit_code_entry* prev_entry;
  const char* symfile_addr;
  uint64_t symfile_size;
};

struct jit_descriptor {
  uint32_t version;
  uint32_t action_flag;
  jit_code_entry* relevant_entry;
  jit_code_entry* first_entry;
};

// NOLINTBEGIN: the names, and that they can be changed, are what gdb expects.
[[gnu::visibility("default"), gnu::used]] jit_descriptor __jit_debug_descriptor = {1, 0, nullptr, nullptr};
[[gnu::visibility("default"), gnu::used, gnu::noinline]] void __jit_debug_register_code() {
  __asm__ volatile("" ::: "memory");
}
// NOLINTEND
}

namespace wherry::cli {

namespace {

enum Index : uint16_t { kNone, kText, kFrames, kSymbols, kStrings, kNames, kSections };

constexpr char kSectionNames[] = "\0.text\0.eh_frame\0.symtab\0.strtab\0.shstrtab";
constexpr uint32_t kNameAt[kSections] = {0, 1, 7, 17, 25, 33};

#if defined(__x86_64__)
constexpr uint8_t kFramePointer = 6, kReturnAddress = 16, kStackPointer = 7;
#else
constexpr uint8_t kFramePointer = 29, kReturnAddress = 30, kStackPointer = 31;
#endif

// A record of .eh_frame, with its length in front and filled up to 8 bytes by DW_CFA_nop.
void append_record(std::string* out, std::string record) {
  while ((record.size() + 4) % 8 != 0) record += '\0';
  append_bytes(out, static_cast<uint32_t>(record.size()));
  *out += record;
}

// The caller's frame begins 16 bytes above the frame pointer; the old one and the return address lie below that.
std::string frames_of(uint64_t begin, uint64_t size_bytes) {
  std::string common;
  append_bytes(&common, uint32_t{0});
  common += '\1';
  common += '\0';  // No augmentation: addresses are absolute.
  common += '\1';
  common += '\x78';  // Data is in units of -8.
  common += static_cast<char>(kReturnAddress);
  for (const uint8_t byte : {uint8_t{0x0c}, kFramePointer, uint8_t{16}}) common += static_cast<char>(byte);
  for (const uint8_t byte : {uint8_t(0x80 | kFramePointer), uint8_t{2}}) common += static_cast<char>(byte);
  for (const uint8_t byte : {uint8_t(0x80 | kReturnAddress), uint8_t{1}}) common += static_cast<char>(byte);
  // The caller's stack pointer is where its frame begins: DW_CFA_val_offset.
  for (const uint8_t byte : {uint8_t{0x14}, kStackPointer, uint8_t{0}}) common += static_cast<char>(byte);
  std::string out;
  append_record(&out, common);
  std::string all;
  append_bytes(&all, static_cast<uint32_t>(out.size() + 4));  // The way back to the common record.
  append_bytes(&all, begin);
  append_bytes(&all, size_bytes);
  append_record(&out, all);
  append_bytes(&out, uint32_t{0});
  return out;
}

Elf64_Shdr section(Index index, uint32_t type, uint64_t flags, uint64_t align) {
  Elf64_Shdr header{};
  header.sh_name = kNameAt[index];
  header.sh_type = type;
  header.sh_flags = flags;
  header.sh_addralign = align;
  return header;
}

void add_symbols(const std::vector<NativeFunction>& functions, uint64_t begin, std::string* symbols,
                 std::string* strings) {
  append_bytes(symbols, Elf64_Sym{});
  *strings += '\0';
  for (const NativeFunction& function : functions) {
    Elf64_Sym symbol{};
    symbol.st_name = static_cast<uint32_t>(strings->size());
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    symbol.st_shndx = kText;
    symbol.st_value = reinterpret_cast<uintptr_t>(function.code) - begin;
    symbol.st_size = function.size_bytes;
    append_bytes(symbols, symbol);
    *strings += symbol_of(function);
    *strings += '\0';
  }
}

}  // namespace

std::string gdb_object(const std::vector<NativeFunction>& functions) {
  uint64_t begin = ~uint64_t{0};
  uint64_t end = 0;
  for (const NativeFunction& function : functions) {
    const auto at = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(function.code));
    begin = std::min(begin, at);
    end = std::max(end, at + function.size_bytes);
  }
  Elf64_Shdr headers[kSections] = {{},
                                   section(kText, SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR, 16),
                                   section(kFrames, SHT_PROGBITS, SHF_ALLOC, 8),
                                   section(kSymbols, SHT_SYMTAB, 0, 8),
                                   section(kStrings, SHT_STRTAB, 0, 1),
                                   section(kNames, SHT_STRTAB, 0, 1)};
  std::string contents[kSections];
  contents[kFrames] = frames_of(begin, end - begin);
  add_symbols(functions, begin, &contents[kSymbols], &contents[kStrings]);
  contents[kNames].assign(kSectionNames, sizeof(kSectionNames));

  std::string out(sizeof(Elf64_Ehdr) + sizeof(headers), '\0');
  for (uint16_t i = kFrames; i < kSections; ++i) {
    out.resize((out.size() + 7) & ~size_t{7});
    headers[i].sh_offset = out.size();
    headers[i].sh_size = contents[i].size();
    out += contents[i];
  }
  headers[kText].sh_addr = begin;
  headers[kText].sh_size = end - begin;
  headers[kSymbols].sh_link = kStrings;
  headers[kSymbols].sh_info = 1;  // The first symbol that is not local.
  headers[kSymbols].sh_entsize = sizeof(Elf64_Sym);
  Elf64_Ehdr file{};
  std::memcpy(file.e_ident, ELFMAG, SELFMAG);
  file.e_ident[EI_CLASS] = ELFCLASS64;
  file.e_ident[EI_DATA] = ELFDATA2LSB;
  file.e_ident[EI_VERSION] = file.e_version = EV_CURRENT;
  file.e_type = ET_REL;
  file.e_machine = kElfMachine;
  file.e_shoff = sizeof(file);
  file.e_ehsize = sizeof(file);
  file.e_shentsize = sizeof(Elf64_Shdr);
  file.e_shnum = kSections;
  file.e_shstrndx = kNames;
  std::memcpy(out.data(), &file, sizeof(file));
  std::memcpy(out.data() + sizeof(file), headers, sizeof(headers));
  return out;
}

void tell_gdb(std::string&& object) {
  constexpr uint32_t kRegister = 1;
  auto* const kept = new std::string(std::move(object));  // For good: gdb may come at any time.
  auto* const entry =
      new jit_code_entry{__jit_debug_descriptor.first_entry, nullptr, kept->data(), kept->size()};
  if (entry->next_entry != nullptr) entry->next_entry->prev_entry = entry;
  __jit_debug_descriptor.first_entry = __jit_debug_descriptor.relevant_entry = entry;
  __jit_debug_descriptor.action_flag = kRegister;
  __jit_debug_register_code();
}

}  // namespace wherry::cli
