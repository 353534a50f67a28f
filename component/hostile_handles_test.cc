// Handles and calls at the wrong time, case by case: the tables testdata/hostile/handles.txt and calls.txt say what a case is. A
// case ends in the trap that it should, or in its number; after it nothing is lent, no handle is left that nobody has, and nothing
// of the host's is alive.
#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "component/canon_guests.h"
#include "component/runtime.h"

namespace wherry::component {

namespace {

struct Other : Thing {
  using Thing::Thing;
};

constexpr const char* kHostTypes = R"(
      (export "thing" (type $thing (sub resource)))
      (export "other" (type $other (sub resource)))
      (export "new" (func (result (own $thing))))
      (export "new-other" (func (result (own $other))))
      (export "count" (func (param "all" (list (borrow $thing))) (result u32)))
      (export "look" (func (param "a" (borrow $thing)) (result u32)))
      (export "take" (func (param "a" (own $thing))))
      (export "both" (func (param "a" (own $thing)) (param "b" (borrow $thing)) (result u32)))
      (export "both-back" (func (param "b" (borrow $thing)) (param "a" (own $thing)) (result u32))))";

// Defines resources $R and $S, of which the numbers are 41.
constexpr const char* kProvider = R"((component $P
      (core module $D (global $n (mut i32) (i32.const 0))
        (func (export "dtor") (param i32) (global.set $n (i32.add (global.get $n) (i32.const 1))))
        (func (export "dead") (result i32) (global.get $n)))
      (core instance $d (instantiate $D))
      (type $R' (resource (rep i32) (dtor (func $d "dtor"))))
      (type $S' (resource (rep i32)))
      (export $R "r" (type $R'))
      (export $S "s" (type $S'))
      (core func $new (canon resource.new $R'))
      (core func $new-s (canon resource.new $S'))
      (core func $drop (canon resource.drop $R'))
      (core module $M
        (import "" "new" (func $new (param i32) (result i32)))
        (import "" "new-s" (func $new-s (param i32) (result i32)))
        (import "" "drop" (func $drop (param i32)))
        (memory (export "mem") 1)
        (global $next (mut i32) (i32.const 1024))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32)
          (global.set $next (i32.add (global.get $next) (local.get 3))) (i32.sub (global.get $next) (local.get 3)))
        (func (export "make") (result i32) (call $new (i32.const 41)))
        (func (export "make-s") (result i32) (call $new-s (i32.const 41)))
        (func (export "look") (param i32) (result i32) (local.get 0))
        (func (export "lend-two") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
        (func (export "take") (param i32) (call $drop (local.get 0)))
        (func (export "two") (param i32 i32) (call $drop (local.get 0)) (call $drop (local.get 1)))
        (func (export "both") (param i32 i32) (result i32) (call $drop (local.get 0)) (local.get 1))
        (func (export "both-back") (param i32 i32) (result i32) (call $drop (local.get 1)) (local.get 0))
        (func (export "list") (param i32 i32) (loop $l
          (call $drop (i32.load (local.get 0)))
          (local.set 0 (i32.add (local.get 0) (i32.const 4)))
          (br_if $l (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))))
      (core instance $m (instantiate $M (with "" (instance (export "new" (func $new)) (export "new-s" (func $new-s))
        (export "drop" (func $drop))))))
      (func (export "make") (result (own $R)) (canon lift (core func $m "make")))
      (func (export "make-s") (result (own $S)) (canon lift (core func $m "make-s")))
      (func (export "look") (param "a" (borrow $R)) (result u32) (canon lift (core func $m "look")))
      (func (export "lend-two") (param "a" (borrow $R)) (param "b" (borrow $R)) (result u32) (canon lift (core func $m "lend-two")))
      (func (export "take") (param "a" (own $R)) (canon lift (core func $m "take")))
      (func (export "two") (param "a" (own $R)) (param "b" (own $R)) (canon lift (core func $m "two")))
      (func (export "both") (param "a" (own $R)) (param "b" (borrow $R)) (result u32) (canon lift (core func $m "both")))
      (func (export "both-back") (param "b" (borrow $R)) (param "a" (own $R)) (result u32) (canon lift (core func $m "both-back")))
      (func (export "list") (param "all" (list (own $R))) (canon lift (core func $m "list") (memory (core memory $m "mem"))
        (realloc (core func $m "realloc"))))
      (func (export "dead") (result u32) (canon lift (core func $d "dead")))))";

constexpr const char* kProviderTypes = R"((import "p" (instance $p
      (export "r" (type $R (sub resource)))
      (export "s" (type $S (sub resource)))
      (export "make" (func (result (own $R))))
      (export "make-s" (func (result (own $S))))
      (export "look" (func (param "a" (borrow $R)) (result u32)))
      (export "lend-two" (func (param "a" (borrow $R)) (param "b" (borrow $R)) (result u32)))
      (export "take" (func (param "a" (own $R))))
      (export "two" (func (param "a" (own $R)) (param "b" (own $R))))
      (export "both" (func (param "a" (own $R)) (param "b" (borrow $R)) (result u32)))
      (export "both-back" (func (param "b" (borrow $R)) (param "a" (own $R)) (result u32)))
      (export "list" (func (param "all" (list (own $R)))))
      (export "dead" (func (result u32)))))
      (alias export $p "r" (type $R))
      (alias export $p "s" (type $S)))";

// A function of a core module, made from one of a component or a canonical one.
struct CoreFunc {
  const char* name;    // $p-look
  const char* type;    // (param i32) (result i32)
  const char* source;  // What makes it; empty: `name` is an instance's function, lowered.
};

// The third guest's functions: name, component type, core type, body.
struct Third {
  const char* name;
  const char* type;
  const char* core;
  const char* body;
};
constexpr Third kThirds[] = {
    {"keep", R"((param "a" (borrow $R)))", "(param i32)", ""},
    {"drop", R"((param "a" (borrow $R)))", "(param i32)", "(call $drop (local.get 0))"},
    {"twice", R"((param "a" (borrow $R)))", "(param i32)",
     "(call $drop (local.get 0)) (call $drop (local.get 0))"},
    {"give", R"((param "a" (borrow $R)))", "(param i32)", "(call $p-take (local.get 0))"},
    {"pass", R"((param "a" (borrow $R)) (result u32))", "(param i32) (result i32)",
     "(call $p-look (local.get 0)) (call $drop (local.get 0))"},
    {"lend-on", R"((param "a" (borrow $R)))", "(param i32)", "(drop (call $p-look (local.get 0)))"},
    {"answer", R"((param "a" (borrow $R)) (result (own $R)))", "(param i32) (result i32)", "(local.get 0)"},
    {"leave", R"((param "a" (own $R)))", "(param i32)", ""},
    {"back", R"((param "a" (own $R)) (result (own $R)))", "(param i32) (result i32)", "(local.get 0)"},
    {"back-other", R"((param "a" (own $R)) (result (own $R)))", "(param i32) (result i32)",
     "(i32.const 100)"},
    {"two", R"((param "a" (borrow $R)) (param "b" (borrow $R)))", "(param i32 i32)",
     "(call $drop (local.get 0))"},
};

std::string third() {
  std::string text = std::string("(component $K ") + kProviderTypes + R"(
      (core func $drop (canon resource.drop $R))
      (core func $look (canon lower (func $p "look")))
      (core func $take (canon lower (func $p "take")))
      (core module $M (import "" "drop" (func $drop (param i32))) (import "" "look" (func $p-look (param i32) (result i32)))
        (import "" "take" (func $p-take (param i32))))";
  for (const Third& function : kThirds) {
    text += std::string("(func (export \"") + function.name + "\") " + function.core + " " + function.body +
            ")\n";
  }
  text +=
      R"() (core instance $m (instantiate $M (with "" (instance (export "drop" (func $drop)) (export "look" (func $look))
    (export "take" (func $take)))))))";
  for (const Third& function : kThirds) {
    text += std::string("(func (export \"") + function.name + "\") " + function.type +
            " (canon lift (core func $m \"" + function.name + "\")))\n";
  }
  return text + ")";
}

constexpr CoreFunc kUsersFunctions[] = {
    {"new", "(result i32)", "(canon lower (func $i \"new\"))"},
    {"new-other", "(result i32)", "(canon lower (func $i \"new-other\"))"},
    {"count", "(param i32 i32) (result i32)",
     "(canon lower (func $i \"count\") (memory (core memory $l \"mem\")))"},
    {"look", "(param i32) (result i32)", "(canon lower (func $i \"look\"))"},
    {"take", "(param i32)", "(canon lower (func $i \"take\"))"},
    {"both", "(param i32 i32) (result i32)", "(canon lower (func $i \"both\"))"},
    {"both-back", "(param i32 i32) (result i32)", "(canon lower (func $i \"both-back\"))"},
    {"drop-thing", "(param i32)", "(canon resource.drop $thing)"},
    {"drop-other", "(param i32)", "(canon resource.drop $other)"},
    {"drop", "(param i32)", "(canon resource.drop $R)"},
    {"drop-s", "(param i32)", "(canon resource.drop $S)"},
    {"make", "(result i32)", "(canon lower (func $p \"make\"))"},
    {"make-s", "(result i32)", "(canon lower (func $p \"make-s\"))"},
    {"dead", "(result i32)", "(canon lower (func $p \"dead\"))"},
    {"p-look", "(param i32) (result i32)", "(canon lower (func $p \"look\"))"},
    {"p-lend-two", "(param i32 i32) (result i32)", "(canon lower (func $p \"lend-two\"))"},
    {"p-take", "(param i32)", "(canon lower (func $p \"take\"))"},
    {"p-two", "(param i32 i32)", "(canon lower (func $p \"two\"))"},
    {"p-both", "(param i32 i32) (result i32)", "(canon lower (func $p \"both\"))"},
    {"p-both-back", "(param i32 i32) (result i32)", "(canon lower (func $p \"both-back\"))"},
    {"p-list", "(param i32 i32)", "(canon lower (func $p \"list\") (memory (core memory $l \"mem\")))"},
};

// The guest that a case is about.
std::string user(const std::string& body) {
  std::string text = std::string("(component $U (import \"host\" (instance $i ") + kHostTypes + "))\n" +
                     kProviderTypes + "(import \"k\" (instance $k (alias outer 1 $R (type $R))\n";
  for (const Third& function : kThirds) {
    text += std::string("(export \"") + function.name + "\" (func " + function.type + "))\n";
  }
  text += R"())
      (alias export $i "thing" (type $thing))
      (alias export $i "other" (type $other))
      (core module $L (memory (export "mem") 1))
      (core instance $l (instantiate $L))
)";
  std::string imports = "(import \"l\" \"mem\" (memory 1))\n";
  std::string arguments;
  const auto add = [&](const std::string& name, const std::string& type, const std::string& source) {
    text += "(core func $" + name + " " + source + ")\n";
    imports += "(import \"\" \"" + name + "\" (func $" + name + " " + type + "))\n";
    arguments += "(export \"" + name + "\" (func $" + name + "))";
  };
  for (const CoreFunc& function : kUsersFunctions) add(function.name, function.type, function.source);
  for (const Third& function : kThirds) {
    add(std::string("k-") + function.name, function.core,
        std::string("(canon lower (func $k \"") + function.name + "\"))");
  }
  return text + "(core module $M " + imports +
         "(func (export \"run\") (result i32) (local $h i32) (local $k i32) (local $m i32) " + body +
         R"())
      (core instance $m (instantiate $M (with "l" (instance $l)) (with "" (instance )" +
         arguments + R"())))
      (func (export "run") (result u32) (canon lift (core func $m "run")))))";
}

std::string handles_component(const std::string& body) {
  return std::string("(component (import \"host\" (instance $i ") + kHostTypes + "))\n" + kProvider + "\n" +
         third() + "\n" + user(body) + R"(
    (instance $p (instantiate $P))
    (instance $k (instantiate $K (with "p" (instance $p))))
    (instance $u (instantiate $U (with "host" (instance $i)) (with "p" (instance $p)) (with "k" (instance $k))))
    (export "run" (func $u "run"))))";
}

// The resources, and what makes them.
void define_things(ComponentLinker& linker, int* alive) {
  REQUIRE(linker.resource<Thing>("host", "thing").ok());
  REQUIRE(linker.resource<Other>("host", "other").ok());
  REQUIRE(linker.func("host", "new", [alive]() -> Result<Own<Thing>> { return Own<Thing>(new Thing(alive)); })
              .ok());
  REQUIRE(
      linker
          .func("host", "new-other", [alive]() -> Result<Own<Other>> { return Own<Other>(new Other(alive)); })
          .ok());
}

// Functions that get handles as what they refer to.
void define_host(ComponentLinker& linker, int* alive) {
  define_things(linker, alive);
  REQUIRE(linker
              .func("host", "count",
                    [](const std::vector<Borrow<Thing>>& all) { return static_cast<uint32_t>(all.size()); })
              .ok());
  REQUIRE(linker.func("host", "look", [](Borrow<Thing> a) { return *a->alive >= 1 ? 1u : 0u; }).ok());
  REQUIRE(linker.func("host", "take", [](Own<Thing>) {}).ok());
  REQUIRE(linker.func("host", "both", [](Own<Thing>, Borrow<Thing>) { return 2u; }).ok());
  REQUIRE(linker.func("host", "both-back", [](Borrow<Thing>, Own<Thing>) { return 2u; }).ok());
}

// The same with functions that get dynamic values, and so handles.
void define_dynamic_host(ComponentLinker& linker, int* alive) {
  define_things(linker, alive);
  for (const char* const name : {"count", "look", "take", "both", "both-back"}) {
    REQUIRE(linker
                .dynamic_func(
                    "host", name,
                    [name](Caller& caller, const ComponentFuncType&, std::span<const ComponentVal> arguments,
                           ComponentVal& result) -> Result<void> {
                      const std::string_view what = name;
                      const auto number = static_cast<uint32_t>(what == "count" ? arguments[0].items().size()
                                                                                : arguments.size());
                      if (what != "take") result = ComponentVal(number);
                      for (const ComponentVal& argument : arguments) {
                        if (argument.kind() == ComponentKind::Own)
                          WHERRY_RETURN_IF_ERROR(argument.resource().drop(caller));
                      }
                      return {};
                    })
                .ok());
  }
}

// After a call nothing is lent and no handle refers to it, whichever way it ended.
void check_tables(StoreRef store) {
  RtStore* const found = RtStore::find(store);
  REQUIRE(found != nullptr);
  const auto check = [](HandleTable& table) {
    for (const Handle& handle : table.entries()) {
      CHECK(handle.scope == nullptr);
      CHECK((handle.resource == nullptr || handle.lends == 0));
    }
  };
  for (const auto& tree : found->trees) {
    for (RtInstance& instance : tree->instances) check(instance.handles);
  }
  check(found->host_handles);
  for (const Handle& handle : found->host_handles.entries()) CHECK(handle.resource == nullptr);
}

}  // namespace

