// The commands `component ...` and `bindgen`: WIT of components, and components made of modules and of each other.
#include <sys/stat.h>

#include <iterator>
#include <optional>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/input.h"
#include "cli/output.h"
#include "component/assemble/assemble.h"
#include "component/compose.h"
#include "component/decode.h"
#include "component/validate.h"
#include "component/wit/bindgen.h"
#include "component/wit/decode.h"
#include "component/wit/encode.h"
#include "component/wit/load.h"
#include "component/wit/print.h"
#include "component/wit/resolve.h"

namespace wherry::cli {

namespace wit = component::wit;

namespace {

constexpr size_t kMostAdapters = 16;

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

// Whether a file holds a component or a module, or the text of one, and not WIT: that begins with no parenthesis, and its comments with
// no semicolon.
bool is_component_file(base::ByteSpan bytes) {
  const std::string_view text = base::as_text(bytes);
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return inspect::is_binary(bytes) || (begin != text.npos && (text[begin] == '(' || text[begin] == ';'));
}

// A component; false, having said so.
bool read_component(const char* path, ModuleInput* input, wasm::TypeRegistry& registry,
                    std::optional<component::ValidComponent>* out) {
  if (input->binary.empty() && !to_binary(path, {.positions = true}, input)) return false;
  if (!input->is_component()) {
    complain(quoted(path) +
             " is a core module, not a component; `component embed` and `component new` make one of it");
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

// What was made is shown to nobody before it is known to be valid.
bool is_valid(base::ByteSpan bytes, std::string* why, component::Bodies bodies = component::Bodies::Leave) {
  wasm::TypeRegistry registry;
  base::Result<component::Component> decoded = component::decode(bytes, component::Features::all());
  if (!decoded) {
    *why = wasm::describe(decoded.error());
    return false;
  }
  const base::Result<component::ValidComponent> valid =
      component::validate(std::move(*decoded), registry, {.bodies = bodies});
  if (!valid) *why = std::string(wasm::error_message(valid.error().code)) + ": " + valid.error().detail;
  return valid.has_value();
}

int write_bytes(base::ByteSpan bytes, const Invocation& invocation) {
  Output output;
  if (!is_for_bytes(invocation)) return kWrongUsage;
  if (!output.open_for(invocation)) return kFailure;
  output.write(base::as_text(bytes));
  return output.finish();
}

int write_package(const char* path, WitInput* input, const Invocation& invocation) {
  bool ok = false;
  std::string why;
  const base::Vector<uint8_t> bytes = wit::encode_package(input->model, &ok);
  if (!ok) return complain("out of memory");
  if (!is_valid(bytes.span(), &why)) return complain(quoted(path) + " makes no valid package: " + why);
  return write_bytes(bytes.span(), invocation);
}

// The world that --world names, or the only one of the main package; false, having said so.
bool choose_world(const char* path, WitInput* input, const Invocation& invocation, wit::WorldId* world) {
  wit::Model& model = input->model;
  const auto name = invocation.value(OptionId::World);
  const base::Vector<wit::WorldId>& own = model[model.main].worlds;
  if (!name) {
    if (own.size() == 1) {
      *world = own[0];
      return true;
    }
    std::string names;
    for (const wit::WorldId id : own) names += (names.empty() ? "" : ", ") + std::string(model[id].name);
    complain(quoted(path) +
             (own.empty() ? " has no world" : " has several worlds; --world says which: " + names));
    return false;
  }
  for (uint32_t i = 0; i < model.worlds.size(); ++i) {
    const wit::WorldId id(i);
    const bool is_own = model[id].package == model.main && model[id].name == *name;
    if (!is_own && wit::full_name(model, id) != *name) continue;
    *world = id;
    return true;
  }
  complain(quoted(path) + " has no world " + quoted(*name));
  return false;
}

}  // namespace

int component_wit_command(const Invocation& invocation) {
  const char* const path = only_file(invocation);
  if (path == nullptr) return kWrongUsage;
  WitInput input;
  if (!read_wit(path, invocation, &input)) return kFailure;
  if (invocation.has(OptionId::Binary)) return write_package(path, &input, invocation);
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

int component_compose_command(const Invocation& invocation) {
  if (invocation.operands.size() < 2) {
    return complain("'component compose' needs a component and others to plug into it", kWrongUsage);
  }
  struct Part {
    ModuleInput input;
    std::optional<component::ValidComponent> component;
  };
  wasm::TypeRegistry registry;
  std::vector<Part> parts(invocation.operands.size());
  std::vector<component::ComposePart> given;
  for (size_t i = 0; i < parts.size(); ++i) {
    const char* const path = invocation.operands[i];
    if (!read_module(path, {.positions = true}, &parts[i].input)) return kFailure;
    if (!read_component(path, &parts[i].input, registry, &parts[i].component)) return kFailure;
    given.push_back({quoted(path), &*parts[i].component, parts[i].input.binary});
  }
  const base::Result<base::Vector<uint8_t>> made = component::compose(given);
  if (!made) return complain("these cannot be composed: " + wasm::describe(made.error()));
  std::string why;
  if (!is_valid(made->span(), &why)) return complain("these do not fit each other: " + why);
  return write_bytes(made->span(), invocation);
}

int component_targets_command(const Invocation& invocation) {
  if (invocation.operands.size() != 2) {
    return complain("'component targets' needs WIT and a component", kWrongUsage);
  }
  const char* const path = invocation.operands[1];
  WitInput input;
  wit::WorldId world;
  if (!read_wit(invocation.operands[0], invocation, &input)) return kFailure;
  if (!choose_world(invocation.operands[0], &input, invocation, &world)) return kFailure;
  ModuleInput file;
  wasm::TypeRegistry registry;
  std::optional<component::ValidComponent> component;
  if (!read_module(path, {.positions = true}, &file) || !read_component(path, &file, registry, &component)) {
    return kFailure;
  }
  component::EncodeBuffer type;
  wit::encode_world(input.model, world, &type);
  const base::Result<base::Vector<uint8_t>> test = component::fitting_test(type.span(), file.binary);
  if (!test || !type.ok()) return complain("out of memory");
  std::string why;
  if (is_valid(test->span(), &why)) return kSuccess;
  // The test is an export with that type, which nobody has to know.
  constexpr std::string_view kTest = "type mismatch: ascribed type of export is not compatible: ";
  if (why.starts_with(kTest)) why.erase(0, kTest.size());
  return complain(quoted(path) + " does not fit the world " + quoted(wit::full_name(input.model, world)) +
                  ": " + why);
}

int component_embed_command(const Invocation& invocation) {
  if (invocation.operands.size() != 2)
    return complain("'component embed' needs WIT and a core module", kWrongUsage);
  constexpr std::string_view kEncodings[] = {"utf8", "utf16", "latin1+utf16"};
  const std::string_view asked = invocation.value(OptionId::Encoding).value_or(kEncodings[0]);
  size_t encoding = 0;
  while (encoding < std::size(kEncodings) && kEncodings[encoding] != asked) ++encoding;
  if (encoding == std::size(kEncodings)) {
    return complain("--encoding is " + quoted(asked) + ", expected utf8, utf16 or latin1+utf16", kWrongUsage);
  }
  const char* const path = invocation.operands[1];
  WitInput input;
  wit::WorldId world;
  ModuleInput module;
  if (!read_wit(invocation.operands[0], invocation, &input)) return kFailure;
  if (!choose_world(invocation.operands[0], &input, invocation, &world)) return kFailure;
  if (!read_module(path, {}, &module)) return kFailure;
  if (module.is_component()) return complain(quoted(path) + " is a component already");
  bool ok = false;
  const base::Vector<uint8_t> bytes =
      wit::embed(input.model, world, static_cast<wit::StringEncoding>(encoding), module.binary, &ok);
  return ok ? write_bytes(bytes.span(), invocation) : complain("out of memory");
}

int component_new_command(const Invocation& invocation) {
  const char* const path = only_file(invocation);
  if (path == nullptr) return kWrongUsage;
  ModuleInput module;
  if (!read_module(path, {}, &module)) return kFailure;
  if (module.is_component()) return complain(quoted(path) + " is a component already");
  std::vector<ModuleInput> files(kMostAdapters);
  std::vector<component::assemble::Adapter> adapters;
  for (const OptionSetting& option : invocation.options) {
    if (option.id != OptionId::Adapt) continue;
    if (adapters.size() == kMostAdapters) return complain("there are more than 16 adapters", kWrongUsage);
    const size_t equals = option.value.find('=');
    // Without a name: what stands in front of the first dot of the file's.
    const std::string file(option.value.substr(equals == std::string_view::npos ? 0 : equals + 1));
    std::string_view name = option.value.substr(0, std::min(equals, option.value.size()));
    if (equals == std::string_view::npos) {
      name = name.substr(name.rfind('/') + 1);
      name = name.substr(0, name.find('.'));
    }
    ModuleInput& adapter = files[adapters.size()];
    if (!read_module(file.c_str(), {}, &adapter)) return kFailure;
    adapters.push_back({name, adapter.binary});
  }
  const auto made = component::assemble::make_component(
      {.module = module.binary,
       .adapters = adapters,
       .grow_for_adapters = invocation.has(OptionId::ReallocViaMemoryGrow)});
  if (!made) return complain(quoted(path) + ": " + made.error());
  std::string why;
  if (!is_valid(made->span(), &why, component::Bodies::Validate)) {
    return complain(quoted(path) + " makes no valid component: " + why);
  }
  return write_bytes(made->span(), invocation);
}

int bindgen_command(const Invocation& invocation) {
  if (invocation.operands.size() != 2 || invocation.operands[0] != std::string_view("cpp")) {
    return complain("'bindgen' needs a language and WIT: wherry bindgen cpp FILE", kWrongUsage);
  }
  const char* const path = invocation.operands[1];
  WitInput input;
  wit::WorldId world;
  if (!read_wit(path, invocation, &input) || !choose_world(path, &input, invocation, &world)) return kFailure;
  const auto header = wit::bindgen_cpp(input.model, world);
  if (!header) return complain(quoted(path) + ": " + header.error());
  Output output;
  if (!output.open_for(invocation)) return kFailure;
  output.write(*header);
  return output.finish();
}

}  // namespace wherry::cli
