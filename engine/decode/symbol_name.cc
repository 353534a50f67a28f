// C++ names are taken apart by the C++ library's own function, __cxa_demangle, which every toolchain brings.
//
// It was made for the symbols of one's own program: it recurses by the nesting of the symbol, and a symbol that refers to
// its own parts can double its result with every three bytes. Both are bounded here by what is given to it: at most 512 bytes,
// which nest to 100 KiB of stack at worst, and symbols only whose references, each taken as doubling what stands before it,
// cannot make more than a megabyte. S_, the first thing said, has no references in it: it adds what was written, once.
// Rejected: LLVM's (the same recursion, and no bound on the result) and a parser of our own (1,500 lines for the rest of
// the grammar, where the linker writes C++ names readably in the name section already: only inlined calls come as symbols).
#include "engine/decode/symbol_name.h"

#include <cxxabi.h>

#include <cstdint>
#include <cstdlib>

namespace wherry::decode {

namespace {

constexpr size_t kCxxSymbolBytes = 512;
constexpr uint64_t kCxxResultBytes = 1 << 20;

bool is_sequence(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); }

// No more than this many bytes come out, by the argument above.
uint64_t most_bytes(std::string_view symbol) {
  constexpr uint64_t kPerByte = 16;  // An operator's or a type's one letter: "unsigned long long".
  constexpr uint64_t kElements = 64;
  uint64_t most = 0;
  for (size_t i = 0; i < symbol.size() && most <= kCxxResultBytes; ++i) {
    most += kPerByte;
    const char c = symbol[i];
    const char next = i + 1 < symbol.size() ? symbol[i + 1] : '\0';
    if (c == 'S' && next == '_') {
      most += kPerByte * kCxxSymbolBytes;
    } else if ((c == 'S' || c == 'T') && (is_sequence(next) || next == '_')) {
      most *= 2;
    } else if ((c == 'D' && next == 'p') || (c == 's' && (next == 'p' || next == 'Z' || next == 'P'))) {
      most *= kElements;  // Something for each element of a pack.
    }
  }
  return most;
}

std::string cxx_name(std::string_view symbol) {
  if (!symbol.starts_with("_Z") || symbol.size() > kCxxSymbolBytes) return {};
  if (most_bytes(symbol) > kCxxResultBytes) return {};
  int status = 0;
  char* const found = abi::__cxa_demangle(std::string(symbol).c_str(), nullptr, nullptr, &status);
  if (found == nullptr) return {};
  std::string name(std::string_view(found).substr(0, kReadableBytes));
  std::free(found);
  return name;
}

}  // namespace

std::string readable_name(std::string_view symbol) {
  // Parts may hold zeros; no symbol does.
  if (symbol.size() > kReadableBytes || symbol.find('\0') != symbol.npos) return std::string(symbol);
  std::string name = rust_name(symbol);
  if (name.empty()) name = legacy_rust_name(symbol);
  if (name.empty()) name = cxx_name(symbol);
  return name.empty() ? std::string(symbol) : name;
}

}  // namespace wherry::decode
