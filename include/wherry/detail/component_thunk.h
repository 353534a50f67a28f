// How a C++ function becomes a HostEntry for lowered component functions: parameters are lifted from slots or memory, the
// function is called, its result is lowered. Not part of the API. Included by component_host.h.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

#include "wherry/detail/component_codec.h"
#include "wherry/detail/thunk.h"

namespace wherry::detail {

inline constexpr uint32_t kMaxFlatParams = 16;
inline constexpr uint32_t kMaxFlatResults = 1;

template <class R>
struct UnwrapResult {
  using Type = R;
};
template <class T>
struct UnwrapResult<Result<T>> {
  using Type = T;
};

// A result as a component has it: one value or none.
template <class T>
struct ComponentResult {
  static constexpr const TypeDesc* kDesc = &Codec<T>::kDesc;
  static constexpr uint32_t kFlat = Codec<T>::kFlat;
};
template <>
struct ComponentResult<void> {
  static constexpr const TypeDesc* kDesc = nullptr;
  static constexpr uint32_t kFlat = 0;
};

template <class R, bool kWithCaller, class... Params>
struct ComponentSignature {
  using Value = typename UnwrapResult<R>::Type;
  using Items = Sequence<std::remove_cvref_t<Params>...>;
  static constexpr FuncDesc kDesc = {{Items::kTypes, sizeof...(Params)}, ComponentResult<Value>::kDesc};

  // Lifts, calls `function([Caller&,] Params...)`, lowers.
  template <class Function>
  static HostStatus run(const ComponentBinding& binding, Caller& caller, uint64_t* slots,
                        Function&& function) {
    if (*binding.may_leave == 0) [[unlikely]]
      return caller.fail(Error::trap(TrapCode::CannotLeave));
    CanonCall call(caller, binding.options);
    std::tuple<std::remove_cvref_t<Params>...> params;
    if (!lift(call, slots, params)) [[unlikely]]
      return caller.fail(call.take_error());
    auto invoke = [&]() -> R {
      return std::apply(
          [&](auto&... values) -> R {
            if constexpr (kWithCaller) {
              return function(caller, static_cast<Params&&>(values)...);
            } else {
              return function(static_cast<Params&&>(values)...);
            }
          },
          params);
    };
    if constexpr (std::is_void_v<R>) {
      invoke();
      call.end_borrows();
      return HostStatus::Ok;
    } else if constexpr (kIsResult<R>) {
      R result = invoke();
      if (!result.ok()) [[unlikely]]
        return caller.fail(std::move(result).error());
      call.end_borrows();
      if constexpr (std::is_void_v<Value>) {
        return HostStatus::Ok;
      } else {
        return finish(call, caller, slots, *result);
      }
    } else {
      const R result = invoke();
      call.end_borrows();
      return finish(call, caller, slots, result);
    }
  }

