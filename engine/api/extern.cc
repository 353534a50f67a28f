// Tables, globals and tags of the public API.
#include "wherry/extern.h"

#include "engine/api/calls.h"
#include "engine/api/errors.h"
#include "engine/api/handles.h"
#include "engine/api/types.h"
#include "engine/api/values.h"

namespace wherry {

namespace {

// Keeps a defined type alive for as long as the store, by way of a function type that mentions it.
Result<void> keep_type(detail::StoreState& state, ValType type) {
  if (!type.is_reference() || type.heap() != HeapKind::Defined) {
    return {};
  }
  WHERRY_ASSIGN_OR_RETURN(wasm::TypeSet types,
                          api::add_type(EngineAccess::state(state.engine)->types, {{&type, 1}, {}}));
  WHERRY_TRY_PUBLIC(state.runtime->keep_types(std::move(types)));
  return {};
}

Error out_of_table(uint64_t) { return Error::trap(TrapCode::TableOutOfBounds); }

}  // namespace

// ---- Table

Result<Table> Table::create(StoreRef store, const TableType& type, const Val& initial) {
  detail::StoreState* state = StoreAccess::state(store);
  if (state == nullptr) {
    return api::no_store();
  }
  WHERRY_ASSIGN_OR_RETURN(const wasm::TableType wanted, api::to_engine(type));
  uint64_t slot = 0;
  WHERRY_RETURN_IF_ERROR(api::store_val(store, wanted.element, initial, &slot));
  WHERRY_RETURN_IF_ERROR(keep_type(*state, type.element));
  const runtime::Table* made = WHERRY_TRY_PUBLIC(state->runtime->add_table(wanted, slot));
  return api::make_handle<Table>(*state, runtime::Store::handle_of(made));
}

Result<TableType> Table::type(StoreRef store) const {
  return api::to_public(WHERRY_FIND(store, *this, "table")->current_type());
}

Result<uint64_t> Table::size(StoreRef store) const { return WHERRY_FIND(store, *this, "table")->size(); }

Result<Val> Table::get(StoreRef store, uint64_t index) const {
  runtime::Table* const table = WHERRY_FIND(store, *this, "table");
  const abi::Ref* element = table->range(index, 1);
  if (element == nullptr) {
    return out_of_table(index);
  }
  return api::load_val(store, table->type().element, element);
}

Result<void> Table::set(StoreRef store, uint64_t index, const Val& value) const {
  runtime::Table* const table = WHERRY_FIND(store, *this, "table");
  abi::Ref* element = table->range(index, 1);
  if (element == nullptr) {
    return out_of_table(index);
  }
  return api::store_val(store, table->type().element, value, element);
}

Result<uint64_t> Table::grow(StoreRef store, uint64_t delta, const Val& initial) const {
  runtime::Table* const table = WHERRY_FIND(store, *this, "table");
  uint64_t slot = 0;
  WHERRY_RETURN_IF_ERROR(api::store_val(store, table->type().element, initial, &slot));
  uint64_t previous = 0;
  switch (table->grow(delta, slot, &previous)) {
    case runtime::Table::Growth::Done: return previous;
    case runtime::Table::Growth::OutOfMemory: return Error::out_of_memory();
    case runtime::Table::Growth::Refused: break;
  }
  return Error::make(ErrorKind::Limit, "a table of " + std::to_string(previous) +
                                           " elements cannot grow by " + std::to_string(delta));
}

// ---- Global

Result<Global> Global::create(StoreRef store, const GlobalType& type, const Val& value) {
  detail::StoreState* state = StoreAccess::state(store);
  if (state == nullptr) {
    return api::no_store();
  }
  const wasm::GlobalType wanted = api::to_engine(type);
  uint64_t slots[2] = {};
  WHERRY_RETURN_IF_ERROR(api::store_val(store, wanted.content, value, slots));
  WHERRY_RETURN_IF_ERROR(keep_type(*state, type.content));
  const runtime::Global* made = WHERRY_TRY_PUBLIC(state->runtime->add_global(wanted, slots));
  return api::make_handle<Global>(*state, runtime::Store::handle_of(made));
}

Result<GlobalType> Global::type(StoreRef store) const {
  return api::to_public(WHERRY_FIND(store, *this, "global")->type());
}

Result<Val> Global::get(StoreRef store) const {
  const runtime::Global* global = WHERRY_FIND(store, *this, "global");
  return api::load_val(store, global->content(), global->slots());
}

Result<void> Global::set(StoreRef store, const Val& value) const {
  const runtime::Global* global = WHERRY_FIND(store, *this, "global");
  if (!global->type().is_mutable) {
    return Error::usage("a constant global cannot be changed");
  }
  return api::store_val(store, global->content(), value, global->slots());
}

// ---- Tag

Result<Tag> Tag::create(StoreRef store, const TagType& type) {
  detail::StoreState* state = StoreAccess::state(store);
  if (state == nullptr) {
    return api::no_store();
  }
  WHERRY_ASSIGN_OR_RETURN(wasm::TypeSet types,
                          api::add_type(EngineAccess::state(state->engine)->types, {type.params, {}}));
  const wasm::CanonType& canonical = types[wasm::TypeIndex(0)];
  WHERRY_TRY_PUBLIC(state->runtime->keep_types(std::move(types)));
  const runtime::Tag* made = WHERRY_TRY_PUBLIC(state->runtime->add_tag(canonical));
  return api::make_handle<Tag>(*state, runtime::Store::handle_of(made));
}

Result<TagType> Tag::type(StoreRef store) const {
  return TagType{api::to_public_func(WHERRY_FIND(store, *this, "tag")->type()).params};
}

// ---- Extern

Result<ExternType> Extern::type(StoreRef store) const {
  WHERRY_ASSIGN_OR_RETURN(const runtime::ExternValue value, api::to_engine(store, *this));
  return api::to_public(runtime::type_of(value));
}

}  // namespace wherry
