// Components from files: what is mapped and what is read, and what becomes of a file that another process cuts short.
#include "component/source_file.h"

#include <unistd.h>
#include <catch2/catch.hpp>

#include <cstdio>
#include <cstring>
#include <string>

#include "wherry/component_linker.h"
#include "wherry/text.h"

namespace wherry::component {

namespace {

struct TemporaryFile {
  explicit TemporaryFile(const std::string& content) {
    const int file = mkstemp(path);
    REQUIRE(file >= 0);
    REQUIRE(write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    close(file);
  }
  ~TemporaryFile() { unlink(path); }
  char path[32] = "/tmp/wherry-source-XXXXXX";
};

std::string leb(size_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7) bytes += static_cast<char>(value | 128);
  return bytes + static_cast<char>(value);
}
std::string section(char id, const std::string& content) { return id + leb(content.size()) + content; }
std::string binary(std::string_view text) {
  const Blob bytes = parse_text(text).value();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
const std::string kPreamble("\0asm\x0d\0\1\0", 8);

// A module whose function lies behind so many bytes, with the same behind it.
std::string padded_module(size_t bytes) {
  const std::string plain = binary("(module (func (export \"f\") (result i32) (i32.const 7)))");
  const std::string pad = section(0, std::string(1, '\1') + "p" + std::string(bytes, 'x'));
  return plain.substr(0, 8) + pad + plain.substr(8) + pad;
}

// `depth` components around a module and what exports its function.
std::string padded_component(size_t bytes, int depth) {
  // (core instance (instantiate 0)) (alias core export 0 "f") (type (func (result s32))) (canon lift) (export "f")
  std::string inside =
      section(1, padded_module(bytes)) + section(2, std::string("\1\0\0\0", 4)) +
      section(6, std::string("\1\0\0\1\0\1f", 7)) + section(7, std::string("\1\x40\0\0\x7a", 5)) +
      section(8, std::string("\1\0\0\0\0\0", 6)) + section(11, std::string("\1\0\1f\1\0\0", 7));
  for (int i = 0; i < depth; ++i) {
    // (component ...) (instance (instantiate 0)) (alias export 0 "f") (export "f")
    inside = section(4, kPreamble + inside) + section(5, std::string("\1\0\0\0", 4)) +
             section(6, std::string("\1\1\0\0\1f", 6)) + section(11, std::string("\1\0\1f\1\0\0", 7));
  }
  return kPreamble + inside;
}

}  // namespace

TEST_CASE("a file's bytes are those of the file, mapped or read") {
  for (const size_t bytes : {size_t{10}, size_t{10'000}, size_t{17'000}, size_t{70'000}, size_t{1'000'000}}) {
    for (const int depth : {0, 3}) {
      const std::string content = padded_component(bytes, depth);
      const TemporaryFile file(content);
      for (const bool may_map : {false, true}) {
        SourceFile source;
        REQUIRE(source.open(file.path, may_map) == 0);
        REQUIRE(source.bytes().size() == content.size());
        CHECK(std::memcmp(source.bytes().data(), content.data(), content.size()) == 0);
        CHECK_FALSE(source.has_shrunk());
      }
    }
  }
}

TEST_CASE("files that are no lists of sections are read all the same") {
  std::string content(200'000, '\x04');
  for (const std::string& start : {std::string(), kPreamble, kPreamble + "\1\xff\xff\xff\xff\xff",
                                   kPreamble + "\1\xff\xff\xff\xff\x0f", kPreamble + "\1"}) {
    content.replace(0, start.size(), start);
    const TemporaryFile file(content);
    SourceFile source;
    REQUIRE(source.open(file.path, true) == 0);
    CHECK(std::memcmp(source.bytes().data(), content.data(), content.size()) == 0);
  }
  SourceFile missing;
  CHECK(missing.open("/nonexistent/app.wasm", true) == ENOENT);
  SourceFile folder;
  CHECK(folder.open("/", true) == EISDIR);
}

TEST_CASE("a component from a file runs, also when what was read of it is overwritten") {
  for (const int depth : {0, 3}) {
    std::string content = padded_component(500'000, depth);
    const TemporaryFile file(content);
    const Engine engine = Engine::create().value();
    Store store = Store::create(engine).value();
    const wherry::Component component = wherry::Component::load_file(engine, file.path).value();
    // The file ends with the outermost component's own sections.
    std::FILE* const stream = std::fopen(file.path, "r+b");
    REQUIRE(stream != nullptr);
    std::fseek(stream, -20, SEEK_END);
    std::fwrite("xxxxxxxxxxxxxxxxxxxx", 1, 20, stream);
    std::fclose(stream);
    const ComponentInstance instance = ComponentLinker(engine).instantiate(store, component).value();
    CHECK(instance.typed<int32_t()>(store, "f").value().call(store).value() == 7);
  }
}

TEST_CASE("a component's file that is cut short makes calls fail, and no signal") {
  Config config;
  config.validation = Validation::Lazy;
  const Engine engine = Engine::create(config).value();
  Store store = Store::create(engine).value();
  const TemporaryFile file(padded_component(500'000, 0));
  const wherry::Component component = wherry::Component::load_file(engine, file.path).value();
  const ComponentInstance before = ComponentLinker(engine).instantiate(store, component).value();
  const auto f = before.typed<int32_t()>(store, "f").value();
  REQUIRE(truncate(file.path, 4096) == 0);
  // The body lies in the middle of the file and was not looked at yet.
  CHECK(f.call(store).error().kind() == ErrorKind::Io);
  CHECK(ComponentLinker(engine).instantiate(store, component).error().kind() == ErrorKind::Io);
}

}  // namespace wherry::component
