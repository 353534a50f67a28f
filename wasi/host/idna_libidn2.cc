// IDNA by libidn2: the tables (315 KB with those of libunistring, which stands beneath it) are only touched by names that are not
// in ASCII. Written out here they would have to follow Unicode; ICU has the same and 30 MB beside it.
//
// UTS 46 maps before it checks, so that full-width letters and dots become ordinary ones: whoever decides something by a
// name has to look at the result. libidn2 leaves alone what is in ASCII, spaces and slashes too.
#include <idn2.h>
#include <string.h>

#include "wasi/host/idna.h"

namespace wherry::wasi::host {

SocketError to_ascii_name(std::string_view name, AsciiName& out) {
  out.size = 0;
  if (name.size() > kMostUnicodeName || name.find('\0') != name.npos) return SocketError::InvalidArgument;
  uint8_t text[kMostUnicodeName + 1];
  memcpy(text, name.data(), name.size());
  text[name.size()] = 0;
  uint8_t* converted = nullptr;
  const int status = idn2_lookup_u8(text, &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  if (status == IDN2_MALLOC) return SocketError::OutOfMemory;
  if (status != IDN2_OK) return SocketError::InvalidArgument;
  const size_t size = strlen(reinterpret_cast<const char*>(converted));
  const bool fits = size <= AsciiName::kMost;
  if (fits) {
    memcpy(out.text, converted, size);
    out.size = size;
  }
  idn2_free(converted);
  return fits ? SocketError::None : SocketError::InvalidArgument;
}

}  // namespace wherry::wasi::host
