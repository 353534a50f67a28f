// From addresses in the text to functions and offsets in the module: what backtraces, profiles and listings ask for, and nothing else,
// so it lies in pages of its own that a run without a trap never touches.
//
// A row is an address and an offset; 64 rows are a block, whose first row stands in a table that is searched by halving, and
// the others are differences: 2 to 3 bytes a row instead of 8. One table of ranges says which function an address is in, since
// the text is not in the order of functions.
#include "engine/artifact/address_map.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "engine/artifact/view.h"

namespace wherry::artifact {

namespace {

template <class T>
[[nodiscard]] bool append(base::Vector<uint8_t>* out, std::span<const T> items) {
  return out->append({reinterpret_cast<const uint8_t*>(items.data()), items.size_bytes()});
}

[[nodiscard]] bool append_number(base::Vector<uint8_t>* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    if (!out->push_back(static_cast<uint8_t>(value | 0x80))) return false;
  }
  return out->push_back(static_cast<uint8_t>(value));
}

// Signed differences with the sign in the lowest bit.
uint64_t fold(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}
int64_t unfold(uint64_t value) { return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1); }

}  // namespace

bool write_address_map(std::span<const FunctionRange> ranges, std::span<const PcRow> rows,
                       base::Vector<uint8_t>* out) {
  base::Vector<RowBlock> blocks;
  base::Vector<uint8_t> bytes;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i % kRowsPerBlock == 0) {
      if (!blocks.push_back({rows[i].text_offset, rows[i].wasm_offset, static_cast<uint32_t>(bytes.size())}))
        return false;
      continue;
    }
    const int64_t way = static_cast<int64_t>(rows[i].wasm_offset) - rows[i - 1].wasm_offset;
    if (!append_number(&bytes, rows[i].text_offset - rows[i - 1].text_offset) ||
        !append_number(&bytes, fold(way)))
      return false;
  }
  const ColdHeader header{static_cast<uint32_t>(ranges.size()), static_cast<uint32_t>(blocks.size()),
                          static_cast<uint32_t>(rows.size()), static_cast<uint32_t>(bytes.size())};
  return append(out, std::span<const ColdHeader>(&header, 1)) && append(out, ranges) &&
         append(out, std::span<const RowBlock>(blocks)) && out->append(bytes);
}

AddressMap AddressMap::read(base::ByteSpan section) {
  if (section.size() < sizeof(ColdHeader)) return {};
  const auto& header = *reinterpret_cast<const ColdHeader*>(section.data());
  base::ByteSpan rest = section.subspan(sizeof(ColdHeader));
  const uint64_t range_bytes = uint64_t{header.range_count} * sizeof(FunctionRange);
  const uint64_t block_bytes = uint64_t{header.block_count} * sizeof(RowBlock);
  if (range_bytes + block_bytes + header.row_bytes != rest.size()) return {};
  AddressMap map;
  map.ranges = {reinterpret_cast<const FunctionRange*>(rest.data()), header.range_count};
  rest = rest.subspan(range_bytes);
  map.blocks = {reinterpret_cast<const RowBlock*>(rest.data()), header.block_count};
  map.rows = rest.subspan(block_bytes);
  map.row_count = header.row_count;
  return map;
}

const FunctionRange* AddressMap::range_of(uint32_t text_offset) const {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), text_offset,
                       [](uint32_t at, const FunctionRange& range) { return at < range.begin; });
  if (after == ranges.begin()) return nullptr;
  const FunctionRange& range = *(after - 1);
  return text_offset - range.begin < range.size_bytes ? &range : nullptr;
}

RowReader::RowReader(const AddressMap& map, uint32_t text_offset) : map_(map) {
  const auto after =
      std::upper_bound(map.blocks.begin(), map.blocks.end(), text_offset,
                       [](uint32_t at, const RowBlock& block) { return at < block.text_offset; });
  block_ = static_cast<size_t>(after - map.blocks.begin());
  if (block_ != 0) --block_;
}

bool RowReader::next(PcRow* row) {
  if (in_block_ == kRowsPerBlock) {
    in_block_ = 0;
    ++block_;
  }
  if (block_ >= map_.blocks.size() || block_ * kRowsPerBlock + in_block_ >= map_.row_count) return false;
  if (in_block_++ == 0) {
    const RowBlock& block = map_.blocks[block_];
    last_ = {block.text_offset, block.wasm_offset};
    at_ = block.begin;
  } else {
    uint64_t forward;
    uint64_t way;
    if (!read(&forward) || !read(&way)) return false;
    last_.text_offset += static_cast<uint32_t>(forward);
    last_.wasm_offset += static_cast<uint32_t>(unfold(way));
  }
  *row = last_;
  return true;
}

bool RowReader::read(uint64_t* value) {
  *value = 0;
  for (uint32_t shift = 0; shift < 64 && at_ < map_.rows.size(); shift += 7) {
    const uint8_t byte = map_.rows[at_++];
    *value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

std::span<const FunctionRange> View::ranges() const {
  return AddressMap::read(section(SectionKind::Cold)).ranges;
}

std::optional<Place> View::find(uint32_t text_offset) const {
  const AddressMap map = AddressMap::read(section(SectionKind::Cold));
  const FunctionRange* const range = map.range_of(text_offset);
  if (range == nullptr || range->function >= functions_.size()) return std::nullopt;
  Place place{range->function, 0};
  RowReader reader(map, text_offset);
  for (PcRow row; reader.next(&row) && row.text_offset <= text_offset;) {
    // A row of the function before says nothing about this one.
    place.wasm_offset = row.text_offset >= range->begin ? row.wasm_offset : 0;
  }
  return place;
}

void View::each_row(uint32_t begin, uint32_t end, void* context,
                    void (*row)(void* context, uint32_t text_offset, uint32_t wasm_offset)) const {
  const AddressMap map = AddressMap::read(section(SectionKind::Cold));
  RowReader reader(map, begin);
  PcRow last{begin, 0};
  bool is_open = false;
  for (PcRow next; reader.next(&next) && next.text_offset < end;) {
    if (next.text_offset > begin && is_open)
      row(context, std::max(last.text_offset, begin), last.wasm_offset);
    last = next;
    is_open = true;
  }
  if (is_open) row(context, std::max(last.text_offset, begin), last.wasm_offset);
}

}  // namespace wherry::artifact
