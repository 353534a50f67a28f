// The compiler, in a process of its own: it may crash, and one with a planted fault can stand in for it (compiler_plants.cc).
#include "tests/fuzz/compile_child.h"

namespace wherry::fuzz {

bool CompileChild::ask(Bytes module) {
  if (!child_.start()) return false;
  std::string message;
  put(message, module.size(), 4);
  message.append(reinterpret_cast<const char*>(module.data()), module.size());
  return child_.send(message);
}

std::optional<std::vector<uint8_t>> CompileChild::answer(std::string* message) {
  uint32_t head[2];
  if (child_.receive(head, sizeof head)) {
    std::vector<uint8_t> bytes(head[1]);
    if (bytes.empty() || child_.receive(bytes.data(), bytes.size())) {
      if (head[0] == 0) return bytes;
      message->assign(bytes.begin(), bytes.end());
      return std::nullopt;
    }
  }
  *message = "the compiler ended, or took more than a minute";
  child_.stop();
  return std::nullopt;
}

}  // namespace wherry::fuzz
