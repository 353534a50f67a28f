// ComponentInstance: a component that is ready to run; ComponentFunc: a function that it exports; TypedComponentFunc: the same with
// C++ types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "wherry/component.h"
#include "wherry/component_host.h"
#include "wherry/component_value.h"
#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/value.h"

namespace wherry {

template <class Signature>
class TypedComponentFunc;

namespace detail {

// A lifted function in an instance; the engine's.
struct LiftedFunc;

// A call of an export in progress: enter, lower the arguments, invoke, lift the results, leave.
class ExportCall {
 public:
  // `lifted` is null: looked up by the handle.
  ExportCall(StoreRef store, Handle handle);
  ExportCall(const ExportCall&) = delete;
  ExportCall& operator=(const ExportCall&) = delete;

  // Checks that the function may be entered, and enters it.
  [[nodiscard]] bool enter();
  CanonCall& canon() { return canon_; }
  // Calls it with the parameters in slots; the results replace them.
  [[nodiscard]] bool invoke(uint64_t* slots);
  // After the results were lifted: post-return, and back to the host.
  [[nodiscard]] bool leave();
  // What went wrong. The instance cannot be entered any more.
  Error failed() { return canon_.take_error(); }
  // The same after arguments that could not be lowered. If the fault is the host's alone (a string that is no UTF-8, a handle of another
  // type), nothing of the guest is in the middle of something, and the instance is left as if it had not been entered.
  Error refused();

 private:
  LiftedFunc* lifted_;
  CanonCall canon_;
  uint64_t flat_result_ = 0;
};

// The same for a function whose parameters and result are numbers: nothing to convert, no memory. The result replaces the
// parameters.
Result<void> call_plain(StoreRef store, Handle handle, uint64_t* slots);

// A handle of the function that is quicker to follow, after a check that it has the type. Error: Usage, with both.
Result<Handle> check_component_type(StoreRef store, Handle handle, const FuncDesc& desc);
}  // namespace detail

// A function of a component instance, for values whose types are known at run time only. A handle: trivially copyable, valid as long as
// its store.
class ComponentFunc {
 public:
  // The null handle.
  ComponentFunc() = default;
  bool is_null() const { return handle_.store == 0; }

  // Its type; a view that lives as long as the store. Error: InvalidHandle.
  Result<ComponentFuncType> type(StoreRef store) const;

  // Calls it, and its post-return function. Answers the result, if there is one. Resources in `arguments` of type own are the
  // guest's afterwards, also if the call fails.
  //
  // Errors: Usage for arguments that are not of its types (found out before the guest runs); InvalidHandle; Unsupported for asynchronous functions; Trap,
  // Exit and all that Func::call can fail with. After a trap the instance cannot be entered any more: further calls trap
  // with TrapCode::CannotEnter. So does a call of a function whose instance is running already. What the guest says
  // that the result needs of the host's memory is bounded by StoreLimits::host_call_bytes: TrapCode::HostCallBudget.
  Result<std::optional<ComponentVal>> call(StoreRef store, std::span<const ComponentVal> arguments) const;

  // This function with C++ types: `func.typed<std::string(std::string_view, uint32_t)>(store)`; component_host.h says which
  // there are. Errors: Usage if the types differ, with both in the message; InvalidHandle.
  template <class Signature>
  Result<TypedComponentFunc<Signature>> typed(StoreRef store) const {
    WHERRY_ASSIGN_OR_RETURN(
        const detail::Handle quick,
        detail::check_component_type(store, handle_, TypedComponentFunc<Signature>::kDesc));
    return TypedComponentFunc<Signature>(quick);
  }

  friend bool operator==(const ComponentFunc&, const ComponentFunc&) = default;

 private:
  friend struct ComponentHandleAccess;  // The engine's own way in.
  detail::Handle handle_;
};

// A function whose type has been checked once, so that a call converts straight between C++ values and the guest's memory.
// Trivially copyable, valid as long as the store. Made by ComponentFunc::typed and ComponentInstance::typed only.
//
//   WHERRY_ASSIGN_OR_RETURN(auto add, instance.typed<uint32_t(uint32_t, uint32_t)>(store, "add"));
//   Result<uint32_t> sum = add.call(store, 2, 3);
//
// Results own their memory: std::string and std::vector, not views.
template <class R, class... Params>
class TypedComponentFunc<R(Params...)> {
  using Items = detail::Sequence<std::remove_cvref_t<Params>...>;

 public:
  // Calls it. Errors: as ComponentFunc::call, but for values that do not fit.
  Result<R> call(StoreRef store, const std::remove_cvref_t<Params>&... params) const {
    if constexpr (kIsPlain) {
      return call_plain(store, params...);
    } else {
      return call_any(store, params...);
    }
  }

  static constexpr detail::FuncDesc kDesc = {{Items::kTypes, sizeof...(Params)},
                                             detail::ComponentResult<R>::kDesc};

