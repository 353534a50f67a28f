#pragma once

#include "wherry/compiler.h"

namespace wherry::compiler {

// `wherryc --serve`: many modules by one process, which starts in 6 ms and should not do so 5,000 times.
//
//   request, on standard input    u32 size, then so many bytes of Wasm
//   answer, on standard output    u32 status, u32 size, then so many bytes: 0 an artifact; 1 an error in words
//
// Numbers are little-endian. Requests are answered one by one, in order; the settings are those of `compiler`. The end
// of standard input, between requests, ends it.
//
// Answers whether it ended so; false after input that broke off or output that nobody took.
bool serve(int in, int out, wherry_compiler* compiler);

}  // namespace wherry::compiler
