// Guests for tests of the canonical ABI: two that have values of some type and two that get them, between which and the
// host values go all ways there are. Test code only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wherry/component_linker.h"

namespace wherry::component {

// A resource of the host's; `alive` counts them.
struct Thing {
  explicit Thing(int* of) : alive(of) { ++*alive; }
  Thing(const Thing&) = delete;
  ~Thing() { --*alive; }
  int* alive;
};

std::vector<std::string> split(const std::string& text, const std::string& by);

// A line `NAME: WHAT => OUTCOME` under the last line `--- SECTION`.
struct HostileCase {
  std::string section;
  std::string name;
  std::string what;
  std::string outcome;
};

// All of a table in testdata/hostile; none if a line is none.
std::vector<HostileCase> read_table(const char* name);

// Bytes and slots of a value in the guest that has it. Its memory has one page; the text forms are those of golden.py.
struct GuestImage {
  static constexpr uint32_t kArea = 256;
  static constexpr uint32_t kHeap = 1024;

  std::string kinds;            // Of the slots: i, l, f, d; empty if there are more than 16.
  std::vector<uint64_t> slots;  // As parameters.
  std::vector<uint8_t> area;    // As it lies in memory, at kArea.
  std::vector<uint8_t> heap;    // What it points to, at kHeap.

  bool is_spilled() const { return kinds.empty(); }
};

// Bytes of hexadecimal digits; `-` is none.
std::vector<uint8_t> bytes_of(std::string_view text);
// Fills in what words of the form FLAT AREA HEAP say.
GuestImage image_of(std::string_view flat, std::string_view area, std::string_view heap);

struct GuestOptions {
  std::string from = "utf8";  // Encodings: of those that have values, and of those that get them.
  std::string to = "utf8";
  // Of those that get them: the body of realloc, with $old, $old-size, $align, $size and the tag $thrown. Empty: counts up.
  std::string realloc;
  // Addresses: where the one that has values says that a result lies (and parameters that do not fit slots), where it wants what it is
  // answered, and where the one that gets a result wants that.
  std::string area = "256";
  std::string answer = "512";
  std::string to_area = "256";
};

// The honest body of realloc.
extern const char* const kCountingUp;

// The ways of a value.
enum class Way : uint8_t {
  ParamToHost,   // Lifted from parameters.
  ResultToHost,  // Lifted from a result.
  ParamToGuest,  // From guest to guest.
  ResultToGuest,
};
inline constexpr Way kWays[] = {Way::ParamToHost, Way::ResultToHost, Way::ParamToGuest, Way::ResultToGuest};
const char* name_of(Way way);

// What came of it.
struct Arrival {
  std::string outcome;                // "ok", "!ListTooLong" and so on for a trap, or "? MESSAGE".
  std::optional<ComponentVal> value;  // To the host.
  std::vector<uint8_t>
      memory;  // To a guest: what its memory holds from kSlots to the end of what it allocated.

  static constexpr uint32_t kSlots = 16;
  std::vector<uint8_t> bytes(uint32_t at, size_t size) const;
  std::vector<uint8_t> heap() const;
};

std::string outcome_of(const Error& error);

// A component with both, compiled once; whatever is done with it happens in instances of its own.
class Guests {
 public:
  // `definitions`: of types, `$i` naming the one before; the last is the type itself. `kinds`: of its slots, as GuestImage has them.
  Guests(const Engine& engine, const std::vector<std::string>& definitions, const std::string& kinds,
         const GuestOptions& options);
  bool ok() const { return component_.has_value(); }
  const std::string& problem() const { return problem_; }

  Arrival send(Way way, const GuestImage& image) const;
  Arrival send_from_host(const ComponentVal& value) const;
  // The outcome of the same with a C++ type on the host's side; to the host only.
  template <class T>
  std::string send_typed(Way way, const GuestImage& image) const {
    Store store = Store::create(engine_).value();
    ComponentLinker linker(engine_);
    (void)linker.func("", "put", [](T) { return std::vector<uint8_t>(); }).ok();
    Result<ComponentInstance> instance = linker.instantiate(store, *component_);
    if (!instance) return "? " + instance.error().describe();
    if (!poke(store, *instance, "poke-host", image)) return "? the image cannot be put there";
    if (way == Way::ParamToHost) return outcome_of_call<std::vector<uint8_t>>(store, *instance, "to-host");
    return outcome_of_call<T>(store, *instance, "get");
  }
  ComponentType type() const { return component_->find_export("put").func().param_type(0); }
  const Component& component() const { return *component_; }

 private:
  template <class T>
  static std::string outcome_of_call(Store& store, const ComponentInstance& instance, const char* name) {
    const auto func = instance.typed<T()>(store, name);
    if (!func) return "? " + func.error().describe();
    const Result<T> result = func->call(store);
    return result ? "ok" : outcome_of(result.error());
  }
  static bool poke(StoreRef store, const ComponentInstance& instance, const char* function,
                   const GuestImage& image);

  Engine engine_;
  std::optional<Component> component_;
  std::string problem_;
};

}  // namespace wherry::component
