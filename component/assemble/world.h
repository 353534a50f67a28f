#pragma once

#include "component/assemble/part.h"

namespace wherry::component::assemble {

// The world of all parts together, and the names by which core modules know what is in it.
class World {
 public:
  explicit World(wit::Model&& made) : model(std::move(made)) {}

  // False: out of memory.
  [[nodiscard]] bool index();

  const wit::World& world() const { return model.worlds[0]; }
  // What an import of this module and field means; false: nothing in this world. An interface is found also by the name of
  // an older version that it is compatible with.
  bool find(std::string_view module, std::string_view name, Meaning* meaning) const;
  // Why an import means nothing.
  std::string why_unknown(std::string_view module, std::string_view name) const;

  // The name of an import or export.
  std::string_view name_of(const wit::WorldItem& item);
  // The core name of an exported function: "run", "ns:pkg/iface#run".
  std::string_view export_name(const wit::WorldItem& item, const wit::Function& function);
  // The core name of what drops a resource's representation.
  std::string_view destructor_name(const wit::WorldItem& item, const wit::TypeDef& resource);

  // Marks what the parts' needs and the exports want of imports, and what follows from that.
  [[nodiscard]] bool mark(std::span<const Part> parts);
  std::span<const uint8_t> marked_types() const { return marked_types_.span(); }
  std::span<const uint8_t> marked_functions() const { return marked_functions_.span(); }
  // Whether anything of an import is in use.
  bool is_marked(const wit::WorldItem& item) const;

  wit::Model model;

 private:
  bool add(std::string_view module, std::string_view field, const Meaning& meaning);
  bool add_track(std::string_view module);
  bool index_import(uint32_t at);
  bool index_export(uint32_t at);
  void mark_function(const wit::Function& function, base::Vector<uint8_t>* types) const;
  void mark_parts_of_types(base::Vector<uint8_t>* types) const;

  text::NameMap names_;  // "module\nfield", into meanings_.
  text::NameMap modules_;
  text::NameMap tracks_;  // Compatible parts of names of imported interfaces, into newest_.
  base::Vector<std::string_view> newest_;
  base::Vector<Meaning> meanings_;
  base::Vector<uint8_t> marked_types_;
  base::Vector<uint8_t> marked_functions_;
};

}  // namespace wherry::component::assemble
