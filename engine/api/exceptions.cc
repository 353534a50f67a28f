// Exceptions on their way to the host and from it.
//
// An Error refers to no store, so it cannot give up the root that keeps its exception when it ends. It shares a count
// with the store instead, which looks, whenever so many roots have come together again, which of them only it still holds.
// Rejected: exceptions that live as long as the store (a server would fill up with them), and handles that the embedder
// has to release whether he looked at the exception or not.
//
// An exception that passes through a host function keeps the backtrace of where it was thrown.
#include "engine/api/exceptions.h"

#include <cinttypes>
#include <cstdio>

#include "engine/abi/heap.h"
#include "engine/api/calls.h"
#include "engine/api/errors.h"
#include "engine/api/handles.h"
#include "engine/api/stack.h"
#include "engine/api/values.h"
#include "engine/decode/name_section.h"
#include "wherry/exception.h"

namespace wherry {

namespace api {

namespace {

// A root that stays until it is disowned. False: no memory.
bool own(runtime::Heap& heap, abi::Ref ref, runtime::RootId* root) {
  runtime::Roots& roots = heap.roots();
  const size_t scope = roots.open_scope();
  const bool done = roots.hold(ref, root) && roots.own(*root);
  roots.close_scope(scope);
  return done;
}

}  // namespace

std::shared_ptr<const Thrown> ThrownList::add(runtime::Heap& heap, abi::Ref ref) {
  runtime::RootId root;
  return own(heap, ref, &root) ? adopt(heap, root) : nullptr;
}

std::shared_ptr<const Thrown> ThrownList::adopt(runtime::Heap& heap, runtime::RootId root) {
  if (all_.size() >= sweep_at_) {
    sweep(heap);
  }
  return all_.emplace_back(std::make_shared<Thrown>(Thrown{root}));
}

void ThrownList::sweep(runtime::Heap& heap) {
  std::erase_if(all_, [&heap](const std::shared_ptr<const Thrown>& thrown) {
    const bool is_last = thrown.use_count() == 1;
    if (is_last) {
      heap.roots().disown(thrown->root);
    }
    return is_last;
  });
  sweep_at_ = 2 * all_.size() + 8;
}

namespace {

constexpr size_t kShownArguments = 8;
constexpr size_t kNameBytes = 256;

const abi::ExceptionObject& exception_at(abi::Ref ref) {
  return *reinterpret_cast<const abi::ExceptionObject*>(ref);
}

const runtime::Tag& tag_of(const abi::ExceptionObject& exception) {
  // SAFETY: only Heap::allocate_exception makes these, with a tag of the store.
  return *static_cast<const runtime::Tag*>(exception.tag);
}

ExnRef handle_of_root(const detail::StoreState& state, runtime::RootId root) {
  return HandleAccess::make<ExnRef>({state.id, root.index, root.generation});
}

// Null if the handle means nothing in this store.
const abi::Ref* find_exception(StoreRef store, ExnRef exception) {
  const detail::Handle handle = HandleAccess::of(exception);
  detail::StoreState* const state = owner_of(store, handle);
  return state == nullptr ? nullptr : state->runtime->heap().roots().find({handle.index, handle.generation});
}

Result<const abi::ExceptionObject*> object_of(StoreRef store, ExnRef exception) {
  const abi::Ref* const ref = find_exception(store, exception);
  if (ref == nullptr) {
    return invalid_handle(store, HandleAccess::of(exception), "exception");
  }
  return &exception_at(*ref);
}

// What the name section calls a tag, else what it is exported or imported as.
std::string name_in(const runtime::Instance& instance, uint32_t index) {
  const wasm::Module& module = instance.module();
  std::string name;
  decode::NameMap names = decode::NameSection(module).names(decode::NameKind::Tag);
  for (decode::NameMap::Entry entry; name.empty() && names.next(&entry);) {
    if (entry.index == index) {
      name = entry.name;
    }
  }
  for (const wasm::Export& item : module.exports) {
    if (name.empty() && item.kind == wasm::ExternKind::Tag && item.index == index) {
      name = item.name;
    }
  }
  for (const wasm::Import& import : module.imports) {
    if (name.empty() && import.kind == wasm::ExternKind::Tag && import.index == index) {
      name = import.name;
    }
  }
  return name.empty() ? "tag " + std::to_string(index) : name.substr(0, kNameBytes);
}

std::string text_of(wasm::ValType type, const uint64_t* slots) {
  char text[48];
  switch (type.kind()) {
    case wasm::ValKind::I32:
      std::snprintf(text, sizeof text, "%" PRId32, static_cast<int32_t>(slots[0]));
      break;
    case wasm::ValKind::I64:
      std::snprintf(text, sizeof text, "%" PRId64, static_cast<int64_t>(slots[0]));
      break;
    case wasm::ValKind::F32:
      std::snprintf(text, sizeof text, "%g",
                    static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(slots[0]))));
      break;
    case wasm::ValKind::F64: std::snprintf(text, sizeof text, "%g", std::bit_cast<double>(slots[0])); break;
    case wasm::ValKind::V128:
      std::snprintf(text, sizeof text, "0x%016" PRIx64 "%016" PRIx64, slots[1], slots[0]);
      break;
    default: return slots[0] == abi::kNullRef ? "null" : "reference";
  }
  return text;
}

// "uncaught exception NAME(1, 2.5)".
std::string message_of(const std::string& name, const abi::ExceptionObject& exception) {
  std::string message = "uncaught exception " + (name.empty() ? "of a tag unknown here" : name) + "(";
  const std::span<const wasm::ValType> types = tag_of(exception).type().func.params;
  const uint64_t* slots = exception.slots();
  for (size_t i = 0; i < types.size() && i <= kShownArguments; ++i) {
    if (i != 0) message += ", ";
    message += i < kShownArguments ? text_of(types[i], slots) : "...";
    slots += wasm::slots_of(types[i]);
  }
  return message + ")";
}

std::string name_of(const detail::StoreState& state, const abi::ExceptionObject& exception) {
  const abi::Crossing* const crossing = state.runtime->activation().crossings;
  if (crossing->context->instance == nullptr) {
    return {};
  }
  const auto& instance = *static_cast<const runtime::Instance*>(crossing->context->instance);
  for (uint32_t i = 0; i < instance.module().tags.size(); ++i) {
    if (instance.tag(i) == exception.tag) {
      return name_in(instance, i);
    }
  }
  return {};
}

}  // namespace

