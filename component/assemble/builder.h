#pragma once

#include "component/assemble/world.h"
#include "component/wit/encode.h"

namespace wherry::component::assemble {

// Writes the component of which the parts and their world are known.
class Builder {
 public:
  // The main module is the first part.
  Builder(World& world, std::span<Part> parts) : world_(world), parts_(parts), encoder_(world.model, out_) {}

  Outcome<base::Vector<uint8_t>> run();

 private:
  // A function that the shim stands for until it exists.
  struct Slot {
    uint32_t part = 0;
    uint32_t need = kNone;  // Of the part: a lowered function. Else an export of it:
    std::string_view export_name = {};
  };
  // The indices of what a part has, made when they are first asked for.
  struct Instance {
    uint32_t index = kNone;
    uint32_t import_realloc = kNone;
    uint32_t export_realloc = kNone;
  };

  const Part& main() const { return parts_[0]; }
  Outcome<void> make_imports();
  Outcome<void> make_modules();
  Outcome<void> assign_slots();
  Outcome<void> add_slot(const Slot& slot, const wasm::FuncType& type);
  Outcome<void> make_shim();
  Outcome<void> make_own_resources();
  Outcome<void> instantiate(uint32_t part);
  Outcome<void> make_fixup();
  Outcome<void> make_start();

  Outcome<uint32_t> supply(uint32_t part, const Need& need);
  Outcome<uint32_t> lower(uint32_t part, const Need& need);
  uint32_t slot_function(uint32_t slot);
  uint32_t imported_function(const Meaning& meaning);
  enum class Purpose : uint8_t { Import, Export };
  // The part that has a realloc for `part`, and its export; null if there is none.
  const wasm::Export* find_realloc(uint32_t part, Purpose purpose, uint32_t* owner) const;
  Outcome<EncodedOptions> options(uint32_t part, const Shapes::Shape& shape, Purpose purpose,
                                  std::string_view what);

  // ---- exports (component/assemble/exports.cc)

  struct Lifted {
    std::string_view name;
    uint32_t func = 0;
    const wit::Function* function = nullptr;
  };
  // The part that has an export and the export itself; null if none has it.
  const wasm::Export* find_owner(std::string_view name, uint32_t* part) const;
  Outcome<void> make_exports();
  Outcome<uint32_t> lift(const wit::WorldItem& item, const wit::Function& function, uint32_t type);
  Outcome<void> export_interface(const wit::WorldItem& item);
  Outcome<uint32_t> wrap(const wit::Interface& interface, const wit::WorldEncoder::TypeMap& types,
                         std::span<const Lifted> functions);

  World& world_;
  std::span<Part> parts_;
  ComponentEncoder out_;
  wit::WorldEncoder encoder_;
  Shapes shapes_;
  base::Vector<uint32_t> imported_;     // By the world's imports: instance, function or type.
  base::Vector<uint32_t> resources_;    // By wit::TypeId: of the component's own,
  base::Vector<uint32_t> destructors_;  // and the slot of what drops its representation.
  base::Vector<Slot> slots_;
  base::Vector<wasm::FuncType> slot_types_;
  base::Vector<uint32_t> modules_;    // By part.
  base::Vector<Instance> instances_;  // By part.
  uint32_t shim_ = kNone;
  uint32_t memory_ = kNone;
};

}  // namespace wherry::component::assemble
