#pragma once

#include <array>
#include <optional>
#include <string>

#include "cli/options.h"
#include "wherry/blob.h"

namespace wherry::cli {

// BLAKE2b-256; nothing in a build without a library for it, which has no cache either.
std::optional<std::array<uint8_t, 32>> digest_of_bytes(Bytes bytes);

// Compiled code of modules and components that were run before: a folder of files named by a cryptographic hash of the module, of what it was compiled
// with, and of the version. Whatever is in it is trusted as code, so the folder must be the user's own and closed to others, and so must
// each file; what is not is left alone as if it were not there.
//
// Any number of processes may use it at a time: files appear complete, by renaming, and are never changed.
class Cache {
 public:
  // Nothing when -C cache=n, when the program is to be watched, or when there is no such folder; -C cache=y makes it. Says so on
  // standard error only if the folder was asked for and cannot be used.
  static std::optional<Cache> open(const Invocation& invocation);
  Cache(Cache&& other) noexcept;
  Cache& operator=(Cache&&) = delete;
  ~Cache();

  // A path under which the compiled form of this file can be opened, good while the Cache lives; empty: there is none. Reads the
  // whole file.
  std::string find(const char* module_path);

  // Has the module or component that find() was last asked for compiled by a process of low priority that outlives this one, unless one does
  // already. Does not wait for it. Only with -C cache=y.
  void compile_in_background();

 private:
  explicit Cache(const Invocation& invocation) : invocation_(invocation) {}
  void compile(int lock) const;
  bool compile_component(int input, const std::string& compiler) const;

  const Invocation& invocation_;
  int folder_ = -1;
  int module_ = -1;  // The file that find() has read.
  int found_ = -1;
  std::string name_;           // Of the file in the folder.
  std::string module_digest_;  // In hexadecimal.
};

}  // namespace wherry::cli
