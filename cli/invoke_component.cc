// Calls of component functions from the command line. The names of interfaces are long, so what is left out of one is found
// in the exports, as long as only one has it.
#include "cli/invoke_component.h"

#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/options.h"
#include "component/compose.h"
#include "component/wave.h"

namespace wherry::cli {

namespace {

// Whether an exported interface can be called so: by its name, in a version that it is compatible with or without one, or by
// its last part.
bool is_called(std::string_view exported, std::string_view name) {
  const std::string_view plain = exported.substr(0, exported.find('@'));
  const size_t slash = plain.find('/');
  return component::is_compatible_name(name, exported) || name == plain ||
         (slash != std::string_view::npos && name == plain.substr(slash + 1));
}

struct Target {
  std::string_view interface;
  std::string_view function;
};

std::string full_name(const Target& target) {
  return target.interface.empty() ? std::string(target.function)
                                  : std::string(target.interface) + "." + std::string(target.function);
}

// The functions that a call may mean; with `name` empty all of them.
std::vector<Target> targets(const Component& component, std::string_view interface, std::string_view name) {
  std::vector<Target> found;
  for (size_t i = 0; i < component.export_count(); ++i) {
    const ComponentItem item = component.export_at(i);
    if (item.kind() == ComponentItemKind::Func && interface.empty() &&
        (name.empty() || item.name() == name)) {
      found.push_back({{}, item.name()});
    }
    if (item.kind() != ComponentItemKind::Instance) continue;
    if (!interface.empty() && !is_called(item.name(), interface)) continue;
    for (size_t at = 0; at < item.export_count(); ++at) {
      const ComponentItem inner = item.export_at(at);
      if (inner.kind() == ComponentItemKind::Func && (name.empty() || inner.name() == name)) {
        found.push_back({item.name(), inner.name()});
      }
    }
  }
  return found;
}

std::string list_of(const std::vector<Target>& targets) {
  constexpr size_t kMost = 10;
  std::string text;
  for (size_t i = 0; i < targets.size() && i < kMost; ++i)
    text += (i == 0 ? "" : ", ") + full_name(targets[i]);
  return targets.size() > kMost ? text + ", ..." : text;
}

Result<Target> find_target(const Component& component, const component::WaveCall& call) {
  const std::vector<Target> found = targets(component, call.interface, call.function);
  if (found.size() == 1) return found[0];
  // The component's own function comes before those of interfaces.
  for (const Target& target : found) {
    if (target.interface.empty()) return target;
  }
  const std::string name = quoted(full_name({call.interface, call.function}));
  if (!found.empty()) return Error::usage(name + " could be one of several functions: " + list_of(found));
  const std::vector<Target> all = targets(component, {}, {});
  if (all.empty()) return Error::usage("there is no exported function " + name + "; there is none at all");
  Nearest nearest(call.function);
  for (const Target& target : all) nearest.consider(target.function);
  return Error::usage("there is no exported function " + name +
                      (nearest.best().empty() ? ";" : nearest.hint()) + " there is: " + list_of(all));
}

Result<std::vector<ComponentVal>> read_arguments(const component::WaveCall& call, const std::string& name,
                                                 ComponentFuncType type,
                                                 std::span<const char* const> arguments) {
  std::string text(call.arguments);
  if (text.empty()) {
    for (const char* const argument : arguments) text += (text.empty() ? "(" : ", ") + std::string(argument);
    text += text.empty() ? "()" : ")";
  } else if (!arguments.empty()) {
    return Error::usage("arguments stand both in the call of " + name + " and behind the file");
  }
  auto values = component::parse_wave_arguments(text, type);
  if (values) return std::move(*values);
  return Error::usage(name + " is " + type.to_string() + "; in " + quoted(text) + ", " + values.error());
}

}  // namespace

std::string exported_functions(const Component& component) { return list_of(targets(component, {}, {})); }

Result<void> invoke_component(StoreRef store, ComponentInstance instance, std::string_view text,
                              std::span<const char* const> arguments) {
  const component::WaveCall call = component::split_wave_call(text);
  WHERRY_ASSIGN_OR_RETURN(const Component component, instance.component(store));
  WHERRY_ASSIGN_OR_RETURN(const Target target, find_target(component, call));
  WHERRY_ASSIGN_OR_RETURN(const ComponentFunc func, instance.func(store, target.interface, target.function));
  WHERRY_ASSIGN_OR_RETURN(const ComponentFuncType type, func.type(store));
  WHERRY_ASSIGN_OR_RETURN(const std::vector<ComponentVal> values,
                          read_arguments(call, quoted(full_name(target)), type, arguments));
  WHERRY_ASSIGN_OR_RETURN(const std::optional<ComponentVal> result, func.call(store, values));
  if (result) print_out(component::print_wave(*result, type.result()) + "\n");
  return {};
}

}  // namespace wherry::cli
