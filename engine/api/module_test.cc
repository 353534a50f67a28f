// Modules: loading in every way, what is refused, imports and exports, custom sections, text.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "engine/api/test_world.h"

namespace wherry {

namespace {

constexpr std::string_view kEverything = R"((module $every
  (import "a" "f" (func (param i32) (result i64 f32)))
  (import "a" "m" (memory 1 2))
  (import "b" "g" (global (mut i64)))
  (import "b" "t" (table 3 funcref))
  (func (export "run") (param externref))
  (table (export "table") 1 5 externref)
  (global (export "pi") f64 (f64.const 3.14))
  (tag (export "oops") (param i32))
  (export "memory" (memory 0))
  (@custom "notes" "first") (@custom "notes" "second")))";

struct TemporaryFile {
  explicit TemporaryFile(Bytes bytes) {
    const int descriptor = mkstemp(path);
    const bool written = write(descriptor, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
    close(descriptor);
    REQUIRE(written);
  }
  ~TemporaryFile() { unlink(path); }
  char path[32] = "/tmp/wherry-api-test-XXXXXX";
};

// A module whose code lies behind `padding` bytes of a custom section.
Blob padded_module(size_t padding) {
  std::string text = "(module (@custom \"padding\" (before first) \"";
  text.append(padding, 'x');
  text += "\") (func (export \"seven\") (result i32) (i32.const 7)))";
  return parse_text(text).value();
}

}  // namespace

TEST_CASE("imports and exports have names and types") {
  const World world;
  const Module module = world.load(kEverything);
  CHECK(module.name() == "every");
  REQUIRE(module.import_count() == 4);
  CHECK(module.import_at(0).module == "a");
  CHECK(module.import_at(0).name == "f");
  CHECK(module.import_at(0).type.func == FuncType{{ValType::i32()}, {ValType::i64(), ValType::f32()}});
  CHECK(module.import_at(1).type.memory.limits == Limits{1, 2});
  CHECK(module.import_at(2).type.global == GlobalType{ValType::i64(), Mutability::Variable});
  CHECK(module.import_at(3).type.table.element == ValType::funcref());
  CHECK(module.import_at(4).name.empty());
  std::string names;
  for (const ExportType& item : module.exports()) {
    names += std::string(item.name) + " " + std::string(to_string(item.type.kind)) + ", ";
  }
  CHECK(names == "run function, table table, pi global, oops tag, memory memory, ");
  CHECK(module.find_export("table")->table.limits == Limits{1, 5});
  CHECK(module.find_export("oops")->tag.params == std::vector{ValType::i32()});
  CHECK_FALSE(module.find_export("nothing").has_value());
}

TEST_CASE("custom sections are found by name and by place") {
  const World world;
  const Module module = world.load(kEverything);
  REQUIRE(module.custom_section("notes").has_value());
  CHECK(module.custom_section("notes")->size() == 5);
  CHECK_FALSE(module.custom_section("none").has_value());
  std::string names;
  for (size_t i = 0; i < module.custom_section_count(); ++i) {
    names += std::string(module.custom_section_at(i).name) + ",";
  }
  CHECK(names.find("notes,notes,") != std::string::npos);
  CHECK(module.custom_section_at(99).name.empty());
}

TEST_CASE("what is refused says how and where") {
  const World world;
  const auto empty = Module::load(world.engine, Bytes());
  CHECK(kind_of(empty) == ErrorKind::Malformed);
  const uint8_t cut[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1};
  const auto malformed = Module::load(world.engine, Bytes(cut));
  CHECK(kind_of(malformed) == ErrorKind::Malformed);
  CHECK(malformed.error().offset().has_value());
  const Blob invalid = parse_text("(module (func (result i32)))").value();
  CHECK(kind_of(Module::load(world.engine, invalid.bytes())) == ErrorKind::Invalid);
  CHECK(kind_of(Module::validate(world.engine, invalid.bytes())) == ErrorKind::Invalid);
  CHECK(Module::validate(world.engine, padded_module(3).bytes()).ok());
  Config config;
  CHECK(config.features.set("simd", false).ok());
  const World old(config);
  CHECK(kind_of(load_text(old.engine, "(module (func (param v128)))")) == ErrorKind::Unsupported);
}

TEST_CASE("text is refused with line, column and the line itself") {
  const auto parsed = parse_text("(module\n  (func (i32.ad)))");
  REQUIRE(kind_of(parsed) == ErrorKind::Malformed);
  CHECK(parsed.error().position() == TextPosition{2, 10});
  const std::string text = parsed.error().describe();
  CHECK(text.find(" at 2:10\n") != std::string::npos);
  CHECK(text.find("(func (i32.ad))") != std::string::npos);
}

TEST_CASE("text and binary turn into each other") {
  const Blob binary = parse_text("(module $m (func $f (export \"f\") (result i32) (i32.const 7)))").value();
  CHECK(is_binary(binary.bytes()));
  CHECK_FALSE(is_binary(as_bytes("(module)")));
  const Blob text = print_text(binary.bytes()).value();
  CHECK(text.text().find("$f") != std::string_view::npos);
  const Blob again = parse_text(text.text()).value();
  CHECK(std::ranges::equal(again.bytes(), binary.bytes()));
  CHECK(kind_of(print_text(as_bytes("no module"))) == ErrorKind::Malformed);
}

