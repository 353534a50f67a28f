// What instances of a module share, worked out once: where the parts of a Context lie, canonical types as call_indirect
// compares them, and exports by name.
#include <new>

#include "engine/abi/layout.h"
#include "engine/instantiate/instantiate.h"
#include "engine/wasm/errors.h"

namespace wherry::instantiate {

base::Result<std::unique_ptr<const runtime::ModuleShape>> prepare_module(const validate::TypedModule& module,
                                                                         abi::CodeProvider* code,
                                                                         const runtime::MemoryImage* image) {
  const auto out_of_memory = [] { return base::fail(wasm::ErrorCode::OutOfMemory); };
  std::unique_ptr<runtime::ModuleShape> shape(new (std::nothrow) runtime::ModuleShape);
  if (shape == nullptr) return out_of_memory();
  shape->module = &module.module;
  shape->types = &module.types;
  shape->registry = module.registry;
  shape->code = code;
  shape->image = image;
  shape->global_types = module.global_types;
  shape->table_types = module.table_types;
  shape->element_types = module.element_types;
  shape->layout = abi::layout_of(module.module);
  shape->count_instance_bytes();
  if (!abi::global_offsets(module.module, shape->layout, &shape->global_offsets) ||
      !shape->type_table.reserve(module.types.size()) || !shape->index_exports()) {
    return out_of_memory();
  }
  for (uint32_t i = 0; i < module.types.size(); ++i) {
    const wasm::CanonType& type = module.types[wasm::TypeIndex(i)];
    (void)shape->type_table.push_back({abi::type_id_of(type.id), type.depth, &type});  // It has room.
  }
  return shape;
}

}  // namespace wherry::instantiate
