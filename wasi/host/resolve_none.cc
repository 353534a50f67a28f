// Where c-ares is not there (cross builds): no names, only addresses.
#include "wasi/host/resolve.h"

namespace wherry::wasi::host {

SocketError detail::ask(Ref<Network> /*network*/, std::string_view /*name*/, Ref<NameLookup>& /*out*/) {
  return SocketError::NotSupported;
}

}  // namespace wherry::wasi::host