TEST_CASE("handles are what their owner may do with them, and nothing more") {
  const Engine engine = Engine::create().value();
  size_t count = 0;
  for (const HostileCase& lie : read_table("handles.txt")) {
    const std::string text = handles_component(lie.what);
    const Result<wherry::Component> component = wherry::Component::load_text(engine, text);
    if (!component) FAIL(lie.name << component.error().describe() << "\n" << text);
    for (const bool is_dynamic : {false, true}) {
      INFO(lie.section << ": " << lie.name << (is_dynamic ? ", dynamic" : ""));
      int alive = 0;
      {
        Store store = Store::create(engine).value();
        ComponentLinker linker(engine);
        (is_dynamic ? define_dynamic_host : define_host)(linker, &alive);
        const Result<ComponentInstance> instance = linker.instantiate(store, *component);
        if (!instance) FAIL(instance.error().describe());
        const Result<uint32_t> result = instance->typed<uint32_t()>(store, "run").value().call(store);
        CHECK((result ? std::to_string(*result) : outcome_of(result.error())) == lie.outcome);
        check_tables(store);
      }
      CHECK(alive == 0);
      ++count;
    }
  }
  CHECK(count > 150);
}

// ---- calls at the wrong time

namespace {

std::string calls_component(const std::string& where, const std::string& body) {
  const auto at = [&](const char* place) { return where == place ? body : std::string(); };
  return R"((component (import "out" (func $out'))
    (core func $out (canon lower (func $out')))
    (core module $Shim (type $f (func)) (table (export "t") 1 funcref)
      (func (export "dtor") (param i32) (call_indirect (type $f) (i32.const 0))))
    (core instance $shim (instantiate $Shim))
    (type $R (resource (rep i32) (dtor (func $shim "dtor"))))
    (type $O (resource (rep i32)))
    (core func $new (canon resource.new $R))
    (core func $drop (canon resource.drop $R))
    (core func $rep (canon resource.rep $R))
    (core func $new-other (canon resource.new $O))
    (core func $get (canon context.get i32 0))
    (core func $set (canon context.set i32 0))
    (core func $inc (canon backpressure.inc))
    (core func $dec (canon backpressure.dec))
    (core func $yield (canon thread.yield))
    (core module $M
      (import "" "out" (func $out)) (import "" "new" (func $new (param i32) (result i32))) (import "" "drop" (func $drop (param i32)))
      (import "" "rep" (func $rep (param i32) (result i32))) (import "" "new-other" (func $new-other (param i32) (result i32)))
      (import "" "get" (func $get (result i32))) (import "" "set" (func $set (param i32))) (import "" "inc" (func $inc))
      (import "" "dec" (func $dec)) (import "" "yield" (func $yield (result i32)))
      (import "shim" "t" (table 1 funcref))
      (memory (export "mem") 1) (tag $thrown)
      (func $post-again (call $post-again))
      (func $dtor )" +
         at("dtor") + R"()
      (elem (i32.const 0) $dtor)
      (func (export "setup") (call $set (i32.const 9)) (drop (call $new (i32.const 1))))
      (func (export "realloc") (param i32 i32 i32 i32) (result i32) )" +
         at("realloc") + R"( (i32.const 1024))
      (func (export "run") (param i32 i32) (result i32)
        (if (call $get) (then (unreachable)))
        (call $set (i32.const 77)) )" +
         at("run") + (where == "dtor" ? "(call $drop (call $new (i32.const 2)))" : "") + R"(
        (if (i32.ne (call $get) (i32.const 77)) (then (unreachable)))
        (local.get 1))
      (func (export "post") (param i32) )" +
         at("post") + R"())
    (core instance $m (instantiate $M (with "shim" (instance $shim)) (with "" (instance
      (export "out" (func $out)) (export "new" (func $new)) (export "drop" (func $drop)) (export "rep" (func $rep))
      (export "new-other" (func $new-other)) (export "get" (func $get)) (export "set" (func $set)) (export "inc" (func $inc))
      (export "dec" (func $dec)) (export "yield" (func $yield))))))
    (func (export "setup") (canon lift (core func $m "setup")))
    (func $run (export "run") (param "a" (list u8)) (result u32) (canon lift (core func $m "run") (memory (core memory $m "mem"))
      (realloc (core func $m "realloc")) (post-return (core func $m "post")))))";
}

}  // namespace

TEST_CASE(
    "what may not be called in realloc, post-return and destructors is a trap, by whomever the guest is "
    "called") {
  const Engine engine = Engine::create().value();
  size_t count = 0;
  for (const HostileCase& lie : read_table("calls.txt")) {
    const size_t space = lie.what.find(' ');
    const std::string inner = calls_component(lie.what.substr(0, space), lie.what.substr(space + 1));
    // From the host, and from another guest beside it.
    const std::string outer = "(component (import \"out\" (func $out)) (component $P " +
                              inner.substr(std::string("(component ").size()) + R"()
      (component $Q (import "run" (func $run (param "a" (list u8)) (result u32)))
        (core module $L (memory (export "mem") 1))
        (core instance $l (instantiate $L))
        (core func $run' (canon lower (func $run) (memory (core memory $l "mem"))))
        (core module $M (import "" "run" (func $run (param i32 i32) (result i32)))
          (func (export "run") (result i32) (call $run (i32.const 0) (i32.const 3))))
        (core instance $m (instantiate $M (with "" (instance (export "run" (func $run'))))))
        (func (export "run") (result u32) (canon lift (core func $m "run"))))
      (instance $p (instantiate $P (with "out" (func $out))))
      (instance $q (instantiate $Q (with "run" (func $p "run"))))
      (export "setup" (func $p "setup"))
      (export "run" (func $p "run"))
      (export "from-guest" (func $q "run"))))";
    Result<wherry::Component> component = wherry::Component::load_text(engine, outer);
    if (!component) FAIL(lie.name << component.error().describe() << "\n" << outer);
    for (const bool is_from_guest : {false, true}) {
      INFO(lie.name << " in " << lie.what << (is_from_guest ? ", called by a guest" : ""));
      Store store = Store::create(engine).value();
      ComponentLinker linker(engine);
      REQUIRE(linker.func("", "out", []() {}).ok());
      const ComponentInstance instance = linker.instantiate(store, *component).value();
      REQUIRE(instance.typed<void()>(store, "setup").value().call(store).ok());
      const auto call = [&]() -> Result<uint32_t> {
        if (is_from_guest) return instance.typed<uint32_t()>(store, "from-guest").value().call(store);
        return instance.typed<uint32_t(std::vector<uint8_t>)>(store, "run").value().call(store, {1, 2, 3});
      };
      const Result<uint32_t> result = call();
      CHECK((result ? "ok" : outcome_of(result.error())) == lie.outcome);
      // A trap is for good.
      if (!result) CHECK(call().error().trap_code() == TrapCode::CannotEnter);
      check_tables(store);
      ++count;
    }
  }
  CHECK(count > 60);
}

TEST_CASE("realloc has a context of its own, also while a result comes in, and its caller's stays") {
  const Engine engine = Engine::create().value();
  Store store = Store::create(engine).value();
  ComponentLinker linker(engine);
  REQUIRE(linker.func("", "out", []() { return std::string("text"); }).ok());
  const wherry::Component component =
      wherry::Component::load_text(engine, R"((component (import "out" (func $out' (result string)))
    (core func $get (canon context.get i32 0)) (core func $set (canon context.set i32 0))
    (core func $get1 (canon context.get i32 1)) (core func $set1 (canon context.set i32 1))
    (core module $L (import "" "get" (func $get (result i32))) (import "" "set" (func $set (param i32)))
      (import "" "get1" (func $get1 (result i32))) (import "" "set1" (func $set1 (param i32)))
      (memory (export "mem") 1)
      (func (export "realloc") (param i32 i32 i32 i32) (result i32)
        (if (i32.or (call $get) (call $get1)) (then (unreachable)))
        (call $set (i32.const 5)) (call $set1 (i32.const 6)) (i32.const 1024)))
    (core instance $l (instantiate $L (with "" (instance (export "get" (func $get)) (export "set" (func $set))
      (export "get1" (func $get1)) (export "set1" (func $set1))))))
    (core func $out (canon lower (func $out') (memory (core memory $l "mem")) (realloc (core func $l "realloc"))))
    (core module $M (import "" "out" (func $out (param i32))) (import "" "get" (func $get (result i32)))
      (import "" "set" (func $set (param i32))) (import "" "get1" (func $get1 (result i32))) (import "" "set1" (func $set1 (param i32)))
      (func (export "run") (result i32)
        (call $set (i32.const 70)) (call $set1 (i32.const 7)) (call $out (i32.const 0)) (call $out (i32.const 0))
        (i32.add (call $get) (call $get1))))
    (core instance $m (instantiate $M (with "" (instance (export "out" (func $out)) (export "get" (func $get))
      (export "set" (func $set)) (export "get1" (func $get1)) (export "set1" (func $set1))))))
    (func (export "run") (result u32) (canon lift (core func $m "run")))))")
          .value();
  const ComponentInstance instance = linker.instantiate(store, component).value();
  CHECK(instance.typed<uint32_t()>(store, "run").value().call(store).value() == 77);
}

TEST_CASE("a resource is not destroyed by a guest that runs already") {
  // The guest's function gives its resource to the host, which drops it while the guest is still in its function.
  const Engine engine = Engine::create().value();
  Store store = Store::create(engine).value();
  ComponentLinker linker(engine);
  std::optional<ComponentResource> given;
  REQUIRE(
      linker
          .func("", "now",
                [&](Caller& caller) -> Result<void> { return given ? given->drop(caller) : Result<void>(); })
          .ok());
  const wherry::Component component =
      wherry::Component::load_text(engine, R"((component (import "now" (func $now'))
    (core func $now (canon lower (func $now')))
    (core module $D (func (export "dtor") (param i32)))
    (core instance $d (instantiate $D))
    (type $R' (resource (rep i32) (dtor (func $d "dtor"))))
    (export $R "r" (type $R'))
    (core func $new (canon resource.new $R'))
    (core module $M (import "" "new" (func $new (param i32) (result i32))) (import "" "now" (func $now))
      (func (export "make") (result i32) (call $new (i32.const 1)))
      (func (export "run") (call $now)))
    (core instance $m (instantiate $M (with "" (instance (export "new" (func $new)) (export "now" (func $now))))))
    (func (export "make") (result (own $R)) (canon lift (core func $m "make")))
    (func (export "run") (canon lift (core func $m "run")))))")
          .value();
  const ComponentInstance instance = linker.instantiate(store, component).value();
  const auto call = [&](const char* name) { return instance.func(store, name).value().call(store, {}); };
  CHECK(call("run").ok());
  given = call("make").value()->resource();
  CHECK(given->drop(store).ok());
  CHECK(call("run").error().kind() == ErrorKind::InvalidHandle);
  const ComponentInstance again = linker.instantiate(store, component).value();
  const auto call_again = [&](const char* name) { return again.func(store, name).value().call(store, {}); };
  given = call_again("make").value()->resource();
  CHECK(call_again("run").error().trap_code() == TrapCode::CannotEnter);
}

}  // namespace wherry::component
