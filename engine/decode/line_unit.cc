// Headers of the line table's units: how their programs are encoded, and the directories and files that rows name by number.
// Two forms: lists of strings (versions 2 to 4), and tables that say themselves what they hold (version 5).
#include "engine/decode/line_unit.h"

#include <algorithm>

namespace wherry::decode::dwarf {

namespace {

std::string joined(std::string_view directory, std::string_view file) {
  std::string path;
  if (!file.starts_with('/') && !directory.empty())
    path.append(directory.substr(0, kTextBytes)).push_back('/');
  path.append(file.substr(0, kTextBytes));
  path.resize(std::min(path.size(), kTextBytes));
  return path;
}

// Lists of strings, each ending with an empty one; directory 0 is the compiler's own, file numbers begin at 1.
std::string file_name_4(const LineUnit& unit, uint64_t file) {
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
  EntryList(const LineSections& sections, const LineUnit& unit, Reader& reader)
      : sections_(sections), unit_(unit), reader_(reader), format_({}) {
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
        text->path_section = form == kStrp ? sections_.strings : sections_.line_strings;
        text->path_offset = reader_.offset_of(unit_.is_64);
        return 0;
      default: reader_.take(~uint64_t{0}); return 0;  // Of unknown length: nothing more can be read.
    }
  }

  const LineSections& sections_;
  const LineUnit& unit_;
  Reader& reader_;
  base::ByteSpan format_;
};

// There may be any number of entries that take no bytes.
void skip(EntryList& list, uint64_t count, const Reader& reader) {
  const uint8_t* before = nullptr;
  for (uint64_t i = 0; i < count && reader.position() != before; ++i) {
    before = reader.position();
    (void)list.next();
  }
}

std::string file_name_5(const LineSections& sections, const LineUnit& unit, uint64_t file) {
  Reader reader(unit.tables);
  EntryList directories(sections, unit, reader);
  const uint8_t* const first_directory = reader.position();
  const EntryList saved = directories;
  skip(directories, directories.count, reader);
  EntryList files(sections, unit, reader);
  if (file >= files.count) return {};
  skip(files, file, reader);
  const Entry found = files.next();
  if (!reader.ok() || found.directory >= saved.count) return {};
  reader.seek(first_directory);
  EntryList again = saved;
  skip(again, found.directory, reader);
  return joined(again.next().text(), found.text());
}

bool read_header(base::ByteSpan bytes, LineUnit* unit) {
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

}  // namespace

std::optional<LineUnit> LineUnit::read(Reader& reader) {
  LineUnit unit;
  const uint64_t size_bytes = reader.unit_length(&unit.is_64);
  if (!read_header(reader.take(size_bytes), &unit)) return std::nullopt;
  return unit;
}

std::string LineUnit::file_name(const LineSections& sections, uint64_t file) const {
  return version == 5 ? file_name_5(sections, *this, file) : file_name_4(*this, file);
}

}  // namespace wherry::decode::dwarf
