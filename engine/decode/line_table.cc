// The line table of DWARF (version 5, section 6.2; "DWARF for WebAssembly"): a program for a small machine whose registers
// are an address, a file, a line and a column; the rows that it puts out are the table. Addresses count from the beginning
// of the code section's contents.
//
// The design names a library for this. It was looked at and left: a guest's debug information is bytes of an attacker, and
// libdwarf of Debian 12 (2021-05-28) is older than the reports of an overflow in its check of strings (issue 116 of
// davea42/libdwarf-code), a double free (132) and a use after free (167), which came from such bytes. This reader knows the
// one section that lines need, has no pointers into itself, allocates nothing but the answers, and takes each byte of the
// programs once; a query that is answered is out of the way, so that each looks up one file name at most.
//
// What the libraries could add is the chain of inlined calls (.debug_info); here code that was inlined shows the place where
// it was written, under the name of the function that it is part of now.
#include "engine/decode/line_table.h"

#include <algorithm>
#include <vector>

#include "engine/base/byte_reader.h"

namespace wherry::decode {

namespace {

constexpr size_t kPathBytes = 1024;
constexpr uint8_t kCodeSection = 10;
constexpr uint64_t kLeftOut = 0xffff'fffe;

// Little-endian numbers and offsets of either width, on top of ByteReader.
class Reader : public base::ByteReader {
 public:
  using ByteReader::ByteReader;
  uint16_t fixed16() {
    const uint16_t low = u8();
    return static_cast<uint16_t>(low | u8() << 8);
  }
  uint64_t offset_of(bool is_64) { return is_64 ? fixed64() : fixed32(); }
  std::string_view text() {
    const auto* const begin = position();
    size_t size = 0;
    while (ok() && !at_end() && u8() != 0) ++size;
    return {reinterpret_cast<const char*>(begin), size};
  }
};

std::string_view text_at(base::ByteSpan bytes, uint64_t offset) {
  if (offset >= bytes.size()) return {};
  return Reader(bytes.subspan(offset, std::min<size_t>(bytes.size() - offset, kPathBytes))).text();
}

base::ByteSpan custom_section(const wasm::Module& module, std::string_view name) {
  for (const wasm::CustomSection& custom : module.customs) {
    if (custom.name == name) return custom.bytes;
  }
  return {};
}

// Where the contents of the code section begin in the file; 0 if there is none.
uint64_t code_begin(base::ByteSpan bytes) {
  constexpr size_t kHeader = 8;
  if (bytes.size() < kHeader) return 0;
  base::ByteReader reader(bytes.subspan(kHeader), kHeader);
  while (reader.ok() && !reader.at_end()) {
    const uint8_t id = reader.u8();
    const uint32_t size_bytes = reader.u32();
    if (id == kCodeSection && reader.ok()) return reader.offset();
    reader.take(size_bytes);
  }
  return 0;
}

// What the header of a unit says, as far as rows need it.
struct Unit {
  uint16_t version = 0;
  bool is_64 = false;
  uint8_t min_length = 1;
  int8_t line_base = 0;
  uint8_t line_range = 0;
  uint8_t opcode_base = 0;
  base::ByteSpan operand_counts;  // Of standard operations, from 1 on.
  base::ByteSpan tables;          // Of directories and files.
  base::ByteSpan program;
};

struct Row {
  uint64_t address = 0;
  uint64_t file = 1;
  uint64_t line = 1;
  uint64_t column = 0;
};

class LineTable {
 public:
  // Queries in ascending order of offsets.
  LineTable(const wasm::Module& module, std::vector<SourceQuery*> queries)
      : queries_(std::move(queries)),
        code_begin_(code_begin(module.bytes)),
        lines_(custom_section(module, ".debug_line")),
        line_strings_(custom_section(module, ".debug_line_str")),
        strings_(custom_section(module, ".debug_str")) {}

  void run() {
    if (code_begin_ == 0) return;
    Reader reader(lines_);
    while (reader.ok() && !reader.at_end() && !queries_.empty()) {
      Unit unit;
      uint64_t size_bytes = reader.fixed32();
      unit.is_64 = size_bytes == 0xffff'ffff;
      if (unit.is_64) size_bytes = reader.fixed64();
      if (read_header(reader.take(size_bytes), &unit)) run_program(unit);
    }
  }

