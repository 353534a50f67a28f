// Which calls were inlined around an instruction (DWARF 5, 3.3.8): entries of inlined subroutines whose code it belongs to, the
// outer before the inner, inside the entry of the function that the code is in now.
//
// Units whose code is elsewhere are passed over by their first entry; of the others each entry is read once, in the order of
// the file, so depth is a number and not a stack.
#include "engine/decode/inlined_calls.h"

#include <algorithm>

#include "engine/decode/debug_info.h"
#include "engine/decode/line_unit.h"

namespace wherry::decode {

namespace {

using dwarf::Reader;
using dwarf::Tag;

struct Query {
  uint64_t address;
  InlineQuery* query;
  uint64_t function = 0;   // Number of the entry whose code it is in, among the functions' that were read.
  bool is_inside = false;  // The inlined call that is being looked at.
};

class Finder {
 public:
  // Queries in ascending order of addresses.
  Finder(const wasm::Module& module, std::vector<Query> queries)
      : queries_(std::move(queries)), info_(module), lines_(module) {}

  void run() {
    Reader reader(info_.info());
    while (reader.ok() && !reader.at_end() && info_.pay(1)) {
      const auto unit = info_.read_unit(reader);
      if (unit && may_have_code(*unit)) walk(*unit);
    }
  }

 private:
  // Calls `each` for the queries in [low, high).
  template <class Each>
  void each_query(uint64_t low, uint64_t high, Each each) {
    const auto end = queries_.end();
    for (auto at = std::ranges::lower_bound(queries_, low, {}, &Query::address); at != end; ++at) {
      if (at->address >= high || !info_.pay(1)) break;
      each(*at);
    }
  }

  bool may_have_code(const dwarf::InfoUnit& unit) {
    if (!unit.first.ranges && !unit.first.high) return true;  // It does not say.
    bool has_code = false;
    info_.each_range(unit, unit.first, [&](uint64_t low, uint64_t high) {
      each_query(low, high, [&](const Query&) { has_code = true; });
    });
    return has_code;
  }

  void walk(const dwarf::InfoUnit& unit) {
    Reader reader(unit.entries);
    size_t depth = 0;
    do {
      const uint64_t code = reader.u64();
      if (code == 0) {
        if (depth > 0) --depth;
        continue;
      }
      if (!info_.load_abbreviations(unit)) return;
      const dwarf::Abbreviation* const abbreviation = info_.find(code);
      if (abbreviation == nullptr || !info_.pay(1)) return;
      if (abbreviation->has_children) ++depth;
      if (abbreviation->tag == Tag::Other) {
        info_.skip_attributes(reader, unit, *abbreviation);
        continue;
      }
      const bool is_function = abbreviation->tag == Tag::Subprogram;
      dwarf::Entry entry;
      info_.read_attributes(reader, unit, *abbreviation, &entry);
      is_function ? enter_function(unit, entry) : note_call(unit, entry);
    } while (depth != 0 && reader.ok());
  }

  // Functions that the linker left out begin at 0, where no function is, or at the largest address.
  void enter_function(const dwarf::InfoUnit& unit, const dwarf::Entry& entry) {
    if (!entry.high && !entry.ranges) return;  // A declaration.
    ++function_;
    info_.each_range(unit, entry, [&](uint64_t low, uint64_t high) {
      if (low == 0 || low >= dwarf::kLeftOut) return;
      each_query(low, high, [&](Query& query) { query.function = function_; });
    });
  }

  void note_call(const dwarf::InfoUnit& unit, const dwarf::Entry& entry) {
    bool is_asked = false;
    info_.each_range(unit, entry, [&](uint64_t low, uint64_t high) {
      each_query(low, high, [&](Query& query) {
        query.is_inside = query.function == function_ && query.query->calls.size() < kInlinedCalls;
        is_asked |= query.is_inside;
      });
    });
    if (!is_asked) return;
    const InlinedCall call = describe(unit, entry);
    for (Query& query : queries_) {
      if (query.is_inside) query.query->calls.push_back(call);
      query.is_inside = false;
    }
  }

  InlinedCall describe(const dwarf::InfoUnit& unit, const dwarf::Entry& entry) {
    const auto number = [](const dwarf::Value& value) {
      return static_cast<uint32_t>(std::min<uint64_t>(value.number, ~uint32_t{0}));
    };
    InlinedCall call;
    const dwarf::DebugInfo::Names names = info_.names_of(unit, entry);
    call.linkage_name = names.linkage_name;
    call.name = names.name;
    call.place.line = number(entry.call_line);
    call.place.column = number(entry.call_column);
    if (unit.first.lines && entry.call_file) {
      Reader reader(dwarf::from(lines_.lines, unit.first.lines.number));
      const auto line_unit = dwarf::LineUnit::read(reader);
      if (line_unit && info_.pay(line_unit->tables.size())) {
        call.place.file = line_unit->file_name(lines_, entry.call_file.number);
      }
    }
    return call;
  }

  std::vector<Query> queries_;
  dwarf::DebugInfo info_;
  dwarf::LineSections lines_;
  uint64_t function_ = 0;
};

}  // namespace

void find_inlined_calls(const wasm::Module& module, std::span<InlineQuery> queries) {
  const uint64_t code_begin = dwarf::code_begin(module.bytes);
  if (code_begin == 0) return;
  std::vector<Query> sorted;
  sorted.reserve(queries.size());
  for (InlineQuery& query : queries) {
    if (query.offset >= code_begin) sorted.push_back({query.offset - code_begin, &query});
  }
  std::ranges::sort(sorted, {}, &Query::address);
  Finder(module, std::move(sorted)).run();
}

}  // namespace wherry::decode
