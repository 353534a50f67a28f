// The commands `component ...`: WIT of components, and components made of modules and of each other.
#include <sys/stat.h>

#include <optional>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/input.h"
#include "cli/output.h"
#include "component/decode.h"
#include "component/text.h"
#include "component/validate.h"
#include "component/wit/decode.h"
#include "component/wit/load.h"
#include "component/wit/print.h"
#include "component/wit/resolve.h"

namespace wherry::cli {

namespace wit = component::wit;

namespace {

// What --features and --all-features open.
class OpenGates {
 public:
  explicit OpenGates(const Invocation& invocation) {
    gates_.all = invocation.has(OptionId::AllFeatures);
    std::string_view rest = invocation.value(OptionId::WitFeatures).value_or("");
    while (!rest.empty()) {
      const size_t end = rest.find_first_of(", ");
      if (end != 0) features_.push_back(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    gates_.features = features_;
  }
  const wit::Gates& gates() const { return gates_; }

 private:
  std::vector<std::string_view> features_;
  wit::Gates gates_;
};

// WIT with what it is a view of.
struct WitInput {
  base::Vector<wit::Source> files;
  ModuleInput binary;
  wasm::TypeRegistry registry;
  std::optional<component::ValidComponent> component;
  wit::Model model;
};

bool is_folder(const char* path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

// Whether a file holds a component, or the text of one, and not WIT.
bool is_component_file(base::ByteSpan bytes) {
  return inspect::is_binary(bytes) || component::is_component_text(bytes);
}

// A component; false, having said so.
bool read_component(const char* path, ModuleInput* input, wasm::TypeRegistry& registry,
                    std::optional<component::ValidComponent>* out) {
  if (input->binary.empty() && !to_binary(path, {.positions = true}, input)) return false;
  if (!input->is_component()) {
    complain(quoted(path) + " is a core module, not a component");
    return false;
  }
  base::Result<component::Component> decoded = component::decode(input->binary, component::Features::all());
  if (decoded) {
    base::Result<component::ValidComponent> valid =
        component::validate(std::move(*decoded), registry, {.bodies = component::Bodies::Leave});
    if (valid) {
      out->emplace(std::move(*valid));
      return true;
    }
    complain(describe_error(path, *input, valid.error()));
    return false;
  }
  complain(describe_error(path, *input, decoded.error()));
  return false;
}

// The WIT of a component, or a package of WIT in binary form.
bool read_binary_wit(const char* path, WitInput* out) {
  if (!read_component(path, &out->binary, out->registry, &out->component)) return false;
  base::Result<wit::Model> model = wit::decode(*out->component);
  if (!model) {
    complain(quoted(path) + ": " + wasm::describe(model.error()));
    return false;
  }
  out->model = std::move(*model);
  return true;
}

// A folder or a file of WIT, or a component; false, having said so.
bool read_wit(const char* path, const Invocation& invocation, WitInput* out) {
  if (!is_folder(path)) {
    Result<Blob> source = read_input(path);
    if (!source) {
      complain(source.error().message());
      return false;
    }
    out->binary.source = std::move(*source);
    if (is_component_file(out->binary.source.bytes())) return read_binary_wit(path, out);
  }
  auto files = wit::load(path);
  if (!files) {
    complain(files.error());
    return false;
  }
  out->files = std::move(*files);
  auto model = wit::resolve(out->files.span(), OpenGates(invocation).gates());
  if (!model) {
    complain(model.error());
    return false;
  }
  out->model = std::move(*model);
  return true;
}

}  // namespace

int component_wit_command(const Invocation& invocation) {
  const char* const path = only_file(invocation);
  if (path == nullptr) return kWrongUsage;
  WitInput input;
  if (!read_wit(path, invocation, &input)) return kFailure;
  Output output;
  if (!output.open_for(invocation)) return kFailure;
  const wit::PrintChoice choice{.docs = !invocation.has(OptionId::NoDocs),
                                .dependencies = !invocation.has(OptionId::MainOnly)};
  const base::Result<void> printed = invocation.has(OptionId::Json) ? wit::print_json(input.model, output)
                                                                    : wit::print(input.model, choice, output);
  if (!printed && !output.has_failed()) {
    output.finish();
    return complain(quoted(path) + ": " + wasm::describe(printed.error()));
  }
  return output.finish();
}

}  // namespace wherry::cli