 private:
  static bool read_header(base::ByteSpan bytes, Unit* unit) {
    Reader reader(bytes);
    unit->version = reader.fixed16();
    if (unit->version < 2 || unit->version > 5) return false;
    if (unit->version == 5) reader.take(2);  // Sizes of addresses and segment selectors.
    Reader header(reader.take(reader.offset_of(unit->is_64)));
    unit->program = reader.take(reader.remaining());
    unit->min_length = header.u8();
    if (unit->version >= 4) header.u8();  // Operations per instruction: for VLIW.
    header.u8();                          // Whether rows are statements at first: all rows count here.
    unit->line_base = static_cast<int8_t>(header.u8());
    unit->line_range = header.u8();
    unit->opcode_base = header.u8();
    unit->operand_counts = header.take(unit->opcode_base == 0 ? 0 : unit->opcode_base - 1u);
    unit->tables = header.take(header.remaining());
    return reader.ok() && header.ok() && unit->line_range != 0 && unit->opcode_base != 0;
  }

  // ---- the program

  void run_program(const Unit& unit) {
    Reader reader(unit.program);
    unit_ = &unit;
    has_row_ = false;
    row_ = Row{};
    while (reader.ok() && !reader.at_end() && !queries_.empty()) {
      const uint8_t op = reader.u8();
      if (op >= unit.opcode_base) {
        const uint8_t adjusted = op - unit.opcode_base;
        row_.address += uint64_t{unit.min_length} * (adjusted / unit.line_range);
        row_.line += static_cast<uint64_t>(int64_t{unit.line_base} + adjusted % unit.line_range);
        put_row();
      } else if (op == 0) {
        extended(reader);
      } else {
        standard(reader, op);
      }
    }
  }

  void extended(Reader& reader) {
    enum : uint8_t { kEndSequence = 1, kSetAddress = 2 };
    Reader operation(reader.take(reader.u64()));
    switch (operation.u8()) {
      case kEndSequence:
        put_row();
        has_row_ = false;
        row_ = Row{};
        break;
      case kSetAddress: {
        const bool is_wide = operation.remaining() >= 8;
        row_.address = is_wide ? operation.fixed64() : operation.fixed32();
        break;
      }
      default: break;  // Discriminators and what vendors add.
    }
  }

  void standard(Reader& reader, uint8_t op) {
    enum : uint8_t {
      kCopy = 1,
      kAdvancePc = 2,
      kAdvanceLine = 3,
      kSetFile = 4,
      kSetColumn = 5,
      kConstAddPc = 8,
      kFixedAdvancePc = 9
    };
    switch (op) {
      case kCopy: put_row(); break;
      case kAdvancePc: row_.address += uint64_t{unit_->min_length} * reader.u64(); break;
      case kAdvanceLine: row_.line += static_cast<uint64_t>(reader.s64()); break;
      case kSetFile: row_.file = reader.u64(); break;
      case kSetColumn: row_.column = reader.u64(); break;
      case kConstAddPc:
        row_.address += uint64_t{unit_->min_length} *
                        (static_cast<uint8_t>(255 - unit_->opcode_base) / unit_->line_range);
        break;
      case kFixedAdvancePc: row_.address += reader.fixed16(); break;
      default:
        for (uint8_t i = 0; i < unit_->operand_counts[op - 1u]; ++i) reader.u64();
        break;
    }
  }

  // The row before covers the addresses up to this one. Sequences of functions that the linker left out begin at 0, where
  // no function is, or at the largest address.
  void put_row() {
    if (!has_row_) is_dead_ = row_.address == 0 || row_.address >= kLeftOut;
    if (has_row_ && !is_dead_ && last_.address < row_.address) {
      const auto address = [this](const SourceQuery* query) { return query->offset - code_begin_; };
      const auto first = std::ranges::lower_bound(queries_, last_.address, {}, address);
      const auto end = std::ranges::lower_bound(first, queries_.end(), row_.address, {}, address);
      for (auto at = first; at != end; ++at) answer((*at)->place);
      queries_.erase(first, end);
    }
    last_ = row_;
    has_row_ = true;
  }

  void answer(SourcePlace& place) const {
    place.file = file_name(*unit_, last_.file);
    place.line = static_cast<uint32_t>(std::min<uint64_t>(last_.line, ~uint32_t{0}));
    place.column = static_cast<uint32_t>(std::min<uint64_t>(last_.column, ~uint32_t{0}));
  }

  // ---- names of files

  std::string file_name(const Unit& unit, uint64_t file) const {
    return unit.version == 5 ? file_name_5(unit, file) : file_name_4(unit, file);
  }

  static std::string joined(std::string_view directory, std::string_view file) {
    std::string path;
    if (!file.starts_with('/') && !directory.empty())
      path.append(directory.substr(0, kPathBytes)).push_back('/');
    path.append(file.substr(0, kPathBytes));
    path.resize(std::min(path.size(), kPathBytes));
    return path;
  }