TEST_CASE("files are loaded whatever their size, and however they are read") {
  for (const size_t padding : {size_t{10}, size_t{3} << 20}) {
    for (const bool signals : {true, false}) {
      Config config;
      config.advanced.signals_based_traps = signals;
      World world(config);
      const TemporaryFile file(padded_module(padding).bytes());
      const Module module = Module::load_file(world.engine, file.path).value();
      const Instance instance = world.linker.instantiate(world.store, module).value();
      CHECK(instance.typed<int32_t()>(world.store, "seven")->call(world.store).value() == 7);
      CHECK(module.custom_section("padding")->size() == padding);
    }
  }
}

TEST_CASE("a file that cannot be read is an error with its path") {
  const World world;
  const auto missing = Module::load_file(world.engine, "/nonexistent/app.wasm");
  CHECK(kind_of(missing) == ErrorKind::Io);
  CHECK(missing.error().os_error() == ENOENT);
  CHECK(missing.error().message().find("/nonexistent/app.wasm") != std::string_view::npos);
  CHECK(kind_of(Module::load_file(world.engine, "/")) == ErrorKind::Io);
  const TemporaryFile file(as_bytes("no module at all"));
  const auto malformed = Module::load_file(world.engine, file.path);
  CHECK(kind_of(malformed) == ErrorKind::Malformed);
  CHECK(malformed.error().message().find(file.path) != std::string_view::npos);
}

TEST_CASE("a large module comes through a pipe") {
  World world;
  char path[] = "/tmp/wherry-api-pipe-XXXXXX";
  REQUIRE(mkdtemp(path) != nullptr);
  const std::string pipe = std::string(path) + "/pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  const Blob bytes = padded_module(size_t{3} << 20);
  std::thread writer([&] {
    std::FILE* stream = std::fopen(pipe.c_str(), "wb");
    std::fwrite(bytes.data(), 1, bytes.size(), stream);
    std::fclose(stream);
  });
  const auto module = Module::load_file(world.engine, pipe);
  writer.join();
  unlink(pipe.c_str());
  rmdir(path);
  CHECK(text_of(module) == "ok");
}

TEST_CASE("a file that is cut short makes calls fail, and no signal") {
  Config config;
  config.validation = Validation::Lazy;
  World world(config);
  const TemporaryFile file(padded_module(size_t{2} << 20).bytes());
  const Module module = Module::load_file(world.engine, file.path).value();
  const Instance instance = world.linker.instantiate(world.store, module).value();
  REQUIRE(truncate(file.path, 4096) == 0);
  const auto seven = instance.typed<int32_t()>(world.store, "seven");
  // The export's name may be gone as well; what must not happen is a signal, or another answer.
  if (seven.ok()) {
    CHECK(kind_of(seven->call(world.store)) == ErrorKind::Io);
  }
  CHECK(kind_of(world.linker.instantiate(world.store, module)) == ErrorKind::Io);
}

TEST_CASE("borrowed bytes are not copied") {
  World world;
  const Blob bytes = parse_text("(module (@custom \"here\" \"x\"))").value();
  const Module module = Module::load_borrowed(world.engine, bytes.bytes()).value();
  const uint8_t* content = module.custom_section("here")->data();
  CHECK(content > bytes.data());
  CHECK(content < bytes.data() + bytes.size());
  const Module copy = module;
  CHECK(copy == module);
}

TEST_CASE("every switch of the optimisations gives the same answers") {
  for (uint32_t disabled = 0; disabled <= kAllOptimizations; ++disabled) {
    Config config;
    config.advanced.disabled_optimizations = disabled;
    World world(config);
    const Instance instance = world.start(R"((module (memory 1)
      (func (export "sum") (param $n i32) (result i32) (local $i i32) (local $sum i32)
        (loop $next
          (i32.store offset=8 (i32.shl (local.get $i) (i32.const 2)) (i32.mul (local.get $i) (local.get $i)))
          (local.set $sum (i32.add (local.get $sum) (i32.load offset=8 (i32.shl (local.get $i) (i32.const 2)))))
          (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
        (local.get $sum))))");
    CHECK(instance.typed<int32_t(int32_t)>(world.store, "sum")->call(world.store, 100).value() == 328350);
  }
}

TEST_CASE("settings that contradict are refused") {
  Config config;
  config.limits.stack_bytes = 100;
  CHECK(kind_of(Engine::create(config)) == ErrorKind::Usage);
  config = {};
  config.advanced.disabled_optimizations = ~0u;
  CHECK(kind_of(Engine::create(config)) == ErrorKind::Usage);
  const World world;
  StoreLimits limits;
  limits.stack_bytes = 1000;
  CHECK(kind_of(Store::create(world.engine, limits)) == ErrorKind::Usage);
}

}  // namespace wherry
