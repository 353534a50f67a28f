// TypedFunc: calling a function with C++ types, and making functions of the host in one store.
//
// Func itself is in value.h, since a function is a value. What a host function may look like is in host.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>

#include "wherry/detail/slots.h"
#include "wherry/host.h"
#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/types.h"
#include "wherry/value.h"

namespace wherry {

namespace detail {
// The engine's object for `func`, after a check that it can be called with exactly `signature`: equal parameters, and
// results that are subtypes. It stays where it is as long as the store.
Result<void*> check_signature(StoreRef store, Func func, SignatureView signature);

// Calls a function with its parameters in slots; the results replace them. `object` is what check_signature answered.
Result<void> call_slots(StoreRef store, Func func, void* object, uint64_t* slots);

// A new host function in the store, which takes over the closure, also on failure.
Result<Func> create_host_func(StoreRef store, SignatureView signature, HostClosure closure);
}  // namespace detail

// A function whose type has been checked once, so that calling it converts nothing: the arguments are written to the
// guest's stack and the results read from it.
//
//   Result<TypedFunc<int32_t(int32_t, int32_t)>> add = instance.typed<int32_t(int32_t, int32_t)>(store, "add");
//   Result<int32_t> sum = add->call(store, 2, 3);
//
// Parameters are WasmValues; the result is void, a WasmValue, or a std::tuple of them for several. Trivially copyable,
// valid as long as the store. Made by Func::typed and Instance::typed only.
template <class R, class... Params>
class TypedFunc<R(Params...)> {
  static_assert((WasmValue<Params> && ...),
                "a parameter must be an integer or enumeration of 4 or 8 bytes, float, double, V128, Func or "
                "ExternRef");
  using Traits = detail::ResultTraits<R>;
  using ParamList = detail::TypeList<Params...>;
  using ResultList = typename Traits::List;

 public:
  // Calls it. Errors: as Func::call, but for values that do not fit.
  Result<R> call(StoreRef store, Params... params) const {
    constexpr size_t kCount = std::max({size_t{1}, ParamList::kSlotCount, ResultList::kSlotCount});
    uint64_t slots[kCount];
    WHERRY_RETURN_IF_ERROR(ParamList::store(store, slots, std::tuple<Params...>(params...)));
    WHERRY_RETURN_IF_ERROR(detail::call_slots(store, func_, object_, slots));
    if constexpr (std::is_void_v<R>) {
      return {};
    } else {
      return load_results(store, slots, static_cast<ResultList*>(nullptr));
    }
  }

  // The function without its C++ type.
  Func func() const { return func_; }

 private:
  friend class Func;
  TypedFunc(Func func, void* object) : func_(func), object_(object) {}

  template <class... Results>
  static Result<R> load_results(StoreRef store, const uint64_t* slots, detail::TypeList<Results...>*) {
    std::tuple<Results...> values;
    WHERRY_RETURN_IF_ERROR(ResultList::load(store, slots, values));
    return Traits::from_tuple(values);
  }
  static constexpr SignatureView signature() { return {ParamList::types(), ResultList::types()}; }

  Func func_;
  void* object_;  // The engine's, of the store that func_ names.
};

template <class Signature>
Result<TypedFunc<Signature>> Func::typed(StoreRef store) const {
  WHERRY_ASSIGN_OR_RETURN(void* const object,
                          detail::check_signature(store, *this, TypedFunc<Signature>::signature()));
  return TypedFunc<Signature>(*this, object);
}

template <class Callable>
Result<Func> Func::wrap(StoreRef store, Callable&& callable) {
  WHERRY_ASSIGN_OR_RETURN(detail::HostClosure closure, detail::close_over(std::forward<Callable>(callable)));
  return detail::create_host_func(store, detail::host_signature<std::remove_cvref_t<Callable>>(), closure);
}

template <class Callable>
Result<Func> Func::create(StoreRef store, const FuncType& type, Callable&& callable) {
  WHERRY_ASSIGN_OR_RETURN(detail::HostClosure closure,
                          detail::close_over_untyped(type, std::forward<Callable>(callable)));
  return detail::create_host_func(store, SignatureView{type.params, type.results}, closure);
}

}  // namespace wherry
