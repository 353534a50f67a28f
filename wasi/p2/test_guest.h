// A guest without a component: a store with surroundings, and calls into the functions of WASI 0.2. Test code only.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "wasi/p2/filesystem.h"
#include "wasi/p2/resources.h"
#include "wherry/wasi_component.h"
#include "wherry/wherry.h"

namespace wherry::wasi::p2 {

class TestGuest {
 public:
  explicit TestGuest(const Preview2Config& config, bool interruption = false)
      : engine_(make_engine(interruption)), store_(*Store::create(engine_)) {
    const Result<void> attached = attach(store_, config);
    if (!attached) {
      std::fprintf(stderr, "%s\n", attached.error().describe().c_str());
      abort();
    }
  }

  Store& store() { return store_; }
  State& state() { return *store_.data(kState); }

  // Calls `callable(Caller&)` as a guest would be called from; answers what it answers.
  template <class Callable>
  auto call(Callable&& callable) {
    using R = decltype(callable(std::declval<Caller&>()));
    struct Box {
      Callable* callable;
      std::optional<R> result;
    } box{&callable, std::nullopt};
    Box* const place = &box;
    const Func func =
        *Func::wrap(store_, [place](Caller& caller) { place->result.emplace((*place->callable)(caller)); });
    if (!func.typed<void()>(store_)->call(store_)) abort();
    return std::move(*box.result);
  }

  // The directory that was given as `index`.
  Own<Descriptor> directory(size_t index = 0) {
    auto all = call([](Caller& caller) { return get_directories(caller); });
    return std::move(std::get<0>((*all)[index]));
  }

 private:
  static Engine make_engine(bool interruption) {
    Config config;
    config.interruption = interruption;
    return *Engine::create(config);
  }

  Engine engine_;
  Store store_;
};

// "ok", the name of an error of WIT in C++ numbers, or "stopped: MESSAGE".
template <class T>
std::string outcome(const FileResult<T>& result) {
  if (!result) return "stopped: " + std::string(result.error().message());
  if (result->ok()) return "ok";
  switch (result->error()) {
#define FILE_ERROR(name, error) \
  case ErrorCode::name: return #name;
#include "wasi/p2/errors.inc"
#undef FILE_ERROR
  }
  return "?";
}

}  // namespace wherry::wasi::p2
