// Host functions: what may be called from a guest, and how a C++ callable becomes one.
//
// A host function is any callable with one signature: a lambda (not a generic one), a function, an object with one
// operator().
//
//   [](Caller& caller, int32_t address, int32_t length) -> Result<int32_t> { ... }
//
//   parameters  optionally `Caller&` first; then WasmValues by value
//   result      void, a WasmValue, a std::tuple of them, or a Result of one of these (Result<void> for none)
//
// An Error that it returns ends the guest's call and comes out of the outermost call into the guest: Error::trap as a
// trap with backtrace, Error::exit as an exit, others as they are. One of kind Exception (exception.h) is thrown instead: the guests
// that called may catch it.
//
// A callable may be called again while it runs (the guest called back may call it), and on several threads at once if
// it is in a Linker that is used with stores on several threads.
//
// There is no boxing: the signature becomes a thunk that reads and writes slots (detail/slots.h).
#pragma once

#include <string_view>

#include "wherry/caller.h"
#include "wherry/detail/thunk.h"
#include "wherry/types.h"

namespace wherry {

// One row of a table of host functions, for Linker::define_functions. Make rows with host_function<>(): then a whole
// table is a constant of the program, and defining it costs the same for one row as for a thousand.
struct HostFunctionEntry {
  std::string_view name;
  HostEntry entry = nullptr;
  SignatureView signature;
};

// A row for Linker::define_functions, made of a function that is known at compile time:
//
//   Result<Errno> fd_close(Caller& caller, uint32_t fd);                 // state from caller.data(kKey)
//   Result<Errno> fd_sync(Wasi& wasi, Caller& caller, uint32_t fd);      // state from define_functions
//   struct Wasi { Result<Errno> fd_read(Caller& caller, ...); };         // the same, as a member
//
//   constexpr HostFunctionEntry kFunctions[] = {
//       host_function<fd_close>("fd_close"), host_function<fd_sync>("fd_sync"), host_function<&Wasi::fd_read>("fd_read"),
//   };
//
// `name` must live as long as the table. A first parameter that is a reference to a class other than Caller is the
// environment given to define_functions, and must not be null then.
template <auto Function>
constexpr HostFunctionEntry host_function(std::string_view name) {
  using Static = detail::StaticFunction<Function>;
  return {name, &Static::entry, Static::Signature::view()};
}

}  // namespace wherry
