// Where libidn2 is not there (cross builds) or not wanted (-DWHERRY_IDNA=OFF): only names in ASCII, encoded ones too.
#include "engine/base/utf8.h"
#include "wasi/host/idna.h"

namespace wherry::wasi::host {

SocketError to_ascii_name(std::string_view name, AsciiName& out) {
  out.size = 0;
  return base::is_utf8(base::as_bytes(name)) ? SocketError::NotSupported : SocketError::InvalidArgument;
}

}  // namespace wherry::wasi::host
