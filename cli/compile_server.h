#pragma once

#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "wherry/blob.h"
#include "wherry/result.h"

namespace wherry::cli {

// A `wherryc --serve` on two pipes: modules go in, compiled files come out. Thread-safe; one at a time.
class CompileServer {
 public:
  // `command` is a program and its arguments, separated by spaces; empty: `wherryc` beside this program. Errors: Io.
  static Result<std::unique_ptr<CompileServer>> start(std::string_view command);
  // Ends it.
  ~CompileServer();
  CompileServer(const CompileServer&) = delete;
  CompileServer& operator=(const CompileServer&) = delete;

  // The compiled file of a valid module. Errors: Io when the server is gone, Unsupported with what it says.
  Result<std::vector<uint8_t>> compile(Bytes module);

 private:
  CompileServer(pid_t process, int to, int from) : process_(process), to_(to), from_(from) {}
  [[nodiscard]] bool send(const void* bytes, size_t size) const;
  [[nodiscard]] bool receive(void* bytes, size_t size) const;

  std::mutex mutex_;
  pid_t process_;
  int to_;
  int from_;
};

}  // namespace wherry::cli
