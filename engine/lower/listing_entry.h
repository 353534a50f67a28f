#pragma once

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <string>
#include <vector>

#include "engine/lower/listing.h"

// What the files of the listing share: a handler as it was found in the table, and the line being written.
namespace wherry::lower {

using wasm::Op;

enum class Form : uint8_t {
  Binary,
  Unary,
  CompareBranch,
  Load,
  LoadIndexed,
  Store,
  StoreIndexed,
  LoadAny,
  StoreAny,
  Select,
  Move,
  MoveConst,
  MoveFloat,
  LoadPins,
  Move2,
  MoveWide,
  MoveUp,
  GlobalGet,
  GlobalSet,
  Branch,
  BranchIf,
  BrTable,
  Unreachable,
  Call,
  CallImport,
  CallIndirect,
  CallRef,
  ReturnCall,
  ReturnCallImport,
  ReturnCallIndirect,
  ReturnCallRef,
  ReturnNone,
  ReturnOne,
  ReturnFloat,
  ReturnMany,
  CanonicalNan,
  Fuel,
  Interrupt,
  Observe,
  Other,
  Vector,  // By the shape of its op; the rest are those without one.
  VectorIndexed,
  VectorAny,
  VectorPin,
  VectorMove,
  VectorSelect,
  VectorGlobalGet,
  VectorGlobalSet,
  VectorReturn,
  WideEnter,
  WideLeave,
  WideShrink,
  FieldGet,  // Of objects; the others are in Other.
  FieldSet,
  ElementGet,
  ElementSet,
  Look,
  Cast,
  BranchCast,
  StructNew,
};

struct Entry {
  Handler handler = 0;
  Form form = Form::Other;
  Op op = Op::Nop;
  From a = From::Slot;
  From b = From::Slot;
  From c = From::Slot;
  To to = To::Slot;
  bool flag = false;    // Sense of a branch, imported, is_64, subtypes, f64.
  uint32_t joined = 0;  // How many instructions a joined handler does; the rest is about the first of them.
};

inline std::string text(const char* format, auto... values) {
  char buffer[96];
  std::snprintf(buffer, sizeof buffer, format, values...);
  return buffer;
}

template <class Action>
void each_from(Action action) {
  for (uint32_t i = 0; i < kFromCount; ++i) action(static_cast<From>(i), i);
}
template <class Action>
void each_to(Action action) {
  for (uint32_t i = 0; i < kToCount; ++i) action(static_cast<To>(i), i);
}

struct Listing::Impl {
  std::vector<Entry> entries;

  void add(Handler handler, Entry entry) {
    if (handler == 0) return;
    entry.handler = address_in(handler);
    entries.push_back(entry);
  }
  void add_families(const HandlerTable& table);
  void add_rest(const HandlerTable& table);
  void add_objects(const HandlerTable& table);
  void add_joined(const HandlerTable& table);
  void sort() {
    std::sort(entries.begin(), entries.end(),
              [](const Entry& left, const Entry& right) { return left.handler < right.handler; });
  }
  void add_vectors(const VectorHandlers& table);
  void add_vector_accesses(const VectorHandlers& table);
  const Entry* find(Handler handler) const {
    const auto at =
        std::lower_bound(entries.begin(), entries.end(), handler,
                         [](const Entry& entry, Handler wanted) { return entry.handler < wanted; });
    return at != entries.end() && at->handler == handler ? &*at : nullptr;
  }
};

// One instruction being put into words; reads constants behind the operand word in order.
class Line {
 public:
  Line(const Entry& entry, std::span<const Cell> cells, uint32_t position)
      : entry_(entry), cells_(cells), position_(position), next_(position + 2) {}

  std::string write();
  uint32_t length() const { return next_ - position_; }

 private:
  Cell word(uint32_t at) const { return at < cells_.size() ? cells_[at] : 0; }
  std::string operand(From from, uint16_t slot) {
    switch (from) {
      case From::Slot: return text("s%u", slot);
      case From::Const: return text("%" PRId64, static_cast<int64_t>(word(next_++)));
      case From::Acc: return "acc";
      case From::Pin0: return "p0";
      case From::Pin1: return "p1";
    }
    return {};
  }
  std::string to(uint16_t slot) const {
    switch (entry_.to) {
      case To::Slot: return text(" -> s%u", slot);
      case To::Acc: return " -> acc";
      case To::Pin0: return text(" -> s%u p0", slot);
      case To::Pin1: return text(" -> s%u p1", slot);
    }
    return {};
  }
  std::string label(int32_t distance) const {
    return text(" @%d", static_cast<int32_t>(position_) + distance);
  }
  std::string name() const;
  std::string write_memory();
  std::string write_branch();
  std::string write_call();
  std::string write_object();
  std::string vector_operand(From from, uint16_t slot);
  std::string write_vector();
  std::string write_vector_access();

  const Entry& entry_;
  std::span<const Cell> cells_;
  uint32_t position_;
  uint32_t next_;
};

}  // namespace wherry::lower
