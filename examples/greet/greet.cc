// A host of components of the world demo:greet/greeter (greet.wit), on the header that `wherry bindgen cpp` writes for it:
// classes to implement for what the world imports, functions with C++ types for what it exports.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <greet.h>  // Made by the build.
#include "wherry/wherry.h"

namespace {

using namespace demo::greet::greeter;  // NOLINT(google-build-using-namespace)
namespace surroundings = imports::demo_greet_surroundings;

class Book final : public surroundings::Notebook {
 public:
  explicit Book(std::string_view title) : title_(title) {}
  ~Book() override {
    std::printf("the notebook '%s' is closed with %zu lines\n", title_.c_str(), lines_.size());
  }
  wherry::Result<wherry::Expected<uint32_t, std::string>> write(wherry::Caller&,
                                                                std::string_view line) override {
    if (line.empty())
      return wherry::Expected<uint32_t, std::string>(wherry::Unexpected(std::string("nothing to write")));
    lines_.emplace_back(line);
    return wherry::Expected<uint32_t, std::string>(static_cast<uint32_t>(lines_.size()));
  }

 private:
  std::string title_;
  std::vector<std::string> lines_;
};

class Surroundings final : public surroundings::Host {
 public:
  wherry::Result<wherry::Own<surroundings::Notebook>> new_notebook(wherry::Caller&,
                                                                   std::string_view title) override {
    return wherry::Own<surroundings::Notebook>(std::make_unique<Book>(title));
  }
  wherry::Result<uint64_t> now(wherry::Caller&) override { return uint64_t{0}; }
};

class Shouter final : public imports::Host {
 public:
  wherry::Result<std::string> shout(wherry::Caller&, std::string_view text) override {
    std::string out = "HELLO ";
    for (const char c : text) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return out;
  }
};

wherry::Result<void> run(const char* path) {
  WHERRY_ASSIGN_OR_RETURN(const wherry::Engine engine, wherry::Engine::create());
  WHERRY_ASSIGN_OR_RETURN(const wherry::Component component, wherry::Component::load_file(engine, path));
  WHERRY_ASSIGN_OR_RETURN(wherry::Store store, wherry::Store::create(engine));
  wherry::ComponentLinker linker(engine);
  Surroundings around;
  Shouter shouter;
  WHERRY_RETURN_IF_ERROR(surroundings::define(linker, around));
  WHERRY_RETURN_IF_ERROR(imports::define(linker, shouter));
  WHERRY_ASSIGN_OR_RETURN(const wherry::ComponentInstance instance, linker.instantiate(store, component));
  WHERRY_ASSIGN_OR_RETURN(const exports::Guest guest, exports::Guest::find(store, instance));

  const imports::Person ada{"ada", 36, surroundings::Mood::cheerful};
  WHERRY_ASSIGN_OR_RETURN(const std::string greeting, guest.greet.call(store, ada));
  std::printf("%s\n", greeting.c_str());
  const std::vector<uint32_t> numbers = {1, 2, 4294967295};
  WHERRY_ASSIGN_OR_RETURN(const uint64_t sum, guest.sum.call(store, numbers));
  std::printf("%llu\n", static_cast<unsigned long long>(sum));
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const wherry::Result<void> result = run(argc > 1 ? argv[1] : "greet.wasm");
  if (!result) std::fprintf(stderr, "%s\n", std::string(result.error().message()).c_str());
  return result ? 0 : 1;
}
