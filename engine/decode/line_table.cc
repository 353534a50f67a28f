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
// Code that was inlined shows the place where it was written; the calls that led there are found by inlined_calls.cc.
#include "engine/decode/line_table.h"

#include <algorithm>
#include <vector>

#include "engine/decode/line_unit.h"

namespace wherry::decode {

namespace {

using dwarf::Reader;

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
      : queries_(std::move(queries)), code_begin_(dwarf::code_begin(module.bytes)), sections_(module) {}

  void run() {
    if (code_begin_ == 0) return;
    Reader reader(sections_.lines);
    while (reader.ok() && !reader.at_end() && !queries_.empty()) {
      if (const auto unit = dwarf::LineUnit::read(reader)) run_program(*unit);
    }
  }

 private:
  // ---- the program

  void run_program(const dwarf::LineUnit& unit) {
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
    if (!has_row_) is_dead_ = row_.address == 0 || row_.address >= dwarf::kLeftOut;
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
    place.file = unit_->file_name(sections_, last_.file);
    place.line = static_cast<uint32_t>(std::min<uint64_t>(last_.line, ~uint32_t{0}));
    place.column = static_cast<uint32_t>(std::min<uint64_t>(last_.column, ~uint32_t{0}));
  }

  std::vector<SourceQuery*> queries_;  // That have no answer yet.
  uint64_t code_begin_;
  dwarf::LineSections sections_;
  const dwarf::LineUnit* unit_ = nullptr;
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
