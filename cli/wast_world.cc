// Carries out the commands of test scripts, as far as they are about modules being accepted or refused.
#include "cli/wast_world.h"

#include "cli/settings.h"

namespace wherry::cli {

using text::WastCommand;
using text::WastKind;
using text::WastModule;
using text::WastModuleForm;

struct WastWorld::Impl {
  wasm::Features features;

  base::Result<void> check(const WastModule& module) {
    if (module.form == WastModuleForm::Binary) return inspect::validate(module.bytes, features);
    const text::TextModule parsed = WHERRY_TRY(text::parse_module(module.bytes));
    return inspect::validate({parsed.binary.data(), parsed.binary.size()}, features);
  }

  std::string refused(const WastModule& module, wasm::ErrorKind kind, std::string_view text) {
    const base::Result<void> checked = check(module);
    if (!checked) {
      const wasm::ErrorKind found = wasm::error_kind(checked.error().code);
      if (found == kind || found == wasm::ErrorKind::Unsupported) return {};
      return "expected \"" + std::string(text) +
             "\", but it was refused with: " + wasm::describe(checked.error());
    }
    return "expected \"" + std::string(text) + "\", but the module was accepted";
  }

  std::string run(const WastCommand& command) {
    switch (command.kind) {
      case WastKind::Module:
      case WastKind::ModuleDefinition: {
        const base::Result<void> checked = check(command.module);
        return checked ? std::string() : "the module was refused: " + wasm::describe(checked.error());
      }
      case WastKind::AssertMalformed:
      case WastKind::AssertMalformedCustom:
        return refused(command.module, wasm::ErrorKind::Malformed, command.text);
      case WastKind::AssertInvalid:
      case WastKind::AssertInvalidCustom:
        return refused(command.module, wasm::ErrorKind::Invalid, command.text);
      default: return "running code is not supported";
    }
  }
};

WastWorld::WastWorld(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WastWorld::WastWorld(WastWorld&&) noexcept = default;
WastWorld& WastWorld::operator=(WastWorld&&) noexcept = default;
WastWorld::~WastWorld() = default;

Result<WastWorld> WastWorld::create(const Invocation& invocation) {
  auto impl = std::make_unique<Impl>();
  impl->features = features_of(invocation);
  return WastWorld(std::move(impl));
}

std::string WastWorld::run(const WastCommand& command) { return impl_->run(command); }

}  // namespace wherry::cli
