#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/vector.h"
#include "engine/decode/dwarf.h"

// Entries of debug information (DWARF 5, chapters 2 and 7; versions 2 to 5): trees of attributes, a tree for each unit.
namespace wherry::decode::dwarf {

enum class Tag : uint16_t { Other = 0, InlinedSubroutine = 0x1d, Subprogram = 0x2e };

// An attribute's value as it is encoded; `form` 0: the entry has no such attribute.
struct Value {
  uint64_t form = 0;
  uint64_t number = 0;
  std::string_view text = {};  // Of a string that lies in the entry itself.

  explicit operator bool() const { return form != 0; }
};

// The attributes that lookups need.
struct Entry {
  Value name, linkage_name, origin;  // `origin`: what this is an instance or the definition of.
  Value low, high, ranges;
  Value call_file, call_line, call_column;
  Value lines, string_offsets, addresses, range_lists;  // Of the unit's first entry.
};

// How entries of one code look. `fixed_bytes`: what the attributes take, kVaries if that depends on them.
struct Abbreviation {
  static constexpr uint32_t kVaries = ~uint32_t{0};
  uint64_t code = 0;
  Tag tag = Tag::Other;
  bool has_children = false;
  uint32_t fixed_bytes = 0;
  base::ByteSpan attributes;
};

// One unit. Borrows the module's bytes.
struct InfoUnit {
  uint16_t version = 0;
  bool is_64 = false;
  uint8_t address_bytes = 4;
  uint64_t begin = 0;  // In the section, of its header.
  uint64_t abbreviations = 0;
  base::ByteSpan bytes;    // From the header on: what references count from.
  base::ByteSpan entries;  // The part behind the header.
  Entry first = {};

  uint64_t offset_bytes() const { return is_64 ? 8 : 4; }
};

// Reads units and entries of one module's debug information.
//
// What is read is an attacker's: everything that is looked at more than once (abbreviations, lists of ranges, entries that
// others refer to) is paid for from an allowance in proportion to the sections' size, so that the time of all calls on one
// object grows with the size only. When it is used up, reading ends as if the information did.
class DebugInfo {
 public:
  explicit DebugInfo(const wasm::Module& module);

  base::ByteSpan info() const { return info_; }

  // The unit at the reader, which stands behind it then; nothing if it is of a kind that has no code or not understood.
  // `first` is read, abbreviations are not.
  std::optional<InfoUnit> read_unit(Reader& reader);

  // Reads the unit's abbreviations for `find` and `read_entry_at`. False: there is no making sense of them, or no memory.
  bool load_abbreviations(const InfoUnit& unit);
  const Abbreviation* find(uint64_t code) const;

  // The attributes at the reader. The reader's fault tells of entries that end early or are of unknown form.
  void read_attributes(Reader& reader, const InfoUnit& unit, const Abbreviation& abbreviation, Entry* entry);
  void skip_attributes(Reader& reader, const InfoUnit& unit, const Abbreviation& abbreviation);

  // The name of what an entry is an instance of: as the linker knows it if that is said, and as the source has it. Both may
  // be empty. Changes the loaded abbreviations if that lies in another unit, so `unit` is loaded again after.
  struct Names {
    std::string_view linkage_name;
    std::string_view name;
  };
  Names names_of(const InfoUnit& unit, const Entry& entry);

  // An address that may be given by its number in a list; 0 if it is not there.
  uint64_t address(const InfoUnit& unit, const Value& value) const;

  // Calls `each(low, high)` for the parts of the code that the entry covers, without empty ones.
  template <class Each>
  void each_range(const InfoUnit& unit, const Entry& entry, Each each) {
    RangeList list(*this, unit, entry);
    uint64_t low = 0;
    uint64_t high = 0;
    while (list.next(&low, &high)) {
      if (low < high) each(low, high);
    }
  }

  bool pay(uint64_t cost) {
    allowance_ -= cost < allowance_ ? cost : allowance_;
    return allowance_ != 0;
  }

 private:
  class RangeList {
   public:
    RangeList(DebugInfo& info, const InfoUnit& unit, const Entry& entry);
    bool next(uint64_t* low, uint64_t* high);

   private:
    bool next_4(uint64_t* low, uint64_t* high);
    bool next_5(uint64_t* low, uint64_t* high);

    DebugInfo& info_;
    const InfoUnit& unit_;
    Reader reader_;
    uint64_t base_ = 0;
    uint64_t low_ = 0, high_ = 0;  // The only one, unless there is a list.
    bool is_list_ = false;
  };

  Value value(Reader& reader, const InfoUnit& unit, uint64_t form, int64_t constant) const;
  std::string_view text(const InfoUnit& unit, const Value& value) const;
  uint64_t address_at(const InfoUnit& unit, uint64_t index) const;
  std::optional<Entry> entry_of(InfoUnit* unit, const Value& reference);
  std::optional<InfoUnit> unit_of(uint64_t offset);

  base::ByteSpan info_, abbreviations_, strings_, line_strings_, string_offsets_, addresses_, ranges_,
      range_lists_;
  base::Vector<Abbreviation> table_;
  const uint8_t* loaded_ =
      nullptr;  // What `table_` was made for: where its bytes begin, and the widths of its unit.
  uint32_t loaded_widths_ = 0;
  uint64_t allowance_;
};

}  // namespace wherry::decode::dwarf
