// Reading entries of debug information: a unit's abbreviations say which attributes an entry has and in which of 40 forms.
//
// Entries have no lengths and producers leave out the references that would lead past subtrees, so finding anything means
// reading over everything before it in the unit; most entries have attributes of fixed sizes only, which are added up once for
// each abbreviation. There are no recursion and no pointers here: what refers to something else is an offset, checked when it
// is followed, and followed a few times at most.
#include "engine/decode/debug_info.h"

#include <algorithm>

namespace wherry::decode::dwarf {

namespace {

constexpr uint32_t kVaries = Abbreviation::kVaries;

uint32_t fixed_bytes(const InfoUnit& unit, uint64_t form) {
  switch (form) {
    case kFlagPresent:
    case kImplicitConst: return 0;
    case kData1:
    case kFlag:
    case kRef1:
    case kStrx1:
    case kAddrx1: return 1;
    case kData2:
    case kRef2:
    case kStrx2:
    case kAddrx2: return 2;
    case kStrx3:
    case kAddrx3: return 3;
    case kData4:
    case kRef4:
    case kRefSup4:
    case kStrx4:
    case kAddrx4: return 4;
    case kData8:
    case kRef8:
    case kRefSig8:
    case kRefSup8: return 8;
    case kData16: return 16;
    case kAddr: return unit.address_bytes;
    case kRefAddr: return unit.version == 2 ? unit.address_bytes : unit.is_64 ? 8 : 4;
    case kStrp:
    case kLineStrp:
    case kStrpSup:
    case kSecOffset: return unit.is_64 ? 8 : 4;
    default: return kVaries;
  }
}

uint64_t fixed_number(Reader& reader, uint32_t bytes) {
  switch (bytes) {
    case 0: return 0;
    case 1: return reader.u8();
    case 2: return reader.fixed16();
    case 3: return reader.fixed24();
    case 4: return reader.fixed32();
    case 8: return reader.fixed64();
    default: reader.take(bytes); return 0;
  }
}

// Where an attribute goes; null for one that nothing here needs.
Value* slot_of(Entry* entry, uint64_t attribute) {
  switch (attribute) {
    case 0x03: return &entry->name;
    case 0x10: return &entry->lines;
    case 0x11: return &entry->low;
    case 0x12: return &entry->high;
    case 0x31:                         // Abstract origin.
    case 0x47: return &entry->origin;  // Specification.
    case 0x55: return &entry->ranges;
    case 0x57: return &entry->call_column;
    case 0x58: return &entry->call_file;
    case 0x59: return &entry->call_line;
    case 0x6e:
    case 0x2007: return &entry->linkage_name;  // As MIPS had it before there was one of all.
    case 0x72: return &entry->string_offsets;
    case 0x73: return &entry->addresses;
    case 0x74: return &entry->range_lists;
    default: return nullptr;
  }
}

struct Attribute {
  uint64_t name = 0;
  uint64_t form = 0;
  int64_t constant = 0;
};

// False at the end of the list.
bool next_attribute(Reader& reader, Attribute* attribute) {
  attribute->name = reader.u64();
  attribute->form = reader.u64();
  attribute->constant = attribute->form == kImplicitConst ? reader.s64() : 0;
  return reader.ok() && (attribute->name != 0 || attribute->form != 0);
}

// The abbreviation at the reader; code 0 at the end of the table.
Abbreviation read_abbreviation(Reader& reader, const InfoUnit& unit) {
  Abbreviation abbreviation;
  abbreviation.code = reader.u64();
  if (abbreviation.code == 0) return abbreviation;
  const uint64_t tag = reader.u64();
  if (tag == static_cast<uint64_t>(Tag::InlinedSubroutine)) abbreviation.tag = Tag::InlinedSubroutine;
  if (tag == static_cast<uint64_t>(Tag::Subprogram)) abbreviation.tag = Tag::Subprogram;
  abbreviation.has_children = reader.u8() != 0;
  const uint8_t* const begin = reader.position();
  const uint8_t* end = begin;
  for (Attribute attribute; next_attribute(reader, &attribute); end = reader.position()) {
    const uint32_t bytes = fixed_bytes(unit, attribute.form);
    const bool varies = bytes == kVaries || abbreviation.fixed_bytes >= kVaries - bytes;
    abbreviation.fixed_bytes = varies ? kVaries : abbreviation.fixed_bytes + bytes;
  }
  abbreviation.attributes = {begin, static_cast<size_t>(end - begin)};
  return abbreviation;
}

}  // namespace

DebugInfo::DebugInfo(const wasm::Module& module)
    : info_(custom_section(module, ".debug_info")),
      abbreviations_(custom_section(module, ".debug_abbrev")),
      strings_(custom_section(module, ".debug_str")),
      line_strings_(custom_section(module, ".debug_line_str")),
      string_offsets_(custom_section(module, ".debug_str_offsets")),
      addresses_(custom_section(module, ".debug_addr")),
      ranges_(custom_section(module, ".debug_ranges")),
      range_lists_(custom_section(module, ".debug_rnglists")),
      allowance_(4096 + 8 * (info_.size() + abbreviations_.size() + ranges_.size() + range_lists_.size())) {}

std::optional<InfoUnit> DebugInfo::read_unit(Reader& reader) {
  enum : uint8_t { kCompile = 1, kPartial = 3 };
  InfoUnit unit;
  const uint8_t* const begin = reader.position();
  unit.begin = static_cast<uint64_t>(begin - info_.data());
  const uint64_t size_bytes = reader.unit_length(&unit.is_64);
  Reader header(reader.take(size_bytes));
  unit.version = header.fixed16();
  if (unit.version < 2 || unit.version > 5) return std::nullopt;
  const uint8_t kind = unit.version == 5 ? header.u8() : uint8_t{kCompile};
  if (unit.version == 5) unit.address_bytes = header.u8();
  unit.abbreviations = header.offset_of(unit.is_64);
  if (unit.version < 5) unit.address_bytes = header.u8();
  if (!header.ok() || (kind != kCompile && kind != kPartial)) return std::nullopt;
  if (unit.address_bytes != 4 && unit.address_bytes != 8) return std::nullopt;
  unit.entries = header.take(header.remaining());
  unit.bytes = {begin, static_cast<size_t>(reader.position() - begin)};
  Reader entries(unit.entries);
  const uint64_t code = entries.u64();
  Reader table(from(abbreviations_, unit.abbreviations));
  while (code != 0 && table.ok() && !table.at_end()) {
    const uint8_t* const at = table.position();
    const Abbreviation abbreviation = read_abbreviation(table, unit);
    if (!pay(static_cast<uint64_t>(table.position() - at)) || abbreviation.code == 0) break;
    if (abbreviation.code != code) continue;
    read_attributes(entries, unit, abbreviation, &unit.first);
    return unit;
  }
  return std::nullopt;
}

bool DebugInfo::load_abbreviations(const InfoUnit& unit) {
  const uint32_t widths = unit.address_bytes | uint32_t{unit.is_64} << 8 | uint32_t{unit.version == 2} << 9;
  Reader reader(from(abbreviations_, unit.abbreviations));
  if (loaded_ == reader.position() && loaded_widths_ == widths) return true;
  loaded_ = nullptr;
  table_.clear();
  for (uint64_t before = 0; reader.ok();) {
    const uint8_t* const at = reader.position();
    const Abbreviation abbreviation = read_abbreviation(reader, unit);
    if (!reader.ok() || !pay(static_cast<uint64_t>(reader.position() - at))) return false;
    if (abbreviation.code == 0) break;
    // Every producer counts up; what does not is not searched.
    if (abbreviation.code <= before || !table_.push_back(abbreviation)) return false;
    before = abbreviation.code;
  }
  loaded_ = abbreviations_.data() + unit.abbreviations;
  loaded_widths_ = widths;
  return reader.ok();
}

const Abbreviation* DebugInfo::find(uint64_t code) const {
  if (code - 1 < table_.size() && table_[code - 1].code == code) return &table_[code - 1];
  const auto* const at = std::ranges::lower_bound(table_, code, {}, &Abbreviation::code);
  return at != table_.end() && at->code == code ? at : nullptr;
}

void DebugInfo::read_attributes(Reader& reader, const InfoUnit& unit, const Abbreviation& abbreviation,
                                Entry* entry) {
  Reader list(abbreviation.attributes);
  Attribute attribute;
  while (reader.ok() && !list.at_end() && next_attribute(list, &attribute)) {
    const Value found = value(reader, unit, attribute.form, attribute.constant);
    if (Value* const slot = slot_of(entry, attribute.name); slot != nullptr) *slot = found;
  }
}

void DebugInfo::skip_attributes(Reader& reader, const InfoUnit& unit, const Abbreviation& abbreviation) {
  if (abbreviation.fixed_bytes != kVaries) {
    reader.take(abbreviation.fixed_bytes);
    return;
  }
  Reader list(abbreviation.attributes);
  Attribute attribute;
  while (reader.ok() && !list.at_end() && next_attribute(list, &attribute)) {
    (void)value(reader, unit, attribute.form, attribute.constant);
  }
}

Value DebugInfo::value(Reader& reader, const InfoUnit& unit, uint64_t form, int64_t constant) const {
  if (form == kIndirect) form = reader.u64();  // Once: what it says is no such form again.
  Value value{.form = form};
  switch (form) {
    case kImplicitConst: value.number = static_cast<uint64_t>(constant); break;
    case kFlagPresent: value.number = 1; break;
    case kString: value.text = reader.text(); break;
    case kSdata: value.number = static_cast<uint64_t>(reader.s64()); break;
    case kUdata:
    case kRefUdata:
    case kStrx:
    case kAddrx:
    case kLoclistx:
    case kRnglistx: value.number = reader.u64(); break;
    case kBlock:
    case kExprloc: reader.take(reader.u64()); break;
    case kBlock1: reader.take(reader.u8()); break;
    case kBlock2: reader.take(reader.fixed16()); break;
    case kBlock4: reader.take(reader.fixed32()); break;
    default: {
      const uint32_t bytes = fixed_bytes(unit, form);
      if (bytes == kVaries) {
        reader.take(~uint64_t{0});  // Of unknown length: nothing more can be read.
      } else {
        value.number = fixed_number(reader, bytes);
      }
    }
  }
  return value;
}

std::string_view DebugInfo::text(const InfoUnit& unit, const Value& value) const {
  switch (value.form) {
    case kString: return value.text.substr(0, kTextBytes);
    case kStrp: return text_at(strings_, value.number);
    case kLineStrp: return text_at(line_strings_, value.number);
    case kStrx:
    case kStrx1:
    case kStrx2:
    case kStrx3:
    case kStrx4: {
      if (value.number >= string_offsets_.size()) return {};
      const uint64_t base = unit.first.string_offsets.number;
      Reader reader(from(from(string_offsets_, base), value.number * unit.offset_bytes()));
      const uint64_t offset = reader.offset_of(unit.is_64);
      return reader.ok() ? text_at(strings_, offset) : std::string_view{};
    }
    default: return {};
  }
}

uint64_t DebugInfo::address_at(const InfoUnit& unit, uint64_t index) const {
  if (index >= addresses_.size()) return 0;
  Reader reader(from(from(addresses_, unit.first.addresses.number), index * unit.address_bytes));
  return fixed_number(reader, unit.address_bytes);
}

uint64_t DebugInfo::address(const InfoUnit& unit, const Value& value) const {
  switch (value.form) {
    case kAddr: return value.number;
    case kAddrx:
    case kAddrx1:
    case kAddrx2:
    case kAddrx3:
    case kAddrx4: return address_at(unit, value.number);
    default: return 0;
  }
}

// ---- what refers to something else

std::optional<InfoUnit> DebugInfo::unit_of(uint64_t offset) {
  Reader reader(info_);
  while (reader.ok() && !reader.at_end() && pay(16)) {
    Reader ahead = reader;
    bool is_64 = false;
    ahead.take(ahead.unit_length(&is_64));
    if (!ahead.ok()) break;
    if (offset < static_cast<uint64_t>(ahead.position() - info_.data())) return read_unit(reader);
    reader = ahead;
  }
  return std::nullopt;
}

std::optional<Entry> DebugInfo::entry_of(InfoUnit* unit, const Value& reference) {
  uint64_t offset = reference.number;
  switch (reference.form) {
    case kRef1:
    case kRef2:
    case kRef4:
    case kRef8:
    case kRefUdata: break;
    case kRefAddr: {
      if (offset < unit->begin || offset - unit->begin >= unit->bytes.size()) {
        const auto other = unit_of(offset);
        if (!other || offset < other->begin) return std::nullopt;
        *unit = *other;
      }
      offset -= unit->begin;
      break;
    }
    default: return std::nullopt;
  }
  if (!load_abbreviations(*unit)) return std::nullopt;
  Reader reader(from(unit->bytes, offset));
  const Abbreviation* const abbreviation = find(reader.u64());
  if (abbreviation == nullptr || !pay(abbreviation->attributes.size())) return std::nullopt;
  Entry entry;
  read_attributes(reader, *unit, *abbreviation, &entry);
  return entry;
}

DebugInfo::Names DebugInfo::names_of(const InfoUnit& unit, const Entry& entry) {
  constexpr int kSteps = 4;  // Instance, definition, declaration, and one to spare.
  Names names;
  InfoUnit at = unit;
  std::optional<Entry> next = entry;
  for (int i = 0; i < kSteps && next; ++i) {
    if (names.linkage_name.empty()) names.linkage_name = text(at, next->linkage_name);
    if (names.name.empty()) names.name = text(at, next->name);
    if (!names.linkage_name.empty() || !next->origin) break;
    next = entry_of(&at, Value(next->origin));
  }
  return names;
}

// ---- ranges (DWARF 5, 2.17.3; DWARF 4, 2.17.3)

DebugInfo::RangeList::RangeList(DebugInfo& info, const InfoUnit& unit, const Entry& entry)
    : info_(info), unit_(unit), reader_(base::ByteSpan{}) {
  if (!entry.ranges) {
    low_ = entry.low ? info.address(unit, entry.low) : 0;
    const uint64_t high = info.address(unit, entry.high);
    high_ = high != 0 ? high : low_ + entry.high.number;  // An address, or how many bytes.
    if (!entry.low || !entry.high) high_ = low_;
    return;
  }
  is_list_ = true;
  base_ = info.address(unit, unit.first.low);
  const base::ByteSpan section = unit.version == 5 ? info.range_lists_ : info.ranges_;
  uint64_t offset = entry.ranges.number;
  if (entry.ranges.form == kRnglistx) {
    const uint64_t base = unit.first.range_lists.number;
    if (offset >= section.size()) return;
    Reader index(from(from(section, base), offset * unit.offset_bytes()));
    const uint64_t relative = index.offset_of(unit.is_64);
    if (!index.ok() || relative >= section.size()) return;
    offset = base + relative;
  }
  reader_ = Reader(from(section, offset));
}

bool DebugInfo::RangeList::next(uint64_t* low, uint64_t* high) {
  if (is_list_) return unit_.version == 5 ? next_5(low, high) : next_4(low, high);
  *low = low_;
  *high = high_;
  is_list_ = true;  // There is no more.
  return low_ < high_;
}

bool DebugInfo::RangeList::next_4(uint64_t* low, uint64_t* high) {
  const uint64_t largest = unit_.address_bytes == 4 ? 0xffff'ffff : ~uint64_t{0};
  while (info_.pay(2u * unit_.address_bytes)) {
    *low = fixed_number(reader_, unit_.address_bytes);
    *high = fixed_number(reader_, unit_.address_bytes);
    if (!reader_.ok() || (*low == 0 && *high == 0)) return false;
    if (*low == largest) {
      base_ = *high;
      continue;
    }
    if (*low >= kLeftOut) continue;
    *low += base_;
    *high += base_;
    return true;
  }
  return false;
}

bool DebugInfo::RangeList::next_5(uint64_t* low, uint64_t* high) {
  enum : uint8_t {
    kEnd = 0,
    kBaseIndex = 1,
    kStartEndIndex = 2,
    kStartIndexLength = 3,
    kOffsets = 4,
    kBase = 5,
    kStartEnd = 6,
    kStartLength = 7
  };
  while (info_.pay(2)) {
    switch (reader_.u8()) {
      case kEnd: return false;  // Also when there is nothing to read.
      case kBaseIndex: base_ = info_.address_at(unit_, reader_.u64()); continue;
      case kBase: base_ = fixed_number(reader_, unit_.address_bytes); continue;
      case kStartEndIndex:
        *low = info_.address_at(unit_, reader_.u64());
        *high = info_.address_at(unit_, reader_.u64());
        break;
      case kStartIndexLength:
        *low = info_.address_at(unit_, reader_.u64());
        *high = *low + reader_.u64();
        break;
      case kOffsets:
        *low = base_ + reader_.u64();
        *high = base_ + reader_.u64();
        break;
      case kStartEnd:
        *low = fixed_number(reader_, unit_.address_bytes);
        *high = fixed_number(reader_, unit_.address_bytes);
        break;
      case kStartLength:
        *low = fixed_number(reader_, unit_.address_bytes);
        *high = *low + reader_.u64();
        break;
      default: return false;
    }
    return reader_.ok();
  }
  return false;
}

}  // namespace wherry::decode::dwarf
