// Both ends of what the differential fuzzer says to an engine in another process (child.h): which exports to call with what.
#include "tests/fuzz/peer.h"

#include <cstring>

#include "engine/base/os/descriptor.h"
#include "wherry/wherry.h"

namespace wherry::fuzz {

namespace {

// The exports in the module's order, which other engines do not keep.
void put_exports(std::string& to, Bytes bytes) {
  Config config;
  config.features.set("all", true).value();
  config.validation = Validation::Lazy;
  auto module = Module::load_borrowed(Engine::create(config).value(), bytes);
  put(to, module ? module->export_count() : 0, 4);
  for (size_t i = 0; module && i < module->export_count(); ++i) {
    const ExportType item = module->export_at(i);
    to += "ftmgx"[static_cast<size_t>(item.type.kind)];
    put(to, item.name.size(), 2);
    to += item.name;
  }
}

}  // namespace

bool Peer::ask(const Input& input) {
  if (!child_.start()) return false;
  std::string body;
  put(body, input.module.size(), 4);
  body.append(reinterpret_cast<const char*>(input.module.data()), input.module.size());
  put(body, input.arguments.size(), 1);
  body.append(reinterpret_cast<const char*>(input.arguments.data()), input.arguments.size());
  put(body, input.most_calls, 4);
  put_exports(body, input.module);
  std::string message;
  put(message, body.size(), 4);
  return child_.send(message + body);
}

std::optional<std::string> Peer::answer() {
  uint32_t size = 0;
  std::string text;
  if (child_.receive(&size, 4)) {
    text.resize(size);
    if (size == 0 || child_.receive(text.data(), size)) return text;
  }
  child_.stop();
  return std::nullopt;
}

void serve(const Mode& mode) {
  uint32_t size = 0;
  while (base::read_all(0, &size, 4) == 4) {
    std::vector<uint8_t> body(size);
    if (base::read_all(0, body.data(), size) != size) return;
    uint32_t module_size = 0;
    std::memcpy(&module_size, body.data(), 4);
    const uint8_t* at = body.data() + 4 + module_size;
    Input input{.module = Bytes(body).subspan(4, module_size), .arguments = {at + 1, *at}};
    std::memcpy(&input.most_calls, at + 1 + *at, 4);
    std::string text;
    for (const std::string& line : observe(mode, input).lines) text += common_words(line) + "\n";
    std::string message;
    put(message, text.size(), 4);
    message += text;
    if (!base::write_all(1, message.data(), message.size())) return;
  }
}

}  // namespace wherry::fuzz
