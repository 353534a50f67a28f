// How a C++ callable becomes a HostEntry: its signature is taken apart by templates, and a thunk made of it reads the
// parameters from slots, calls, and writes the results. Not part of the API: host.h is.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <new>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "wherry/caller.h"
#include "wherry/detail/slots.h"
#include "wherry/result.h"
#include "wherry/types.h"
#include "wherry/value.h"

namespace wherry::detail {

// A callable without its type. Owns `environment` if `destroy` is not null.
struct HostClosure {
  HostEntry entry = nullptr;
  void* environment = nullptr;
  void (*destroy)(void* environment) = nullptr;
};

// The signature of a callable, taken apart: result, whether a Caller& comes first, and the parameters.
template <class R, bool kWithCaller, class... Params>
struct HostSignature {
  static_assert((WasmValue<Params> && ...),
                "a parameter must be an integer or enumeration of 4 or 8 bytes, float, double, V128, Func or "
                "ExternRef, "
                "taken by value");
  template <class T>
  struct Unwrap {
    using Type = T;
  };
  template <class T>
  struct Unwrap<Result<T>> {
    using Type = T;
  };
  using Traits = ResultTraits<typename Unwrap<R>::Type>;
  static constexpr SignatureView view() { return {TypeList<Params...>::types(), Traits::List::types()}; }

  // Loads the parameters, calls `function(Caller&, Params...)` or `function(Params...)`, stores the results.
  template <class Function>
  static HostStatus run(Caller& caller, uint64_t* slots, Function&& function) {
    std::tuple<Params...> params;
    if (Result<void> loaded = TypeList<Params...>::load(caller, slots, params); !loaded.ok()) [[unlikely]] {
      return caller.fail(std::move(loaded).error());
    }
    auto call = [&]() -> R {
      return std::apply(
          [&](Params&... values) -> R {
            if constexpr (kWithCaller) {
              return function(caller, values...);
            } else {
              return function(values...);
            }
          },
          params);
    };
    if constexpr (std::is_void_v<R>) {
      call();
      return HostStatus::Ok;
    } else if constexpr (kIsResult<R>) {
      R result = call();
      if (!result.ok()) [[unlikely]] {
        return caller.fail(std::move(result).error());
      }
      if constexpr (std::is_void_v<typename R::Value>) {
        return HostStatus::Ok;
      } else {
        return finish(caller, slots, *std::move(result));
      }
    } else {
      return finish(caller, slots, call());
    }
  }

