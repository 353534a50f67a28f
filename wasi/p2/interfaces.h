// The tables of all interfaces.
#pragma once

#include <span>

#include "wherry/component_host.h"

namespace wherry::wasi::p2 {

using Rows = std::span<const ComponentHostEntry>;

#define INTERFACE(name, rows) Rows rows();
#include "wasi/p2/interfaces.inc"
#undef INTERFACE

}  // namespace wherry::wasi::p2