 private:
  friend class ComponentFunc;
  explicit TypedComponentFunc(detail::Handle handle) : handle_(handle) {}

  static constexpr bool kIsPlain = (detail::kIsNumber<std::remove_cvref_t<Params>> && ...) &&
                                   (std::is_void_v<R> || detail::kIsNumber<R>) &&
                                   sizeof...(Params) <= detail::kMaxFlatParams;

  Result<R> call_plain(StoreRef store, const std::remove_cvref_t<Params>&... params) const {
    uint64_t slots[sizeof...(Params) + 1];
    [[maybe_unused]] uint64_t* at = slots;
    (detail::Codec<std::remove_cvref_t<Params>>::put(params, at), ...);
    WHERRY_RETURN_IF_ERROR(detail::call_plain(store, handle_, slots));
    if constexpr (std::is_void_v<R>) {
      return {};
    } else {
      R result;
      std::memcpy(&result, slots, sizeof result);
      return result;
    }
  }

  Result<R> call_any(StoreRef store, const std::remove_cvref_t<Params>&... params) const {
    detail::ExportCall call(store, handle_);
    if (!call.enter()) [[unlikely]]
      return call.failed();
    constexpr uint32_t kSlots = Items::kFlat > detail::kMaxFlatParams ? 1 : Items::kFlat;
    uint64_t slots[kSlots + 1];
    if (!lower(call.canon(), slots, params...)) [[unlikely]]
      return call.refused();
    if (!call.invoke(slots)) [[unlikely]]
      return call.failed();
    if constexpr (std::is_void_v<R>) {
      if (!call.leave()) [[unlikely]]
        return call.failed();
      return {};
    } else {
      R result{};
      if (!lift(call.canon(), slots, result) || !call.leave()) [[unlikely]]
        return call.failed();
      return result;
    }
  }

  static bool lower(detail::CanonCall& call, uint64_t* slots, const std::remove_cvref_t<Params>&... params) {
    if constexpr (Items::kFlat <= detail::kMaxFlatParams) {
      return Items::lower(call, params..., slots);
    } else {
      uint32_t address = 0;
      uint8_t* bytes = nullptr;
      if (!call.allocate(Items::kSize, Items::kAlign, &address, &bytes)) return false;
      slots[0] = address;
      return Items::store(call, params..., bytes);
    }
  }
  template <class T>
  static bool lift(detail::CanonCall& call, const uint64_t* slots, T& result) {
    if constexpr (detail::Codec<T>::kFlat <= detail::kMaxFlatResults) {
      return detail::Codec<T>::lift(call, slots, result);
    } else {
      const uint8_t* const from =
          call.range(static_cast<uint32_t>(slots[0]), detail::Codec<T>::kSize, detail::Codec<T>::kAlign);
      return from != nullptr && detail::Codec<T>::load(call, from, result);
    }
  }

  detail::Handle handle_;
};

// One instance of a component in one store. A handle: trivially copyable, valid as long as its store, which keeps the
// Component alive. Made by ComponentLinker and ComponentPre.
class ComponentInstance {
 public:
  // The null handle.
  ComponentInstance() = default;
  bool is_null() const { return handle_.store == 0; }

  // What it was made from. Error: InvalidHandle.
  Result<Component> component(StoreRef store) const;

  // A function that it exports itself, or as part of an interface: func(store, "run"), func(store, "wasi:cli/run@0.2.12", "run"). Of an interface's
  // version, the highest that is compatible will do, as for imports (component_linker.h). Errors: Link if there is none; InvalidHandle.
  Result<ComponentFunc> func(StoreRef store, std::string_view name) const { return func(store, {}, name); }
  Result<ComponentFunc> func(StoreRef store, std::string_view interface, std::string_view name) const;

  // func() and ComponentFunc::typed() in one; errors of both.
  template <class Signature>
  Result<TypedComponentFunc<Signature>> typed(StoreRef store, std::string_view name) const {
    return typed<Signature>(store, {}, name);
  }
  template <class Signature>
  Result<TypedComponentFunc<Signature>> typed(StoreRef store, std::string_view interface,
                                              std::string_view name) const {
    WHERRY_ASSIGN_OR_RETURN(ComponentFunc found, func(store, interface, name));
    return found.typed<Signature>(store);
  }

  friend bool operator==(const ComponentInstance&, const ComponentInstance&) = default;

 private:
  friend struct ComponentHandleAccess;  // The engine's own way in.
  detail::Handle handle_;
};

// Lets all component instances of a store together have at most so many handles of resources, and the host with them: 1,000,000 if this
// was not called. One more traps with TrapCode::TooManyHandles. Error: OutOfMemory.
Result<void> limit_component_handles(StoreRef store, uint32_t most);

}  // namespace wherry
