#pragma once

#include <string>

#include "cli/console.h"
#include "cli/options.h"
#include "engine/inspect/binary.h"

namespace wherry::cli {

// A file that is written, or standard output.
class Output final : public text::TextSink {
 public:
  // What --output says. False, having said so, if the file cannot be made.
  bool open_for(const Invocation& invocation);

  bool write(std::string_view text) override;

  // 0, or what went wrong with the first write that failed; has said so.
  int finish();
  bool has_failed() const { return error_ != 0; }

 private:
  int file_ = 1;
  int error_ = 0;
  std::string path_;
};

// The one operand, or null, having said so.
const char* only_file(const Invocation& invocation);

// Whether bytes may go where --output says; else says so: they are not for a terminal.
bool is_for_bytes(const Invocation& invocation);

}  // namespace wherry::cli