 private:
  static bool lift(CanonCall& call, const uint64_t* slots,
                   std::tuple<std::remove_cvref_t<Params>...>& params) {
    return std::apply(
        [&](auto&... values) {
          if constexpr (Items::kFlat <= kMaxFlatParams) {
            return Items::lift(call, slots, values...);
          } else {
            const uint8_t* const from =
                call.range(static_cast<uint32_t>(slots[0]), Items::kSize, Items::kAlign);
            return from != nullptr && Items::load(call, from, values...);
          }
        },
        params);
  }
  template <class T>
  static HostStatus finish(CanonCall& call, Caller& caller, uint64_t* slots, const T& value) {
    bool is_done = false;
    if constexpr (Codec<T>::kFlat <= kMaxFlatResults) {
      is_done = Codec<T>::lower(call, value, slots);
    } else {
      constexpr uint32_t kPlace = Items::kFlat <= kMaxFlatParams ? Items::kFlat : 1;
      uint8_t* const to = call.range(static_cast<uint32_t>(slots[kPlace]), Codec<T>::kSize, Codec<T>::kAlign);
      is_done = to != nullptr && Codec<T>::store(call, value, to);
    }
    return is_done ? HostStatus::Ok : caller.fail(call.take_error());
  }
};

template <class R, class... Params>
struct SplitComponentCaller {
  using Type = ComponentSignature<R, false, Params...>;
};
template <class R, class... Params>
struct SplitComponentCaller<R, Caller&, Params...> {
  using Type = ComponentSignature<R, true, Params...>;
};

template <class F>
struct ComponentTraits : ComponentTraits<decltype(&F::operator())> {};
template <class R, class... Params>
struct ComponentTraits<R (*)(Params...)> {
  using Signature = typename SplitComponentCaller<R, Params...>::Type;
};
template <class R, class... Params>
struct ComponentTraits<R (*)(Params...) noexcept> : ComponentTraits<R (*)(Params...)> {};
template <class R, class C, class... Params>
struct ComponentTraits<R (C::*)(Params...)> : ComponentTraits<R (*)(Params...)> {};
template <class R, class C, class... Params>
struct ComponentTraits<R (C::*)(Params...) const> : ComponentTraits<R (*)(Params...)> {};
template <class R, class C, class... Params>
struct ComponentTraits<R (C::*)(Params...) noexcept> : ComponentTraits<R (*)(Params...)> {};
template <class R, class C, class... Params>
struct ComponentTraits<R (C::*)(Params...) const noexcept> : ComponentTraits<R (*)(Params...)> {};

// A callable as an entry and an environment that it owns.
template <class Callable>
Result<HostClosure> close_over_component(Callable&& callable) {
  using F = std::decay_t<Callable>;
  using Signature = typename ComponentTraits<F>::Signature;
  HostClosure closure;
  closure.entry = [](void* opaque, Caller& caller, uint64_t* slots) {
    const auto& binding = *static_cast<const ComponentBinding*>(opaque);
    return Signature::run(binding, caller, slots, *static_cast<F*>(binding.environment));
  };
  closure.environment = new (std::nothrow) F(std::forward<Callable>(callable));
  closure.destroy = [](void* environment) { delete static_cast<F*>(environment); };
  if (closure.environment == nullptr) return Error::out_of_memory();
  return closure;
}

template <class T>
inline constexpr bool kIsComponentEnvironment =
    std::is_lvalue_reference_v<T> && std::is_class_v<std::remove_reference_t<T>> &&
    !std::is_const_v<std::remove_reference_t<T>> && !std::is_same_v<T, Caller&>;

// Functions known at compile time.
template <auto Function, class Type = decltype(Function)>
struct ComponentStaticFunction;
template <auto Function, class R, class... Params>
struct ComponentStaticFunction<Function, R (*)(Params...)> {
  using Signature = typename SplitComponentCaller<R, Params...>::Type;
  static HostStatus entry(void* opaque, Caller& caller, uint64_t* slots) {
    return Signature::run(*static_cast<const ComponentBinding*>(opaque), caller, slots, Function);
  }
};
template <auto Function, class R, class Environment, class... Params>
  requires(kIsComponentEnvironment<Environment&>)
struct ComponentStaticFunction<Function, R (*)(Environment&, Params...)> {
  using Signature = typename SplitComponentCaller<R, Params...>::Type;
  static HostStatus entry(void* opaque, Caller& caller, uint64_t* slots) {
    const auto& binding = *static_cast<const ComponentBinding*>(opaque);
    auto call = [&binding](auto&&... arguments) -> R {
      return Function(*static_cast<Environment*>(binding.environment),
                      static_cast<decltype(arguments)&&>(arguments)...);
    };
    return Signature::run(binding, caller, slots, call);
  }
};
template <auto Function, class R, class Object, class... Params>
struct ComponentStaticFunction<Function, R (Object::*)(Params...)> {
  using Signature = typename SplitComponentCaller<R, Params...>::Type;
  static HostStatus entry(void* opaque, Caller& caller, uint64_t* slots) {
    const auto& binding = *static_cast<const ComponentBinding*>(opaque);
    auto call = [&binding](auto&&... arguments) -> R {
      return (static_cast<Object*>(binding.environment)->*Function)(
          static_cast<decltype(arguments)&&>(arguments)...);
    };
    return Signature::run(binding, caller, slots, call);
  }
};
template <auto Function, class R, class Object, class... Params>
struct ComponentStaticFunction<Function, R (Object::*)(Params...) const>
    : ComponentStaticFunction<Function, R (Object::*)(Params...)> {};

// Members of a resource's class: the object first, then a Caller& if there is one.
template <auto Method, class Type = decltype(Method)>
struct ComponentMethod;
template <auto Method, class R, class Object, class... Params>
struct ComponentMethod<Method, R (Object::*)(Params...)> {
  using Signature = ComponentSignature<R, false, Borrow<Object>, Params...>;
  static HostStatus entry(void* opaque, Caller& caller, uint64_t* slots) {
    auto call = [](Borrow<Object> self, auto&&... arguments) -> R {
      return ((*self).*Method)(static_cast<decltype(arguments)&&>(arguments)...);
    };
    return Signature::run(*static_cast<const ComponentBinding*>(opaque), caller, slots, call);
  }
};
template <auto Method, class R, class Object, class... Params>
struct ComponentMethod<Method, R (Object::*)(Caller&, Params...)> {
  using Signature = ComponentSignature<R, true, Borrow<Object>, Params...>;
  static HostStatus entry(void* opaque, Caller& caller, uint64_t* slots) {
    auto call = [](Caller& from, Borrow<Object> self, auto&&... arguments) -> R {
      return ((*self).*Method)(from, static_cast<decltype(arguments)&&>(arguments)...);
    };
    return Signature::run(*static_cast<const ComponentBinding*>(opaque), caller, slots, call);
  }
};
template <auto Method, class R, class Object, class... Params>
struct ComponentMethod<Method, R (Object::*)(Params...) const>
    : ComponentMethod<Method, R (Object::*)(Params...)> {};

}  // namespace wherry::detail
