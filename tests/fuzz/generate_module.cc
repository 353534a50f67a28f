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

namespace {

Type choose_type(Decisions& decisions, Features features) {
  static constexpr Type kChoices[] = {kI32, kI32, kI32, kI32, kI64, kI64, kI64,     kF64,
                                      kF64, kF32, kF32, kI32, kI64, kI32, kFuncRef, kExternRef};
  if (features.simd && decisions.once_in(8)) return kV128;
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
    section_.unsigned_leb(plan_.data_segments);
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
    section_.unsigned_leb(plan_.signatures.size());
    for (const Signature& signature : plan_.signatures) {
      section_.byte(0x60);
      section_.types(signature.params);
      section_.types(signature.results);
    }
    end_section(1);
  }

  void imports() {
    section_.unsigned_leb(plan_.host_functions + imported_globals());
    for (uint32_t i = 0; i < plan_.host_functions; ++i) {
      section_.name("host");
      section_.name("f" + std::to_string(i));
      section_.byte(0);
      section_.unsigned_leb(plan_.functions[i]);
    }
    for (uint32_t i = 0; i < imported_globals(); ++i) {
      section_.name("host");
      section_.name("g" + std::to_string(i));
      section_.byte(3);
      section_.byte(plan_.globals[i].type);
      section_.byte(1);
    }
    end_section(2);
  }

  void functions() {
    section_.unsigned_leb(own_functions());
    for (size_t i = plan_.host_functions; i < plan_.functions.size(); ++i) {
      section_.unsigned_leb(plan_.functions[i]);
    }
    end_section(3);
  }

  void tables() {
    section_.byte(2);
    section_.raw("\x70\x01", 2);
    section_.unsigned_leb(plan_.table_size);
    section_.unsigned_leb(plan_.table_size + 10);
    section_.raw("\x6f\x00", 2);
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
      section_.unsigned_leb(tag);
    }
    end_section(13);
  }

  void globals() {
    section_.unsigned_leb(plan_.globals.size() - imported_globals());
    for (size_t i = imported_globals(); i < plan_.globals.size(); ++i) {
      const Type type = plan_.globals[i].type;
      section_.byte(type);
      section_.byte(1);
      switch (type) {
        case kI32: section_.raw("\x41\x07", 2); break;
        case kI64: section_.raw("\x42\x76", 2); break;
        case kF32: section_.raw("\x43\0\0\x20\x41", 5); break;
        case kF64: section_.raw("\x44\0\0\0\0\0\0\xf8\x3f", 9); break;
        case kV128: section_.raw("\xfd\x0c\1\2\3\4\5\6\7\x88\0\0\x80\x7f\xff\xff\xff\xff", 18); break;
        case kFuncRef: section_.raw("\xd2\0", 2); break;
        case kExnRef: section_.raw("\xd0\x69", 2); break;  // Not chosen.
        case kExternRef: section_.raw("\xd0\x6f", 2); break;
      }
      section_.byte(0x0b);
    }
    end_section(6);
  }

  void export_item(const std::string& name, uint32_t kind, size_t index) {
    section_.name(name + std::to_string(index));
    section_.byte(kind);
    section_.unsigned_leb(index);
  }

  void exports() {
    section_.unsigned_leb(own_functions() + 2 + plan_.memories + plan_.globals.size());
    for (size_t i = plan_.host_functions; i < plan_.functions.size(); ++i) export_item("f", 0, i);
    for (uint32_t i = 0; i < 2; ++i) export_item("t", 1, i);
    for (uint32_t i = 0; i < plan_.memories; ++i) export_item("m", 2, i);
    for (size_t i = 0; i < plan_.globals.size(); ++i) export_item("g", 3, i);
    end_section(7);
  }

  void elements() {
    section_.unsigned_leb(kElementSegments);
    section_.raw("\0\x41\0\x0b", 4);
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
    section_.unsigned_leb(plan_.data_segments);
    for (uint32_t i = 0; i < plan_.data_segments; ++i) {
      if (i == 0) {
        section_.raw("\0", 1);
        section_.byte(plan_.memory_is_64 ? 0x42 : 0x41);
        section_.raw("\x10\x0b", 2);
      } else {
        section_.byte(1);
      }
      section_.unsigned_leb(kSegmentBytes);
      for (uint32_t at = 0; at < kSegmentBytes; ++at) section_.byte((at * 37 + i * 11 + (at >> 3)) & 0xff);
    }
    end_section(11);
  }

  const Plan& plan_;
  const std::vector<Writer>& bodies_;
  Writer out_;
  Writer section_;
};

}  // namespace

Plan plan_module(Decisions& decisions, Features features) {
  Plan plan;
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
    if (i < imported && type == kFuncRef) type = kI64;  // Not null unless the host has functions.
    plan.globals.push_back({type, i < imported});
  }
  if (features.exceptions) {
    // At most two values each, which handlers hand to labels.
    for (uint32_t i = 0; i < 3; ++i) {
      plan.tags.push_back(plan.index_of({choose_types(decisions, features, i % 3), {}}));
    }
  }
  plan.memories = 1 + decisions.once_in(4);
  plan.memory_is_64 = decisions.once_in(8);
  plan.table_size = functions + kTable0Nulls;
  return plan;
}

std::vector<uint8_t> assemble(const Plan& plan, const std::vector<Writer>& bodies) {
  return Assembler(plan, bodies).run();
}

}  // namespace wherry::fuzz
