#pragma once

#include <cstdint>
#include <string_view>

#include "engine/text/byte_buffer.h"

namespace wherry::text {

// The custom section "name" in the making (appendix 7.4.1, and the subsections of the extended-name-section
// proposal that 3.0 took over). Not thread-safe.
class NameSection {
 public:
  // Subsection ids.
  enum class Map : uint8_t {
    Func = 1,
    Type = 4,
    Table = 5,
    Memory = 6,
    Global = 7,
    Elem = 8,
    Data = 9,
    Tag = 11,
  };
  enum class IndirectMap : uint8_t { Local = 2, Label = 3, Field = 10 };

  // Entries come with ascending index. A name without data() is none; an empty one is a name.
  void add(Map map, uint32_t index, std::string_view name);
  // Entries of one owner come together, and owners ascend; finish() ends an owner.
  void add(IndirectMap map, uint32_t index, std::string_view name);
  void finish(IndirectMap map, uint32_t owner);

  // Appends the whole section, or nothing if there are no names.
  void write(std::string_view module_name, ByteBuffer* out);
  bool ok() const;

 private:
  static constexpr uint32_t kMapCount = 12;
  struct NameMapBytes {
    ByteBuffer bytes;
    uint32_t count = 0;
  };
  void append_subsection(uint32_t id, ByteBuffer* out);

  NameMapBytes maps_[kMapCount];
  NameMapBytes owners_[kMapCount];  // The owner at hand of an indirect map.
};

}  // namespace wherry::text
