// What starting components costs inside of a process: loading a file, finding its imports, and making instances of what was prepared
// before, in a new store for every hundred. Least of many rounds, as for calls (bench/measure.h).
//
//   component_start [--quick] FILE      prints lines `name figure unit`; FILE is a command component for WASI 0.2
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bench/measure.h"
#include "wherry/component_linker.h"
#include "wherry/wasi_component.h"
#include "wherry/wherry.h"

namespace {

using namespace wherry;
using bench::take;

constexpr std::string_view kSmall = R"((component
  (core module $M (memory (export "mem") 1) (func (export "f") (result i32) (i32.const 1)))
  (core instance $m (instantiate $M))
  (func (export "f") (result u32) (canon lift (core func $m "f")))))";
constexpr std::string_view kWithoutMemory = R"((component
  (core module $M (func (export "f") (result i32) (i32.const 1)))
  (core instance $m (instantiate $M))
  (func (export "f") (result u32) (canon lift (core func $m "f")))))";
constexpr std::string_view kModule =
    R"((module (memory (export "mem") 1) (func (export "f") (result i32) (i32.const 1))))";

int g_rounds = 200;

template <class Body>
void show(const char* name, int count, Body body) {
  std::printf("%s %.0f ns\n", name, bench::best(g_rounds, count, body));
}

template <class Pre, class Prepare>
void instances(const Engine& engine, const char* name, const Pre& pre, Prepare prepare) {
  constexpr int kMany = 100;
  show(name, kMany, [&] {
    Store store = take(Store::create(engine));
    prepare(store);
    for (int i = 0; i < kMany; ++i) (void)take(pre.instantiate(store));
  });
}

}  // namespace

int main(int argc, char** argv) {
  const char* file = nullptr;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--quick") {
      g_rounds = 40;
    } else {
      file = argv[i];
    }
  }
  if (file == nullptr) {
    std::fprintf(stderr, "usage: component_start [--quick] FILE\n");
    return 2;
  }
  Config config;
  config.interruption = false;
  config.validation = Validation::Lazy;
  const Engine engine = take(Engine::create(config));
  const auto nothing = [](Store&) {};
  const ComponentLinker empty(engine);
  const Module module = take(load_text(engine, kModule));
  instances(engine, "instantiate-module", take(Linker(engine).prelink(module)), nothing);
  instances(engine, "instantiate-small", take(empty.prelink(take(Component::load_text(engine, kSmall)))),
            nothing);
  instances(engine, "instantiate-small-without-memory",
            take(empty.prelink(take(Component::load_text(engine, kWithoutMemory)))), nothing);

  ComponentLinker linker(engine);
  if (const Result<void> added = wasi::add_to_linker(linker); !added) return 1;
  const Component command = take(Component::load_file(engine, file));
  show("load-command", 1, [&] { (void)take(Component::load_file(engine, file)); });
  show("prelink-command", 1, [&] { (void)take(linker.prelink(command)); });
  instances(engine, "instantiate-command", take(linker.prelink(command)), [](Store& store) {
    if (const Result<void> attached = wasi::attach(store, {}); !attached) std::exit(1);
  });
  return 0;
}