  // Lists of strings, each ending with an empty one; directory 0 is the compiler's own, file numbers begin at 1.
  static std::string file_name_4(const Unit& unit, uint64_t file) {
    Reader reader(unit.tables);
    const uint8_t* const directories = reader.position();
    while (!reader.text().empty()) {}
    for (uint64_t i = 1; reader.ok() && !reader.at_end(); ++i) {
      const std::string_view name = reader.text();
      const uint64_t directory = reader.u64();
      reader.u64();  // Time.
      reader.u64();  // Size.
      if (name.empty()) break;
      if (i != file) continue;
      Reader list(unit.tables);
      list.seek(directories);
      std::string_view found;
      for (uint64_t at = 1; at <= directory; ++at) {
        found = list.text();
        if (found.empty()) break;
      }
      return joined(found, name);
    }
    return {};
  }

  struct Entry {
    std::string_view path;  // Unless it lies elsewhere:
    base::ByteSpan path_section;
    uint64_t path_offset = 0;
    uint64_t directory = 0;

    std::string_view text() const { return path_section.empty() ? path : text_at(path_section, path_offset); }
  };

  // Version 5: a list of what entries hold, then the entries; both for directories and for files.
  class EntryList {
   public:
    EntryList(const LineTable& table, const Unit& unit, Reader& reader)
        : table_(table), unit_(unit), reader_(reader), format_({}) {
      const uint8_t kinds = reader.u8();
      const uint8_t* const begin = reader.position();
      for (uint8_t i = 0; i < kinds; ++i) reader.u64(), reader.u64();
      format_ = {begin, static_cast<size_t>(reader.position() - begin)};
      count = reader.u64();
    }

    Entry next() {
      enum : uint64_t { kPath = 1, kDirectory = 2 };
      Entry entry;
      Reader format(format_);
      while (format.ok() && !format.at_end()) {
        const uint64_t kind = format.u64();
        const uint64_t form = format.u64();
        Entry found;
        found.directory = value(form, &found);
        if (kind == kDirectory) entry.directory = found.directory;
        if (kind != kPath) continue;
        entry.path = found.path;
        entry.path_section = found.path_section;
        entry.path_offset = found.path_offset;
      }
      return entry;
    }

    uint64_t count;

   private:
    uint64_t value(uint64_t form, Entry* text) {
      enum : uint64_t {
        kData2 = 0x05,
        kData4 = 0x06,
        kData8 = 0x07,
        kString = 0x08,
        kBlock = 0x09,
        kData1 = 0x0b,
        kStrp = 0x0e,
        kUdata = 0x0f,
        kData16 = 0x1e,
        kLineStrp = 0x1f
      };
      switch (form) {
        case kData1: return reader_.u8();
        case kData2: return reader_.fixed16();
        case kData4: return reader_.fixed32();
        case kData8: return reader_.fixed64();
        case kUdata: return reader_.u64();
        case kData16: reader_.take(16); return 0;
        case kBlock: reader_.take(reader_.u64()); return 0;
        case kString: text->path = reader_.text(); return 0;
        case kStrp:
        case kLineStrp:
          text->path_section = form == kStrp ? table_.strings_ : table_.line_strings_;
          text->path_offset = reader_.offset_of(unit_.is_64);
          return 0;
        default: reader_.take(~uint64_t{0}); return 0;  // Of unknown length: nothing more can be read.
      }
    }

    const LineTable& table_;
    const Unit& unit_;
    Reader& reader_;
    base::ByteSpan format_;
  };

  std::string file_name_5(const Unit& unit, uint64_t file) const {
    Reader reader(unit.tables);
    EntryList directories(*this, unit, reader);
    const uint8_t* const first_directory = reader.position();
    const EntryList saved = directories;
    skip(directories, directories.count, reader);
    EntryList files(*this, unit, reader);
    if (file >= files.count) return {};
    skip(files, file, reader);
    const Entry found = files.next();
    if (!reader.ok() || found.directory >= saved.count) return {};
    reader.seek(first_directory);
    EntryList again = saved;
    skip(again, found.directory, reader);
    return joined(again.next().text(), found.text());
  }

  // There may be any number of entries that take no bytes.
  static void skip(EntryList& list, uint64_t count, const Reader& reader) {
    const uint8_t* before = nullptr;
    for (uint64_t i = 0; i < count && reader.position() != before; ++i) {
      before = reader.position();
      (void)list.next();
    }
  }

  std::vector<SourceQuery*> queries_;  // That have no answer yet.
  uint64_t code_begin_;
  base::ByteSpan lines_, line_strings_, strings_;
  const Unit* unit_ = nullptr;
  Row row_, last_;
  bool has_row_ = false;
  bool is_dead_ = false;  // The sequence belongs to no function.
};

}  // namespace

void find_source_places(const wasm::Module& module, std::span<SourceQuery> queries) {
  std::vector<SourceQuery*> sorted;
  sorted.reserve(queries.size());
  for (SourceQuery& query : queries) sorted.push_back(&query);
  std::ranges::sort(sorted, {}, &SourceQuery::offset);
  LineTable(module, std::move(sorted)).run();
}

}  // namespace wherry::decode
