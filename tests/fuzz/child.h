#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wherry::fuzz {

// A process with a pipe to its input and one from its output: another engine, or a compiler. It is started when first needed,
// and again after stop(). One thread.
class Child {
 public:
  // `command` is split at spaces; its first word is a path.
  explicit Child(const std::string& command);
  // Ends the process.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Starts it unless it runs. False if it cannot be started.
  bool start();
  void stop();

  // All of `bytes`; false and stopped if the process does not take them.
  bool send(const std::string& bytes);
  // False if the process has ended, or said nothing for a minute.
  bool receive(void* to, size_t size);

 private:
  std::vector<std::string> words_;
  int to_ = -1;
  int from_ = -1;
  int pid_ = -1;
};

// `value` in so many bytes, little-endian.
void put(std::string& to, uint64_t value, size_t bytes);

}  // namespace wherry::fuzz
