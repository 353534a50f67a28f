// What surrounds the bodies of a generated module: a handful of signatures, host functions, memories, tables, globals and
// segments. Sizes are small on purpose: what can go wrong in lowering goes wrong with three of a kind.
#include "tests/fuzz/generate_module.h"

#include <algorithm>
#include <string>

namespace wherry::fuzz {

void Writer::unsigned_leb(uint64_t value) {
  while (value >= 0x80) {
    byte((value & 0x7f) | 0x80);
    value >>= 7;
  }
  byte(static_cast<uint32_t>(value));
}

void Writer::signed_leb(int64_t value) {
  for (;;) {
    const auto low = static_cast<uint32_t>(value & 0x7f);
    value >>= 7;
    if ((value == 0 && (low & 0x40) == 0) || (value == -1 && (low & 0x40) != 0)) return byte(low);
    byte(low | 0x80);
  }
}

void Writer::raw(const void* bytes, size_t count) {
  const auto* begin = static_cast<const uint8_t*>(bytes);
  bytes_.insert(bytes_.end(), begin, begin + count);
}

uint32_t Plan::index_of(const Signature& signature) {
  const auto found = std::find(signatures.begin(), signatures.end(), signature);
  if (found != signatures.end()) return static_cast<uint32_t>(found - signatures.begin());
  signatures.push_back(signature);
  return static_cast<uint32_t>(signatures.size() - 1);
}

bool Plan::admit(const Signature& signature) {
  if (std::find(block_types.begin(), block_types.end(), signature) != block_types.end()) return true;
  if (block_types.size() >= kMostBlockTypes) return false;
  block_types.push_back(signature);
  return true;
}

bool Plan::is_subtype(Type type, Type super) const {
  if (type == super) return true;
  if (!is_internal(type) || !is_internal(super)) return false;
  if (super == kAnyRef) return true;
  if (super == kEqRef) return type != kAnyRef;
  if (!is_aggregate(type)) return false;
  if (super == kStructRef) return !aggregates[type].is_array;
  if (super == kArrayRef) return aggregates[type].is_array;
  const uint32_t above = aggregates[type].super;
  return above != Aggregate::kNone && is_subtype(static_cast<Type>(above), super);
}

namespace {

constexpr Type kInternal[] = {kAnyRef, kEqRef, kI31Ref, kStructRef, kArrayRef};

Type choose_storage(Decisions& decisions, Features features, uint32_t aggregates) {
  static constexpr Type kChoices[] = {kI8,  kI16, kI32,     kI32,       kI64,    kI64,   kF32,
                                      kF64, kF64, kFuncRef, kExternRef, kAnyRef, kEqRef, kI31Ref};
  const uint32_t choice = decisions.below(20);
  if (choice < std::size(kChoices)) return kChoices[choice];
  if (choice == 19 && features.simd) return kV128;
  return static_cast<Type>(decisions.below(aggregates));
}

// Type 0 is an open structure, type 1 an array of numbers.
std::vector<Aggregate> choose_aggregates(Decisions& decisions, Features features) {
  std::vector<Aggregate> aggregates(3 + decisions.below(kMostAggregates - 2));
  const auto count = static_cast<uint32_t>(aggregates.size());
  for (uint32_t i = 0; i < count; ++i) {
    Aggregate& made = aggregates[i];
    made.is_array = i == 1 || (i != 0 && decisions.once_in(3));
    made.is_open = i == 0 || !decisions.once_in(4);
    const uint32_t super = i < 2 ? 0 : decisions.below(i);
    const Aggregate& above = aggregates[super];
    if (i >= 2 && above.is_open && above.is_array == made.is_array && !decisions.once_in(4)) {
      made.super = super;
      made.fields = above.fields;
    }
    if (made.is_array && !made.fields.empty()) continue;
    const uint32_t more = made.is_array ? 1 : decisions.below(4) + (i == 0);
    for (uint32_t field = 0; field < more; ++field) {
      static constexpr Type kNumbers[] = {kI8, kI16, kI32, kI64, kF32, kF64};
      const Type storage = i == 1 ? kNumbers[decisions.below(std::size(kNumbers))]
                                  : choose_storage(decisions, features, count);
      made.fields.push_back({storage, !decisions.once_in(8)});
    }
  }
  return aggregates;
}

Type choose_type(Decisions& decisions, Features features) {
  static constexpr Type kChoices[] = {kI32, kI32, kI32, kI32, kI64, kI64, kI64,     kF64,
                                      kF64, kF32, kF32, kI32, kI64, kI32, kFuncRef, kExternRef};
  if (features.simd && decisions.once_in(8)) return kV128;
  if (features.gc && decisions.once_in(5)) {
    const uint32_t choice = decisions.below(8);  // There are three aggregates at least.
    return choice < std::size(kInternal) ? kInternal[choice]
                                         : static_cast<Type>(choice - std::size(kInternal));
  }
  return kChoices[decisions.below(16)];
}

Types choose_types(Decisions& decisions, Features features, uint32_t most) {
  Types types(decisions.below(most + 1));
  for (Type& type : types) type = choose_type(decisions, features);
  return types;
}

class Assembler {
 public:
  Assembler(const Plan& plan, const std::vector<Writer>& bodies) : plan_(plan), bodies_(bodies) {}

