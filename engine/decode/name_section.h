#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/byte_reader.h"
#include "engine/wasm/module.h"

namespace wherry::decode {

// What the custom section "name" names: the numbers of its subsections (core spec 7.4.1 and the extended-name-section
// proposal).
enum class NameKind : uint8_t {
  Module = 0,
  Func = 1,
  Local = 2,  // Of a function.
  Label = 3,  // Of a function.
  Type = 4,
  Table = 5,
  Memory = 6,
  Global = 7,
  Elem = 8,
  Data = 9,
  Field = 10,  // Of a type.
  Tag = 11,
};

// Steps through a name map: indices with their names, as they stand. Stops for good at the first entry that is not
// well-formed; entries whose name is not UTF-8 are passed over.
class NameMap {
 public:
  NameMap() = default;
  explicit NameMap(base::ByteReader reader);

  struct Entry {
    uint32_t index;
    std::string_view name;
  };
  bool next(Entry* entry);

 private:
  base::ByteReader reader_{base::ByteSpan{}};
  uint32_t left_ = 0;
};

// Steps through a map of maps: names of locals and labels by function, of fields by type.
class IndirectNameMap {
 public:
  IndirectNameMap() = default;
  explicit IndirectNameMap(base::ByteReader reader);

  struct Entry {
    uint32_t index;
    NameMap names;
  };
  bool next(Entry* entry);

 private:
  base::ByteReader reader_{base::ByteSpan{}};
  uint32_t left_ = 0;
};

// A view of a module's custom section "name", which is read when asked: nothing is allocated or kept, so an instance
// costs a few words and a backtrace pays for the names that it prints. Bytes that are not well-formed name nothing;
// they are never an error. Points into the module's bytes. Immutable, so any thread may ask.
class NameSection {
 public:
  NameSection() = default;
  explicit NameSection(const wasm::Module& module);

  bool is_present() const { return !bytes_.empty(); }

  // Empty where there is none.
  std::string_view module_name() const;
  // A linear search: for a backtrace. Whoever wants all names steps through names().
  std::string_view find(NameKind kind, uint32_t index) const;
  // For Local, Label and Field: the name of `inner` in the function or type `outer`.
  std::string_view find(NameKind kind, uint32_t outer, uint32_t inner) const;

  NameMap names(NameKind kind) const;                   // For kinds that are not indirect.
  IndirectNameMap indirect_names(NameKind kind) const;  // For Local, Label and Field.

 private:
  base::ByteReader subsection(NameKind kind) const;

  base::ByteSpan bytes_;
};

}  // namespace wherry::decode