 private:
  template <class Value>
  static HostStatus finish(Caller& caller, uint64_t* slots, Value value) {
    if (Result<void> stored = Traits::List::store(caller, slots, Traits::to_tuple(value)); !stored.ok())
        [[unlikely]] {
      return caller.fail(std::move(stored).error());
    }
    return HostStatus::Ok;
  }
};

template <class R, class... Params>
struct SplitCaller {
  using Type = HostSignature<R, false, Params...>;
};
template <class R, class... Params>
struct SplitCaller<R, Caller&, Params...> {
  using Type = HostSignature<R, true, Params...>;
};

// For functions whose first parameter is a reference to an environment of class type.
template <class T>
inline constexpr bool kIsEnvironment =
    std::is_lvalue_reference_v<T> && std::is_class_v<std::remove_reference_t<T>> &&
    !std::is_same_v<T, Caller&>;

template <class F>
struct FunctionTraits : FunctionTraits<decltype(&F::operator())> {};
template <class R, class... Params>
struct FunctionTraits<R (*)(Params...)> {
  using Signature = typename SplitCaller<R, Params...>::Type;
};
template <class R, class... Params>
struct FunctionTraits<R (*)(Params...) noexcept> : FunctionTraits<R (*)(Params...)> {};
template <class R, class C, class... Params>
struct FunctionTraits<R (C::*)(Params...)> : FunctionTraits<R (*)(Params...)> {};
template <class R, class C, class... Params>
struct FunctionTraits<R (C::*)(Params...) const> : FunctionTraits<R (*)(Params...)> {};
template <class R, class C, class... Params>
struct FunctionTraits<R (C::*)(Params...) noexcept> : FunctionTraits<R (*)(Params...)> {};
template <class R, class C, class... Params>
struct FunctionTraits<R (C::*)(Params...) const noexcept> : FunctionTraits<R (*)(Params...)> {};

template <class F>
constexpr SignatureView host_signature() {
  return FunctionTraits<F>::Signature::view();
}

// Makes a HostClosure of a callable. Callables without state and plain functions allocate nothing.
template <class Callable>
Result<HostClosure> close_over(Callable&& callable) {
  using F = std::decay_t<Callable>;
  using Signature = typename FunctionTraits<F>::Signature;
  HostClosure closure;
  if constexpr (std::is_pointer_v<F>) {
    closure.entry = [](void* environment, Caller& caller, uint64_t* slots) {
      return Signature::run(caller, slots, std::bit_cast<F>(environment));
    };
    closure.environment = std::bit_cast<void*>(static_cast<F>(callable));
  } else if constexpr (std::is_empty_v<F> && std::default_initializable<F>) {
    closure.entry = [](void*, Caller& caller, uint64_t* slots) { return Signature::run(caller, slots, F{}); };
  } else {
    closure.entry = [](void* environment, Caller& caller, uint64_t* slots) {
      return Signature::run(caller, slots, *static_cast<F*>(environment));
    };
    closure.environment = new (std::nothrow) F(std::forward<Callable>(callable));
    closure.destroy = [](void* environment) { delete static_cast<F*>(environment); };
    if (closure.environment == nullptr) {
      return Error::out_of_memory();
    }
  }
  return closure;
}

// Converts slots to Vals of `type`, calls, checks the results and converts them back.
using UntypedFunction = Result<void> (*)(void* callable, Caller& caller, std::span<const Val> params,
                                         std::span<Val> results);
HostStatus run_untyped(Caller& caller, uint64_t* slots, const FuncType& type, void* callable,
                       UntypedFunction function);

template <class Callable>
Result<HostClosure> close_over_untyped(const FuncType& type, Callable&& callable) {
  using F = std::decay_t<Callable>;
  struct Environment {
    FuncType type;
    F callable;
  };
  HostClosure closure;
  closure.entry = [](void* opaque, Caller& caller, uint64_t* slots) {
    auto* environment = static_cast<Environment*>(opaque);
    return run_untyped(caller, slots, environment->type, &environment->callable,
                       [](void* function, Caller& inner, std::span<const Val> params, std::span<Val> results)
                           -> Result<void> { return (*static_cast<F*>(function))(inner, params, results); });
  };
  closure.environment = new (std::nothrow) Environment{type, F(std::forward<Callable>(callable))};
  closure.destroy = [](void* opaque) { delete static_cast<Environment*>(opaque); };
  if (closure.environment == nullptr) {
    return Error::out_of_memory();
  }
  return closure;
}

// A function known at compile time, called directly. Three forms: R(...), R(Environment&, ...), and R (Object::*)(...).
template <auto Function, class Type = decltype(Function)>
struct StaticFunction;
template <auto Function, class R, class... Params>
struct StaticFunction<Function, R (*)(Params...)> {
  using Signature = typename SplitCaller<R, Params...>::Type;
  static HostStatus entry(void*, Caller& caller, uint64_t* slots) {
    return Signature::run(caller, slots, Function);
  }
};
template <auto Function, class R, class Environment, class... Params>
  requires(kIsEnvironment<Environment&>)
struct StaticFunction<Function, R (*)(Environment&, Params...)> {
  using Signature = typename SplitCaller<R, Params...>::Type;
  static HostStatus entry(void* environment, Caller& caller, uint64_t* slots) {
    return Signature::run(caller, slots, [environment](auto&... arguments) -> R {
      return Function(*static_cast<Environment*>(environment), arguments...);
    });
  }
};
template <auto Function, class R, class Object, class... Params>
struct StaticFunction<Function, R (Object::*)(Params...)> {
  using Signature = typename SplitCaller<R, Params...>::Type;
  static HostStatus entry(void* environment, Caller& caller, uint64_t* slots) {
    return Signature::run(caller, slots, [environment](auto&... arguments) -> R {
      return (static_cast<Object*>(environment)->*Function)(arguments...);
    });
  }
};

}  // namespace wherry::detail
