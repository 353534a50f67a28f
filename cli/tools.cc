// The commands that look at modules and components without running them: validate, print, parse, objdump.
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/input.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "component/decode.h"
#include "component/print.h"
#include "component/validate.h"
#include "engine/inspect/compiled.h"
#include "engine/inspect/objdump.h"
#include "engine/inspect/slots.h"

namespace wherry::cli {

namespace {

// The file, and its module unless it is a compiled one.
bool read_any(const char* path, const text::ParseOptions& options, ModuleInput* out, bool* is_compiled) {
  Result<Blob> source = read_input(path);
  if (!source) {
    complain(source.error().message());
    return false;
  }
  out->source = std::move(*source);
  *is_compiled = inspect::is_compiled(out->source.bytes());
  return *is_compiled || to_binary(path, options, out);
}

int finish_listing(const char* path, const ModuleInput& input, const base::Result<void>& result,
                   Output* output) {
  if (!result && !output->has_failed()) {
    output->finish();
    return complain(describe_error(path, input, result.error()));
  }
  return output->finish();
}

// The switches of -O that change slot code, and the settings that do.
lower::Options slot_options_of(const Invocation& invocation) {
  lower::Options options;
  options.fuel = invocation.key(KeyId::Fuel) != nullptr;
  options.interruption = invocation.key(KeyId::Timeout) != nullptr;
  for (const KeySetting& setting : invocation.keys) {
    const bool on = setting.number != 0;
    switch (setting.id) {
      case KeyId::Accumulators: options.accumulators = on; break;
      case KeyId::DestinationFolding: options.destination_folding = on; break;
      case KeyId::AddressFolding: options.address_folding = on; break;
      case KeyId::CompareAndBranch: options.compare_branch = on; break;
      case KeyId::PinnedLocals: options.pinned_locals = on; break;
      case KeyId::BranchTableIndex: options.branch_table_index = on; break;
      case KeyId::JoinedHandlers: options.joined_handlers = on; break;
      case KeyId::PinnedFloats: options.pinned_floats = on; break;
      case KeyId::UnreadLocals: options.unread_locals = on; break;
      case KeyId::NearHeaders: options.near_headers = on; break;
      case KeyId::RepeatedDispatch: options.repeated_dispatch = on; break;
      case KeyId::SignalsBasedTraps: options.guard_pages = on; break;
      default: break;
    }
  }
  return options;
}

base::Result<void> validate_component(base::ByteSpan binary, const component::Features& features) {
  wasm::TypeRegistry registry;
  component::Component decoded = WHERRY_TRY(component::decode(binary, features));
  WHERRY_TRY(component::validate(std::move(decoded), registry));
  return {};
}

// Core modules inside of a component are printed as others are.
class CorePrinter final : public component::ModulePrinter {
 public:
  explicit CorePrinter(const inspect::PrintChoice& choice) : choice_(choice) {}
  base::Result<void> print(base::ByteSpan module, text::TextSink& sink) override {
    return inspect::print(module, choice_, sink);
  }

 private:
  const inspect::PrintChoice& choice_;
};

base::Result<void> print_component(base::ByteSpan binary, const inspect::PrintChoice& choice,
                                   text::TextSink& sink) {
  const component::Component decoded = WHERRY_TRY(component::decode(binary, component::Features::all()));
  CorePrinter modules(choice);
  return component::print(decoded, {.names = choice.names, .skeleton = choice.skeleton}, modules, sink);
}

base::Result<void> list_component(std::string_view title, base::ByteSpan binary, text::TextSink& sink) {
  const component::Component decoded = WHERRY_TRY(component::decode(binary, component::Features::all()));
  return component::objdump(title, decoded, sink);
}

}  // namespace

int validate_command(const Invocation& invocation) {
  if (invocation.operands.empty()) return complain("'validate' needs a file", kWrongUsage);
  int status = kSuccess;
  for (const char* path : invocation.operands) {
    ModuleInput input;
    bool is_compiled = false;
    if (!read_any(path, {.positions = true}, &input, &is_compiled)) {
      status = kFailure;
    } else if (is_compiled) {
      const auto sound = inspect::verify_compiled(input.source.bytes());
      if (!sound) status = complain(describe_error(path, input, sound.error()));
    } else if (const auto valid = input.is_component()
                                      ? validate_component(input.binary, component_features_of(invocation))
                                      : inspect::validate(input.binary, features_of(invocation));
               !valid) {
      status = complain(describe_error(path, input, valid.error()));
    }
  }
  return status;
}

int print_command(const Invocation& invocation) {
  const char* const path = only_file(invocation);
  if (path == nullptr) return kWrongUsage;
  ModuleInput input;
  Output output;
  if (!read_module(path, {}, &input) || !output.open_for(invocation)) return kFailure;
  const inspect::PrintChoice choice{.names = !invocation.has(OptionId::NoNames),
                                    .skeleton = invocation.has(OptionId::Skeleton),
                                    .offsets = invocation.has(OptionId::PrintOffsets)};
  const base::Result<void> printed = input.is_component() ? print_component(input.binary, choice, output)
                                                          : inspect::print(input.binary, choice, output);
  return finish_listing(path, input, printed, &output);
}

int parse_command(const Invocation& invocation) {
  const char* const path = only_file(invocation);
  if (path == nullptr) return kWrongUsage;
  ModuleInput input;
  Output output;
  if (!read_module(path, {.names = !invocation.has(OptionId::NoNames)}, &input)) return kFailure;
  if (!is_for_bytes(invocation)) return kWrongUsage;
  if (!output.open_for(invocation)) return kFailure;
  output.write(base::as_text(input.binary));
  return output.finish();
}

int objdump_command(const Invocation& invocation) {
  const bool names_function = invocation.has(OptionId::Slots) && invocation.operands.size() == 2;
  const char* const path = names_function ? invocation.operands[0] : only_file(invocation);
  if (path == nullptr) return kWrongUsage;
  ModuleInput input;
  Output output;
  bool is_compiled = false;
  if (!read_any(path, {}, &input, &is_compiled)) return kFailure;
  const inspect::ObjdumpChoice choice{.funcs = invocation.has(OptionId::Funcs)};
  if (is_compiled) {
    return finish_listing(
        path, input, inspect::list_compiled(quoted(path), input.source.bytes(), choice, output), &output);
  }
  if (input.is_component()) {
    return finish_listing(path, input, list_component(quoted(path), input.binary, output), &output);
  }
  if (invocation.has(OptionId::Slots)) {
    const std::string_view only = invocation.operands.size() > 1 ? invocation.operands[1] : "";
    bool found = false;
    const base::Result<void> listed = inspect::list_slots(input.binary, features_of(invocation),
                                                          slot_options_of(invocation), only, &found, output);
    if (listed && !found && !only.empty())
      return complain(quoted(path) + " defines no function " + quoted(only));
    return finish_listing(path, input, listed, &output);
  }
  return finish_listing(path, input, inspect::objdump(quoted(path), input.binary, choice, output), &output);
}

}  // namespace wherry::cli