  std::vector<uint8_t> run() {
    out_.raw("\0asm\1\0\0\0", 8);
    types();
    imports();
    functions();
    tables();
    memories();
    tags();
    globals();
    exports();
    elements();
    section_.unsigned_leb(plan_.data_segments());
    end_section(12);
    code();
    data();
    return out_.take();
  }

 private:
  uint32_t own_functions() const {
    return static_cast<uint32_t>(plan_.functions.size()) - plan_.host_functions;
  }
  uint32_t imported_globals() const {
    return static_cast<uint32_t>(
        std::count_if(plan_.globals.begin(), plan_.globals.end(), [](const auto& g) { return g.imported; }));
  }

  void end_section(uint32_t id) {
    out_.byte(id);
    out_.unsigned_leb(section_.size());
    out_.append(section_);
    section_ = Writer();
  }

  void types() {
    section_.unsigned_leb(plan_.signatures.size() + !plan_.aggregates.empty());
    if (!plan_.aggregates.empty()) {
      section_.byte(0x4e);
      section_.unsigned_leb(plan_.aggregates.size());
      for (const Aggregate& aggregate : plan_.aggregates) aggregate_type(aggregate);
    }
    for (const Signature& signature : plan_.signatures) {
      section_.byte(0x60);
      section_.types(signature.params);
      section_.types(signature.results);
    }
    end_section(1);
  }

  void aggregate_type(const Aggregate& aggregate) {
    if (aggregate.is_open || aggregate.super != Aggregate::kNone) {
      section_.byte(aggregate.is_open ? 0x50 : 0x4f);
      section_.unsigned_leb(aggregate.super != Aggregate::kNone);
      if (aggregate.super != Aggregate::kNone) section_.unsigned_leb(aggregate.super);
    }
    section_.byte(aggregate.is_array ? 0x5e : 0x5f);
    if (!aggregate.is_array) section_.unsigned_leb(aggregate.fields.size());
    for (const Aggregate::Field& field : aggregate.fields) {
      section_.value_type(field.storage);
      section_.byte(field.is_variable);
    }
  }

  void imports() {
    section_.unsigned_leb(plan_.host_functions + imported_globals());
    for (uint32_t i = 0; i < plan_.host_functions; ++i) {
      section_.name("host");
      section_.name("f" + std::to_string(i));
      section_.byte(0);
      section_.unsigned_leb(plan_.type_number(plan_.functions[i]));
    }
    for (uint32_t i = 0; i < imported_globals(); ++i) {
      section_.name("host");
      section_.name("g" + std::to_string(i));
      section_.byte(3);
      section_.value_type(plan_.globals[i].type);
      section_.byte(1);
    }
    end_section(2);
  }

  void functions() {
    section_.unsigned_leb(own_functions());
    for (size_t i = plan_.host_functions; i < plan_.functions.size(); ++i) {
      section_.unsigned_leb(plan_.type_number(plan_.functions[i]));
    }
    end_section(3);
  }

