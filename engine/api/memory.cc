// Memories of the public API.
#include "wherry/memory.h"

#include <cstring>

#include "engine/api/errors.h"
#include "engine/api/handles.h"
#include "engine/api/types.h"

namespace wherry {

Result<Memory> Memory::create(StoreRef store, const MemoryType& type) {
  detail::StoreState* state = StoreAccess::state(store);
  if (state == nullptr) {
    return api::no_store();
  }
  WHERRY_ASSIGN_OR_RETURN(const wasm::MemoryType wanted, api::to_engine(type));
  const runtime::LinearMemory* made = WHERRY_TRY_PUBLIC(state->runtime->add_memory(wanted));
  return api::make_handle<Memory>(*state, state->runtime->handle_of(made));
}

Result<MemoryType> Memory::type(StoreRef store) const {
  return api::to_public(WHERRY_FIND(store, *this, "memory")->current_type());
}

Result<uint64_t> Memory::size(StoreRef store) const {
  return WHERRY_FIND(store, *this, "memory")->size_bytes();
}

Result<uint64_t> Memory::pages(StoreRef store) const { return WHERRY_FIND(store, *this, "memory")->pages(); }

Result<uint64_t> Memory::grow(StoreRef store, uint64_t delta) const {
  runtime::LinearMemory* const memory = WHERRY_FIND(store, *this, "memory");
  uint64_t previous = 0;
  switch (memory->grow(delta, &previous)) {
    case runtime::LinearMemory::Growth::Done: return previous;
    case runtime::LinearMemory::Growth::OutOfMemory: return Error::out_of_memory();
    case runtime::LinearMemory::Growth::Refused: break;
  }
  return Error::make(ErrorKind::Limit, "a memory of " + std::to_string(previous) + " pages cannot grow by " +
                                           std::to_string(delta));
}

Result<MemoryView> Memory::view(StoreRef store) const {
  const runtime::LinearMemory* memory = WHERRY_FIND(store, *this, "memory");
  if (memory->is_shared()) {
    return api::no_view_of_shared();
  }
  return HandleAccess::view(memory->base(), memory->size_bytes());
}

Result<std::span<uint8_t>> Memory::data(StoreRef store) const {
  WHERRY_ASSIGN_OR_RETURN(const MemoryView all, view(store));
  return all.bytes(0, all.size());
}

Result<void> Memory::read(StoreRef store, uint64_t address, std::span<uint8_t> target) const {
  if (WHERRY_FIND(store, *this, "memory")->is_shared()) {
    WHERRY_ASSIGN_OR_RETURN(const SharedMemory shared, SharedMemory::of(store, *this));
    return shared.read(address, target);
  }
  WHERRY_ASSIGN_OR_RETURN(const MemoryView all, view(store));
  WHERRY_ASSIGN_OR_RETURN(const std::span<uint8_t> source, all.bytes(address, target.size()));
  if (!target.empty()) {
    std::memcpy(target.data(), source.data(), source.size());
  }
  return {};
}

Result<void> Memory::write(StoreRef store, uint64_t address, Bytes source) const {
  if (WHERRY_FIND(store, *this, "memory")->is_shared()) {
    WHERRY_ASSIGN_OR_RETURN(const SharedMemory shared, SharedMemory::of(store, *this));
    return shared.write(address, source);
  }
  WHERRY_ASSIGN_OR_RETURN(const MemoryView all, view(store));
  return all.write_bytes(address, source);
}

}  // namespace wherry
