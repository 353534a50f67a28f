// A host that runs programs for WASI, modules and components alike, with what it hands over and nothing else: arguments, one
// variable, one directory that they may read, and a standard output that it keeps.
//
//   example_wasi DIRECTORY PROGRAM.wasm [ARGUMENT...]
#include "wherry/wasi.h"

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/component.h"
#include "wherry/wasi_component.h"
#include "wherry/wherry.h"

namespace {

namespace wasi = wherry::wasi;

wherry::Result<int32_t> run_module(const wherry::Module& module, wherry::Store& store,
                                   const wasi::Capabilities& granted) {
  wherry::Linker linker(module.engine());
  WHERRY_RETURN_IF_ERROR(wasi::add_to_linker(linker));
  WHERRY_RETURN_IF_ERROR(wasi::attach(store, wasi::Preview1Config{granted}));
  WHERRY_ASSIGN_OR_RETURN(const wherry::Instance instance, linker.instantiate(store, module));
  return wasi::run(store, instance);
}

wherry::Result<int32_t> run_component(const wherry::Component& component, wherry::Store& store,
                                      const wasi::Capabilities& granted) {
  wherry::ComponentLinker linker(store.engine());
  WHERRY_RETURN_IF_ERROR(wasi::add_to_linker(linker));
  WHERRY_RETURN_IF_ERROR(wasi::attach(store, wasi::Preview2Config{granted}));
  WHERRY_ASSIGN_OR_RETURN(const wherry::ComponentInstance instance, linker.instantiate(store, component));
  return wasi::run(store, instance);
}

wherry::Result<int32_t> run(const char* directory, const char* path,
                            const std::vector<std::string_view>& args) {
  wasi::OutputBuffer out;
  const wasi::EnvironmentVariable env[] = {{"GREETING", "hello"}};
  const wasi::Preopen directories[] = {{.host_path = directory, .guest_path = "/work", .read_only = true}};
  wasi::Capabilities granted;
  granted.args = args;
  granted.env = env;
  granted.preopens = directories;
  granted.out = wasi::Stdio::to(out);
  granted.err = wasi::Stdio::to(out);

  WHERRY_ASSIGN_OR_RETURN(const wherry::Engine engine, wherry::Engine::create());
  WHERRY_ASSIGN_OR_RETURN(wherry::Store store, wherry::Store::create(engine));
  wherry::Result<wherry::Component> component = wherry::Component::load_file(engine, path);
  wherry::Result<int32_t> status = 0;
  if (component) {
    status = run_component(*component, store, granted);
  } else {
    WHERRY_ASSIGN_OR_RETURN(const wherry::Module module, wherry::Module::load_file(engine, path));
    status = run_module(module, store, granted);
  }
  std::printf("---- %zu bytes of output%s\n%s", out.text().size(), out.overflowed() ? ", and more" : "",
              std::string(out.text()).c_str());
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: example_wasi DIRECTORY PROGRAM.wasm [ARGUMENT...]\n");
    return 2;
  }
  const wherry::Result<int32_t> status =
      run(argv[1], argv[2], std::vector<std::string_view>(argv + 2, argv + argc));
  if (!status) {
    std::fprintf(stderr, "%s\n", status.error().describe().c_str());
    return 1;
  }
  std::printf("---- status %d\n", *status);
  return 0;
}
