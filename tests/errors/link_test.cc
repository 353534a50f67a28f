// Golden messages of the rows that need more than a module: linking, limits of a store, what cannot run. They stand in
// elsewhere.txt. Nothing is called, so the tier is one that runs nothing.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/decode/decode.h"
#include "engine/instantiate/instantiate.h"
#include "engine/text/parse.h"
#include "engine/wasm/errors.h"

namespace {

using namespace wherry;
using runtime::ExternValue;

wasm::TrapCode enter(abi::FuncObject*, uint64_t*, abi::Crossing*) { return wasm::TrapCode::Unreachable; }
constinit const abi::Cell kCell = 0;
constinit abi::FuncCode g_host_code{};
constinit const abi::Tier kTier{&kCell, &g_host_code, enter};

// A store and the modules in it, which live as long.
class World {
 public:
  explicit World(uint64_t memory_bytes) {
    runtime::StoreSetup setup;
    setup.tier = &kTier;
    setup.clock = &clock_;
    setup.limits.memory_bytes = memory_bytes;
    store_ = std::move(*runtime::Store::create(setup));
  }

  // The message, or "none".
  std::string instantiate(std::string_view text, std::span<const ExternValue> imports = {}) {
    auto program = std::make_unique<Program>();
    auto parsed = text::parse_module(base::as_bytes(text));
    REQUIRE(parsed);
    auto module = decode::decode(std::move(parsed->binary), {wasm::Features::all()});
    REQUIRE(module);
    auto typed = validate::type_module(std::move(*module), registry_);
    REQUIRE(typed);
    program->typed = std::make_unique<validate::TypedModule>(std::move(*typed));
    program->codes = std::make_unique<abi::FuncCode[]>(program->typed->module.bodies.size() + 1);
    program->provider.codes = program->codes.get();
    auto shape = instantiate::prepare_module(*program->typed, &program->provider);
    REQUIRE(shape);
    program->shape = std::move(*shape);
    const auto made =
        instantiate::instantiate(*store_, *program->shape, imports, {program.get(), [](void*) {}});
    programs_.push_back(std::move(program));
    return made ? "none" : wasm::describe(made.error().error);
  }

 private:
  struct Program {
    std::unique_ptr<validate::TypedModule> typed;
    std::unique_ptr<abi::FuncCode[]> codes;
    abi::CodeProvider provider;
    std::unique_ptr<const runtime::ModuleShape> shape;
  };

  runtime::InterruptClock clock_;
  wasm::TypeRegistry registry_;
  std::vector<std::unique_ptr<Program>> programs_;
  std::unique_ptr<runtime::Store> store_;
};

}  // namespace

TEST_CASE("messages of linking and of limits") {
  World world(65536);
  const ExternValue nothing[] = {ExternValue()};
  CHECK(world.instantiate("(module (import \"env\" \"f\" (func (param i32))))", nothing) ==
        "unknown import: \"env\" \"f\", expected (func (param i32)) at offset 0x12");
  CHECK(world.instantiate("(module (import \"env\" \"f\" (func)))") ==
        "incompatible import type: found 0 imports, expected 1");
  CHECK(world.instantiate("(module (memory 2))") ==
        "resource limit exceeded: found 131072 more bytes of memory and 0 in use, expected at most 65536");
}

TEST_CASE("messages that no module brings about") {
  CHECK(wasm::describe({wasm::ErrorCode::FileChanged, base::Error::kNoOffset, ""}) ==
        "the module's file was truncated while it was in use");
}
