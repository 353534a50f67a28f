// Exceptions of WebAssembly, as the host sees them. ExnRef itself is in value.h, since an exception is a value.
//
// An exception that no function of a guest catches comes out of the call as an Error of kind Exception:
//
//   Result<void> called = parse.call(store, ...);
//   if (!called && called.error().kind() == ErrorKind::Exception) {
//     ExnRef thrown = called.error().exception();
//     if (*thrown.tag(store) == syntax_error) report(*thrown.arguments(store));
//   }
//
// A host function that returns such an Error, one that came out of a call it made or one made by raise(), throws it: the
// exception goes on in the guest that called the function, where it can be caught.
#pragma once

#include <initializer_list>

#include "wherry/extern.h"
#include "wherry/result.h"
#include "wherry/store.h"
#include "wherry/value.h"

namespace wherry {

// The Error by which a host function throws a new exception: `return raise(caller, tag, {Val(7)});`. It keeps the
// exception, so there is nothing to release. Errors instead: as ExnRef::create.
Error raise(StoreRef store, Tag tag, std::initializer_list<Val> arguments);

}  // namespace wherry
