// Names of other scripts, as the name service knows them.
#pragma once

#include <cstddef>
#include <string_view>

#include "wasi/host/network.h"

namespace wherry::wasi::host {

// A name in ASCII. Owned by whoever asks for it: no memory is taken.
struct AsciiName {
  static constexpr size_t kMost = 255;

  char text[kMost];
  size_t size = 0;

  [[nodiscard]] std::string_view view() const { return {text, size}; }
};

// The most bytes of a name that is looked at: 253 characters, as many as a name may have, of four bytes each.
inline constexpr size_t kMostUnicodeName = 4 * 253;

// The name converted by UTS 46, without the rules of transition from IDNA 2003 ("faß.de" is "xn--fa-hia.de"): mapped to lower
// case and to one spelling, its labels checked by IDNA 2008, those not in ASCII encoded ("xn--..."). What was in ASCII
// stays as it is: the result need not be the name of a host, or may be an address. `name` is UTF-8. Time is bounded by
// kMostUnicodeName. Any thread. Errors: InvalidArgument for what has no such form, NotSupported where there is no converter,
// OutOfMemory.
SocketError to_ascii_name(std::string_view name, AsciiName& out);

}  // namespace wherry::wasi::host