// Exceptions pass through host functions as often as a program likes, so nothing is looked up for frames before somebody is
// going to read it: when no guest is left that could catch.
void note_exception(detail::StoreState& state) {
  const abi::Ref exception = state.runtime->state().pending_exception;
  if (state.uncaught == nullptr) {
    state.uncaught = std::make_unique<Uncaught>();
  }
  Uncaught& noted = *state.uncaught;
  if (noted.thrown != nullptr && noted.exception == exception) {
    return;  // A host function passed it on.
  }
  noted.exception = exception;
  noted.tag = name_of(state, exception_at(exception));
  noted.thrown_at = {};
  collect_stack(state, &noted.thrown_at);
  noted.thrown = state.thrown.add(state.runtime->heap(), exception);
}

Error uncaught(detail::StoreState& state) {
  const abi::Ref exception = std::exchange(state.runtime->state().pending_exception, abi::kNullRef);
  if (state.uncaught == nullptr || state.uncaught->exception != exception) {
    // Thrown by a host function that the host called.
    state.uncaught = std::make_unique<Uncaught>();
    state.uncaught->exception = exception;
    state.uncaught->thrown = state.thrown.add(state.runtime->heap(), exception);
  }
  const Uncaught& noted = *state.uncaught;
  if (noted.thrown == nullptr) {
    return Error::out_of_memory();
  }
  Error error = ErrorAccess::exception(handle_of_root(state, noted.thrown->root),
                                       message_of(noted.tag, exception_at(exception)), noted.thrown);
  if (!state.runtime->is_running()) {
    Backtrace backtrace = describe(noted.thrown_at);
    ErrorAccess::set_frames(error, std::move(backtrace.frames), backtrace.omitted);
    state.uncaught.reset();
  }
  return error;
}

