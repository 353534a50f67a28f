#pragma once

#include <string>
#include <string_view>

#include "engine/base/os/descriptor.h"
#include "wherry/blob.h"
#include "wherry/result.h"

// What the program says and reads, without buffers of its own: everything goes out in one piece by write(2).
namespace wherry::cli {

inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;
inline constexpr int kWrongUsage = 2;

// Writes all of it; false when the other side is gone or full.
inline bool write_all(int file, std::string_view text) {
  return base::write_all(file, text.data(), text.size());
}
inline bool print_out(std::string_view text) { return write_all(1, text); }

// "wherry: message" on standard error, control characters replaced; answers `status` for the caller to return.
int complain(std::string_view message, int status = kFailure);

// A path for a message: in quotes, control characters replaced.
std::string quoted(std::string_view path);
// "no such file or directory": the system's words, in lower case.
std::string system_message(int error);

// The whole of a file, or of standard input for "-", in memory. Fails with kind Io, the path in the message.
Result<Blob> read_input(const char* path);

}  // namespace wherry::cli
