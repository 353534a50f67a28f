#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wherry::compiler {

// A bar on standard error for compilations that take more than a second. Not thread-safe.
class Progress {
 public:
  explicit Progress(std::string_view name);

  void show_at_once() { begin_ns_ = 0; }
  // For CompileSettings::progress, with the Progress as context.
  static void tell(void* self, uint64_t done_bytes, uint64_t all_bytes);
  // Takes the bar away, if there is one.
  void clear();

 private:
  void draw(uint64_t done_bytes, uint64_t all_bytes, uint64_t now_ns);

  std::string name_;
  uint64_t start_ns_;
  uint64_t begin_ns_;  // When it may be shown.
  uint64_t last_ns_ = 0;
  bool is_shown_ = false;
};

}  // namespace wherry::compiler