  void tables() {
    section_.byte(2);
    section_.byte(kFuncRef);
    section_.byte(plan_.tables_are_64 ? 5 : 1);
    section_.unsigned_leb(plan_.table_size);
    section_.unsigned_leb(plan_.table_size + 10);
    section_.byte(kExternRef);
    section_.byte(plan_.tables_are_64 ? 4 : 0);
    section_.unsigned_leb(kTable1Size);
    end_section(4);
  }

  void memories() {
    section_.unsigned_leb(plan_.memories);
    section_.byte(plan_.memory_is_64 ? 5 : 1);
    section_.raw("\1\3", 2);
    for (uint32_t i = 1; i < plan_.memories; ++i) section_.raw("\1\1\2", 3);
    end_section(5);
  }

  void tags() {
    if (plan_.tags.empty()) return;
    section_.unsigned_leb(plan_.tags.size());
    for (const uint32_t tag : plan_.tags) {
      section_.byte(0);
      section_.unsigned_leb(plan_.type_number(tag));
    }
    end_section(13);
  }

  void globals() {
    section_.unsigned_leb(plan_.globals.size() + 2 - imported_globals());
    for (size_t i = imported_globals(); i < plan_.globals.size(); ++i) {
      const Type type = plan_.globals[i].type;
      section_.value_type(type);
      section_.byte(1);
      switch (type) {
        // Extended: 7 as 3 * 5 - 8, -10 as 3 + -13.
        case kI32: section_.raw("\x41\x03\x41\x05\x6c\x41\x08\x6b", 8); break;
        case kI64: section_.raw("\x42\x03\x42\x73\x7c", 5); break;
        case kF32: section_.raw("\x43\0\0\x20\x41", 5); break;
        case kF64: section_.raw("\x44\0\0\0\0\0\0\xf8\x3f", 9); break;
        case kV128: section_.raw("\xfd\x0c\1\2\3\4\5\6\7\x88\0\0\x80\x7f\xff\xff\xff\xff", 18); break;
        case kFuncRef: section_.raw("\xd2\0", 2); break;
        case kExternRef: section_.raw("\xd0\x6f", 2); break;
        default: reference(type); break;
      }
      section_.byte(0x0b);
    }
    section_.raw("\x7e\1\x42\0\x0b", 5);
    // Constant, not exported: 40 - 5 * 8, for the offsets of segments.
    section_.raw("\x7f\0\x41\x28\x41\x05\x41\x08\x6c\x6b\x0b", 11);
    end_section(6);
  }

  // A constant expression for a reference; of what is abstract, the first type that fits.
  void reference(Type type) {
    if (type == kI31Ref || type == kAnyRef) return section_.raw("\x41\x85\x7f\xfb\x1c", 5);
    if (type == kExnRef) return section_.raw("\xd0\x69", 2);  // Not chosen.
    const uint32_t concrete = is_aggregate(type) ? type : type == kArrayRef ? 1 : 0;
    const bool is_array = plan_.aggregates[concrete].is_array;
    if (is_array) section_.raw("\x41\x05", 2);
    section_.byte(0xfb);
    section_.byte(is_array ? 7 : 1);
    section_.unsigned_leb(concrete);
  }

  void export_item(const std::string& name, uint32_t kind, size_t index) {
    section_.name(name + std::to_string(index));
    section_.byte(kind);
    section_.unsigned_leb(index);
  }

  void exports() {
    section_.unsigned_leb(own_functions() + 2 + plan_.memories + plan_.globals.size() + 1);
    for (size_t i = plan_.host_functions; i < plan_.functions.size(); ++i) export_item("f", 0, i);
    for (uint32_t i = 0; i < 2; ++i) export_item("t", 1, i);
    for (uint32_t i = 0; i < plan_.memories; ++i) export_item("m", 2, i);
    for (size_t i = 0; i <= plan_.globals.size(); ++i) export_item("g", 3, i);
    end_section(7);
  }

