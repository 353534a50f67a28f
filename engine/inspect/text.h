#pragma once

// The text format for programs: a module's text to its binary, and the scripts of the test suite.
#include "engine/text/number.h"         // IWYU pragma: export
#include "engine/text/parse.h"          // IWYU pragma: export
#include "engine/text/wast.h"           // IWYU pragma: export
#include "engine/wasm/type_registry.h"  // IWYU pragma: export
