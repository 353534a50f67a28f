#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "wherry/wherry.h"

// What tests of the API begin with. A failure here ends the test's process with the error's text.
namespace wherry {

struct World {
  explicit World(const Config& config = {})
      : engine(Engine::create(config).value()), store(Store::create(engine).value()), linker(engine) {}

  Module load(std::string_view text) const { return load_text(engine, text).value(); }
  Instance start(std::string_view text) { return linker.instantiate(store, load(text)).value(); }
  Func func(Instance instance, std::string_view name) { return instance.func(store, name).value(); }
  // Calls an export of no parameters and no results.
  Result<void> run(Instance instance, std::string_view name) {
    return func(instance, name).call(store, std::span<const Val>(), std::span<Val>());
  }

  Engine engine;
  Store store;
  Linker linker;
};

template <class T>
ErrorKind kind_of(const Result<T>& result) {
  return result.ok() ? ErrorKind{} : result.error().kind();
}

template <class T>
TrapCode trap_of(const Result<T>& result) {
  return result.ok() ? TrapCode{} : result.error().trap_code().value_or(TrapCode{});
}

template <class T>
std::string text_of(const Result<T>& result) {
  return result.ok() ? "ok" : result.error().describe();
}

}  // namespace wherry
