#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/base/arena.h"
#include "engine/base/vector.h"
#include "engine/text/print.h"

// Names of a file to identifiers of a text.
namespace wherry::text {

// The identifiers of one index space: unique, not empty, valid UTF-8. The first item of several with one name keeps
// it; another gets `#func7<name>`.
class NameTable {
 public:
  // Takes the names below `count`; `kind` goes into made-up identifiers, which live in `arena`. Replaces what was
  // there. False when out of memory.
  [[nodiscard]] bool build(std::span<const Name> names, uint64_t count, std::string_view kind,
                           base::Arena& arena);

  // Forgets the names from `count` on.
  void limit(uint64_t count) {
    if (count < ids_.size()) ids_.truncate(count);
  }

  bool empty() const { return ids_.empty(); }
  // Empty: it has none and goes by its index.
  std::string_view id(uint64_t index) const { return index < ids_.size() ? ids_[index] : std::string_view(); }

 private:
  base::Vector<std::string_view> ids_;
  base::Vector<Name> kept_;
  base::Vector<uint32_t> order_;  // Positions in kept_, by text.
};

// Names of fields, by type and field; unique within their type. Those of what is no field of a structure are left out.
class FieldNames {
 public:
  [[nodiscard]] bool build(std::span<const InnerName> names, std::span<const wasm::SubType> types,
                           base::Arena& arena);
  std::string_view id(uint32_t type, uint32_t field) const;

 private:
  base::Vector<InnerName> ids_;
};

// The labels of one function. Blocks may share a name; `reference` answers it only where it means the block meant.
class LabelNames {
 public:
  // Begins a function; its names must outlive it.
  [[nodiscard]] bool begin(std::span<const InnerName> names);
  // A block opens: its name, or nothing. Pops answer in reverse order.
  [[nodiscard]] bool push(std::string_view* name);
  void pop();
  uint64_t depth() const { return open_.size(); }
  // What to call the label that is `distance` blocks out; empty: by number.
  std::string_view reference(uint64_t distance) const;

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};
  struct Open {
    uint32_t text;      // Which distinct name, or kNone.
    uint32_t shadowed;  // The block (as a height) that had this name before.
  };
  struct Distinct {
    std::string_view text;
    uint32_t nearest;  // The height of the innermost open block of that name, or kNone.
  };
  std::span<const InnerName> names_;
  uint32_t next_ = 0;             // In names_.
  uint32_t blocks_ = 0;           // Opened so far.
  base::Vector<uint32_t> which_;  // For each of names_, its place in distinct_.
  base::Vector<Distinct> distinct_;
  base::Vector<Open> open_;
};

}  // namespace wherry::text
