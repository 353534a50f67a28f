// The commands `component ...`: WIT of components, and components made of modules and of each other.
#include <sys/stat.h>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/input.h"
#include "cli/output.h"
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
  wit::Model model;
};

// A folder or a file of WIT; false, having said so.
bool read_wit(const char* path, const Invocation& invocation, WitInput* out) {
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
