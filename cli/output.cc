// Where commands write what they make.
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

namespace wherry::cli {

bool Output::open_for(const Invocation& invocation) {
  const auto path = invocation.value(OptionId::Output);
  if (!path || *path == "-") return true;
  path_ = *path;
  file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ >= 0) return true;
  complain("cannot write " + quoted(path_) + ": " + system_message(errno));
  return false;
}

bool Output::write(std::string_view text) {
  if (write_all(file_, text)) return true;
  if (error_ == 0) error_ = errno;
  return false;
}

int Output::finish() {
  if (file_ > 2 && close(file_) != 0 && error_ == 0) error_ = errno;
  if (error_ == 0) return kSuccess;
  return complain("cannot write " + (path_.empty() ? "to standard output" : quoted(path_)) + ": " +
                  system_message(error_));
}

const char* only_file(const Invocation& invocation) {
  if (invocation.operands.size() == 1) return invocation.operands[0];
  complain("'" + std::string(info(invocation.command).word) + "' needs one file, not " +
               std::to_string(invocation.operands.size()),
           kWrongUsage);
  return nullptr;
}

bool is_for_bytes(const Invocation& invocation) {
  if (invocation.has(OptionId::Output) || isatty(1) == 0) return true;
  complain("a binary is not for a terminal; name a file: wherry " +
               std::string(info(invocation.command).word) + " -o FILE ...",
           kWrongUsage);
  return false;
}

}  // namespace wherry::cli