bool pass_on(detail::StoreState& state, const Error& failure) {
  if (failure.kind() != ErrorKind::Exception) {
    return false;
  }
  const abi::Ref* const ref = find_exception(StoreAccess::ref(&state), failure.exception());
  if (ref == nullptr) {
    return false;
  }
  state.runtime->state().pending_exception = *ref;
  return true;
}

}  // namespace api

Result<ExnRef> ExnRef::create(StoreRef store, Tag tag, std::span<const Val> arguments) {
  const runtime::Tag* const found = WHERRY_FIND(store, tag, "tag");
  detail::StoreState& state = *StoreAccess::state(store);
  const std::span<const wasm::ValType> types = found->type().func.params;
  if (arguments.size() != types.size()) {
    return Error::usage(std::to_string(arguments.size()) + " arguments of an exception, expected " +
                        std::to_string(types.size()));
  }
  base::Vector<uint64_t> slots;
  if (!slots.resize(found->type().param_slots)) {
    return Error::out_of_memory();
  }
  size_t at = 0;
  for (size_t i = 0; i < types.size(); ++i) {
    if (Result<void> stored = api::store_val(store, types[i], arguments[i], slots.data() + at); !stored) {
      return std::move(stored).error().with_context("argument " + std::to_string(i));
    }
    at += wasm::slots_of(types[i]);
  }
  const abi::Ref made = state.runtime->heap().allocate_exception(*found, slots.data());
  runtime::RootId root;
  if (made == abi::kNullRef || !api::own(state.runtime->heap(), made, &root)) {
    return Error::out_of_memory();
  }
  return api::handle_of_root(state, root);
}

Result<Tag> ExnRef::tag(StoreRef store) const {
  WHERRY_ASSIGN_OR_RETURN(const abi::ExceptionObject* object, api::object_of(store, *this));
  return api::make_handle<Tag>(*StoreAccess::state(store), runtime::Store::handle_of(&api::tag_of(*object)));
}

Result<std::vector<Val>> ExnRef::arguments(StoreRef store) const {
  WHERRY_ASSIGN_OR_RETURN(const abi::ExceptionObject* object, api::object_of(store, *this));
  std::vector<Val> values;
  const uint64_t* slots = object->slots();
  for (const wasm::ValType type : api::tag_of(*object).type().func.params) {
    WHERRY_ASSIGN_OR_RETURN(const Val value, api::load_val(store, type, slots));
    values.push_back(value);
    slots += wasm::slots_of(type);
  }
  return values;
}

Result<void> ExnRef::keep(StoreRef store) const {
  if (api::find_exception(store, *this) == nullptr) {
    return api::invalid_handle(store, handle_, "exception");
  }
  StoreAccess::state(store)->runtime->heap().roots().own({handle_.index, handle_.generation});
  return {};
}

Result<void> ExnRef::release(StoreRef store) const {
  if (api::find_exception(store, *this) == nullptr) {
    return api::invalid_handle(store, handle_, "exception");
  }
  if (!StoreAccess::state(store)->runtime->heap().roots().disown({handle_.index, handle_.generation})) {
    return Error::usage("the exception is released more often than it was kept");
  }
  return {};
}

Error raise(StoreRef store, Tag tag, std::initializer_list<Val> arguments) {
  Result<ExnRef> made = ExnRef::create(store, tag, std::span<const Val>(arguments.begin(), arguments.size()));
  if (!made) {
    return std::move(made).error();
  }
  // From here on the Error's count keeps it.
  detail::StoreState& state = *StoreAccess::state(store);
  const detail::Handle handle = HandleAccess::of(*made);
  std::shared_ptr<const api::Thrown> thrown =
      state.thrown.adopt(state.runtime->heap(), {handle.index, handle.generation});
  return ErrorAccess::exception(*made, "exception of the host", std::move(thrown));
}

}  // namespace wherry