  void elements() {
    section_.unsigned_leb(kElementSegments);
    section_.byte(0);
    section_.byte(plan_.tables_are_64 ? 0x42 : 0x41);
    section_.raw("\0\x0b", 2);
    section_.unsigned_leb(plan_.functions.size());
    for (size_t i = 0; i < plan_.functions.size(); ++i) section_.unsigned_leb(i);
    section_.raw("\1\0", 2);
    section_.unsigned_leb(plan_.functions.size());
    for (size_t i = plan_.functions.size(); i-- > 0;) section_.unsigned_leb(i);
    end_section(9);
  }

  void code() {
    section_.unsigned_leb(bodies_.size());
    for (const Writer& body : bodies_) {
      section_.unsigned_leb(body.size());
      section_.append(body);
    }
    end_section(10);
  }

  void data() {
    section_.unsigned_leb(plan_.data_segments());
    section_.byte(1);
    bytes(0, kSegmentBytes);
    for (uint32_t i = 0; i < plan_.memories; ++i) {
      section_.raw("\2", 1);
      section_.unsigned_leb(i);
      if (i == 0 && plan_.memory_is_64) {
        section_.raw("\x42\0", 2);
      } else if (plan_.aggregates.empty()) {
        section_.raw("\x41\x05\x41\x05\x6b", 5);
      } else {  // A global of the module itself may be read since GC.
        section_.byte(0x23);
        section_.unsigned_leb(plan_.globals.size() + 1);
      }
      section_.byte(0x0b);
      bytes(i + 1, kNoiseBytes);
    }
    end_section(11);
  }

  void bytes(uint32_t which, uint32_t count) {
    section_.unsigned_leb(count);
    uint32_t state = which * 0x9e3779b9 + 1;
    for (uint32_t at = 0; at < count; ++at) {
      state = state * 1664525 + 1013904223;
      section_.byte(state >> 24);
    }
  }

  const Plan& plan_;
  const std::vector<Writer>& bodies_;
  Writer out_;
  Writer section_;
};

}  // namespace

Plan plan_module(Decisions& decisions, Features features) {
  Plan plan;
  if (features.gc) plan.aggregates = choose_aggregates(decisions, features);
  const uint32_t signatures = 2 + decisions.below(4);
  for (uint32_t i = 0; i < signatures; ++i) {
    plan.index_of({choose_types(decisions, features, 5), choose_types(decisions, features, 3)});
  }
  const auto signature_count = static_cast<uint32_t>(plan.signatures.size());
  plan.host_functions = decisions.below(3);
  const uint32_t functions = plan.host_functions + 2 + decisions.below(3);
  for (uint32_t i = 0; i < functions; ++i) plan.functions.push_back(decisions.below(signature_count));
  const uint32_t globals = 2 + decisions.below(4);
  const uint32_t imported = decisions.below(2);
  for (uint32_t i = 0; i < globals; ++i) {
    Type type = i == imported ? kI32 : choose_type(decisions, features);
    if (i < imported && !(type >= kF64 || type == kExternRef)) type = kI64;  // The host has no others.
    plan.globals.push_back({type, i < imported});
  }
  if (features.exceptions) {
    // At most two values each, which handlers hand to labels.
    for (uint32_t i = 0; i < 3; ++i) {
      plan.tags.push_back(plan.index_of({choose_types(decisions, features, i % 3), {}}));
    }
  }
  for (uint8_t& favourite : plan.favourites) favourite = decisions.byte();
  plan.favourite_type = static_cast<Type>(kF64 + decisions.below(4));
  plan.is_wild = decisions.once_in(3);
  plan.is_idiomatic = decisions.once_in(6);
  plan.memories = 1 + decisions.once_in(3);
  plan.memory_is_64 = decisions.once_in(8);
  plan.tables_are_64 = decisions.once_in(6);
  plan.table_size = functions + kTable0Nulls;
  return plan;
}

std::vector<uint8_t> assemble(const Plan& plan, const std::vector<Writer>& bodies) {
  return Assembler(plan, bodies).run();
}

}  // namespace wherry::fuzz
