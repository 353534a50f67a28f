#pragma once

#include "engine/artifact/format.h"
#include "engine/artifact/writer.h"
#include "engine/base/bytes.h"
#include "engine/base/vector.h"

namespace wherry::artifact {

// The tables of SectionKind::Cold, found in its bytes. Nothing in them was checked but that they lie inside.
struct AddressMap {
  std::span<const FunctionRange> ranges;
  std::span<const RowBlock> blocks;
  base::ByteSpan rows;
  uint32_t row_count = 0;

  // All empty when the section is damaged.
  static AddressMap read(base::ByteSpan section);

  // Null when no function has it.
  const FunctionRange* range_of(uint32_t text_offset) const;
};

// Goes through rows from a block on. Rows are what a damaged file says they are, but come in order, and end.
class RowReader {
 public:
  // From the last block that begins at or below the offset.
  RowReader(const AddressMap& map, uint32_t text_offset);
  bool next(PcRow* row);

 private:
  bool read(uint64_t* value);

  const AddressMap& map_;
  size_t block_;
  uint32_t in_block_ = 0;
  size_t at_ = 0;
  PcRow last_{};
};

// The bytes of such a section. False: no memory.
[[nodiscard]] bool write_address_map(std::span<const FunctionRange> ranges, std::span<const PcRow> rows,
                                     base::Vector<uint8_t>* out);

}  // namespace wherry::artifact
