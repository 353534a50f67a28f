#pragma once

#include <string>
#include <string_view>

namespace wherry::decode {

// The most bytes of a name that `readable_name` makes of a symbol, and of a symbol that it looks at.
inline constexpr size_t kReadableBytes = 1024;

// A function's name as its language writes it, of the symbol that a compiler made of it: Rust's (both forms; hashes and the
// numbers of crates left out) and C++'s (Itanium). What is no such symbol, or one of what this does not know, is returned as
// it is. At most kReadableBytes long unless so. Symbols may come from anybody. Any thread.
std::string readable_name(std::string_view symbol);

// The two forms of Rust's symbols; empty if it is none.
std::string rust_name(std::string_view symbol);
std::string legacy_rust_name(std::string_view symbol);

}  // namespace wherry::decode
