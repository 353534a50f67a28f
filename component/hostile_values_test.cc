// Values that lie, case by case: the tables testdata/hostile/lifts.txt and reallocs.txt say what a case is. Here is how one is run: every lie
// by every way a value can take, between guests and to and from the host, with C++ types and dynamic ones. Each ends in the trap
// that it should, or is harmless, and what a guest makes the host keep has a bound.
//
// That each guard is needed for some case is what testdata/hostile/planted.py finds out, which takes them away one at a time.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <string>

#include "component/canon_guests.h"
#include "component/wave.h"

namespace wherry::component {
namespace {

// @enum257 and @flags9 for types with as many names.
std::string expand(const std::string& type) {
  std::string text;
  for (const std::string& part : split(type, "; ")) {
    if (!text.empty()) text += "; ";
    if (part[0] != '@') {
      text += part;
      continue;
    }
    const bool is_enum = part[1] == 'e';
    const int count = std::stoi(part.substr(is_enum ? 5 : 6));
    text += is_enum ? "(enum" : "(flags";
    for (int i = 0; i < count; ++i) text += std::string(is_enum ? " \"e" : " \"b") + std::to_string(i) + "\"";
    text += ")";
  }
  return text;
}

// What has a C++ type: the outcome that it has on its way to the host.
using Typed = std::string (*)(const Guests& guests, Way way, const GuestImage& image);
template <class T>
std::string typed(const Guests& guests, Way way, const GuestImage& image) {
  return guests.send_typed<T>(way, image);
}
using Bytes = std::vector<uint8_t>;
const std::pair<const char*, Typed> kTyped[] = {
    {"string", typed<std::string>},
    {"char", typed<char32_t>},
    {"bool", typed<bool>},
    {"(list u8)", typed<Bytes>},
    {"(list bool)", typed<std::vector<bool>>},
    {"(list u16)", typed<std::vector<uint16_t>>},
    {"(list s32)", typed<std::vector<int32_t>>},
    {"(list f64)", typed<std::vector<double>>},
    {"(list char)", typed<std::vector<char32_t>>},
    {"(list string)", typed<std::vector<std::string>>},
    {"(list (list u8))", typed<std::vector<Bytes>>},
    {"(list (list u32))", typed<std::vector<std::vector<uint32_t>>>},
    {"(list (tuple u8 u16))", typed<std::vector<std::tuple<uint8_t, uint16_t>>>},
    {"(list (tuple u8 u64))", typed<std::vector<std::tuple<uint8_t, uint64_t>>>},
    {"(list (option u64))", typed<std::vector<std::optional<uint64_t>>>},
    {"(tuple u8 char)", typed<std::tuple<uint8_t, char32_t>>},
    {"(option u8)", typed<std::optional<uint8_t>>},
    {"(option string)", typed<std::optional<std::string>>},
    {"(option (option u8))", typed<std::optional<std::optional<uint8_t>>>},
    {"(result)", typed<Expected<void, void>>},
    {"(result u8 (error string))", typed<Expected<uint8_t, std::string>>},
    {"(map string u8)", typed<std::vector<std::pair<std::string, uint8_t>>>},
};

// FLAT AREA HEAP, with AREA `=` for the slots.
GuestImage image_in(const std::string& text) {
  const std::vector<std::string> words = split(text, " ");
  GuestImage image = image_of(words[0], words[1].size() == 1 ? "-" : words[1], words[2]);
  for (size_t i = 0; words[1] == "=" && i < 4 * image.slots.size(); ++i) {
    image.area.push_back(static_cast<uint8_t>(image.slots[i / 4] >> (8 * (i % 4))));
  }
  return image;
}

class LiftRun {
 public:
  explicit LiftRun(const HostileCase& first, const Engine& engine) {
    const std::vector<std::string> parts = split(first.section, " | ");
    type_ = parts[0];
    GuestOptions options;
    options.from = options.to = parts[1];
    guests_.emplace(engine, split(expand(type_), "; "), image_in(first.what).kinds, options);
    if (!guests_->ok()) FAIL(guests_->problem());
  }

  size_t run(const HostileCase& lie) {
    const GuestImage image = image_in(lie.what);
    const bool has_area = !split(lie.what, " ")[1].starts_with("?");
    size_t count = 0;
    for (const Way way : kWays) {
      const bool by_memory = image.is_spilled() || (image.kinds.size() > 1 &&
                                                    (way == Way::ResultToHost || way == Way::ResultToGuest));
      if (by_memory && !has_area) continue;
      INFO(name_of(way));
      check(guests_->send(way, image), lie.outcome);
      ++count;
      if (way == Way::ParamToGuest || way == Way::ResultToGuest) continue;
      for (const auto& [name, typed] : kTyped) {
        if (type_ != name) continue;
        INFO("typed");
        CHECK(typed(*guests_, way, image) == (lie.outcome[0] == '!' ? lie.outcome : "ok"));
        ++count;
      }
    }
    return count;
  }

 private:
  void check(const Arrival& arrival, const std::string& outcome) {
    if (outcome[0] == '!') {
      CHECK(arrival.outcome == outcome);
      return;
    }
    CHECK(arrival.outcome == "ok");
    if (!arrival.value) return;
    const auto expected = parse_wave(outcome, guests_->type());
    if (!expected) FAIL(expected.error());
    CHECK(print_wave(*arrival.value, guests_->type()) == print_wave(*expected, guests_->type()));
  }

  std::string type_;
  std::optional<Guests> guests_;
};

}  // namespace

TEST_CASE("values that lie are traps, whoever gets them") {
  const Engine engine = Engine::create().value();
  std::optional<LiftRun> run;
  std::string section;
  size_t count = 0;
  for (const HostileCase& lie : read_table("lifts.txt")) {
    INFO(lie.section << "\n" << lie.name << ": " << lie.what);
    if (section != lie.section) run.emplace(lie, engine);
    section = lie.section;
    count += run->run(lie);
  }
  CHECK(count > 1500);
}

TEST_CASE("what realloc answers is believed only as far as it is right, at every call") {
  const Engine engine = Engine::create().value();
  const std::map<std::string, std::string> conditions = {
      {"first", "(i32.eqz (local.get $old-size))"},
      {"later",
       "(i32.and (i32.ne (local.get $old-size) (i32.const 0)) (i32.gt_u (local.get $size) (local.get "
       "$old-size)))"},
      {"last", "(i32.lt_u (local.get $size) (local.get $old-size))"},
  };
  size_t count = 0;
  for (const HostileCase& lie : read_table("reallocs.txt")) {
    const std::vector<std::string> parts = split(lie.section, " | ");
    const GuestImage image = image_in(parts[3]);
    for (const std::string& call : split(parts[4], " ")) {
      INFO(lie.section << "\n" << lie.name << ", " << call);
      GuestOptions options;
      options.from = parts[1];
      options.to = parts[2];
      options.realloc =
          "(if (result i32) " + conditions.at(call) + "(then " + lie.what + ") (else " + kCountingUp + "))";
      const Guests guests(engine, {parts[0]}, image.kinds, options);
      if (!guests.ok()) FAIL(guests.problem());
      CHECK(guests.send(Way::ParamToGuest, image).outcome == lie.outcome);
      // A result that goes through memory takes no realloc for itself.
      if (!image.is_spilled()) CHECK(guests.send(Way::ResultToGuest, image).outcome == lie.outcome);
      count += 2;
      if (options.from != "utf8") continue;
      const Arrival arrival = guests.send(Way::ResultToHost, image);
      REQUIRE(arrival.value);
      CHECK(guests.send_from_host(*arrival.value).outcome == lie.outcome);
      ++count;
    }
  }
  CHECK(count > 500);
}

TEST_CASE("pointers of spilled values and of results are checked") {
  const Engine engine = Engine::create().value();
  struct Pointer {
    const char* address;
    const char* outcome;
  };
  // 17 u64 are 136 bytes; a list as an answer is 8, aligned to 4.
  const std::string many = "(tuple u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64 u64)";
  constexpr Pointer kAreas[] = {{"256", "ok"},
                                {"65400", "ok"},
                                {"65408", "!PointerOutOfBounds"},
                                {"65536", "!PointerOutOfBounds"},
                                {"-8", "!PointerOutOfBounds"},
                                {"0x80000000", "!PointerOutOfBounds"},
                                {"257", "!UnalignedPointer"},
                                {"260", "!UnalignedPointer"},
                                {"-1", "!UnalignedPointer"},
                                {"65540", "!UnalignedPointer"}};
  for (const Pointer& pointer : kAreas) {
    INFO(pointer.address);
    GuestOptions options;
    options.area = pointer.address;
    const Guests guests(engine, {many}, "", options);
    REQUIRE(guests.ok());
    for (const Way way : kWays) {
      INFO(name_of(way));
      CHECK(guests.send(way, GuestImage()).outcome == pointer.outcome);
    }
    using Many =
        std::tuple<uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                   uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t>;
    CHECK(guests.send_typed<Many>(Way::ParamToHost, GuestImage()) == pointer.outcome);
    CHECK(guests.send_typed<Many>(Way::ResultToHost, GuestImage()) == pointer.outcome);
  }
  constexpr Pointer kAnswers[] = {{"512", "ok"},
                                  {"65528", "ok"},
                                  {"65532", "!PointerOutOfBounds"},
                                  {"65536", "!PointerOutOfBounds"},
                                  {"-4", "!PointerOutOfBounds"},
                                  {"513", "!UnalignedPointer"},
                                  {"514", "!UnalignedPointer"},
                                  {"-1", "!UnalignedPointer"}};
  for (const Pointer& pointer : kAnswers) {
    INFO("an answer at " << pointer.address);
    GuestOptions options;
    options.answer = pointer.address;
    const Guests guests(engine, {"u8"}, "i", options);
    REQUIRE(guests.ok());
    const GuestImage image = image_of("i7", "07", "-");
    CHECK(guests.send(Way::ParamToHost, image).outcome == pointer.outcome);
    CHECK(guests.send(Way::ParamToGuest, image).outcome == pointer.outcome);
    CHECK(guests.send_typed<uint8_t>(Way::ParamToHost, image) == pointer.outcome);
  }
  constexpr Pointer kPlaces[] = {{"256", "ok"},
                                 {"1048568", "ok"},
                                 {"1048572", "!PointerOutOfBounds"},
                                 {"1048576", "!PointerOutOfBounds"},
                                 {"-4", "!PointerOutOfBounds"},
                                 {"257", "!UnalignedPointer"},
                                 {"258", "!UnalignedPointer"},
                                 {"-1", "!UnalignedPointer"}};
  for (const Pointer& pointer : kPlaces) {
    INFO("a result at " << pointer.address);
    GuestOptions options;
    options.to_area = pointer.address;
    const Guests guests(engine, {"(tuple u8 u32)"}, "ii", options);
    REQUIRE(guests.ok());
    CHECK(guests.send(Way::ResultToGuest, image_of("i7,i8", "0700000008000000", "-")).outcome ==
          pointer.outcome);
  }
}

// ---- how much the host keeps

TEST_CASE("what a guest makes the host keep has a bound, whatever it is made of") {
  Config config;
  config.limits.host_call_bytes = 64 << 10;
  const Engine engine = Engine::create(config).value();
  struct Keep {
    const char* name;
    const char* type;
    const char* flat;
    const char* from;
    const char* dynamic;  // Outcomes: of a dynamic value, and of a typed one.
    const char* typed;
  };
  // In a memory of zeros, but for a few bytes: of lists that all name the same thing.
  constexpr Keep kKeeps[] = {
      {"a string that fits", "string", "i0,i7000", "utf8", "ok", "ok"},
      {"a long string of latin1", "string", "i0,ifff0", "latin1+utf16", "!HostCallBudget", "!HostCallBudget"},
      {"a long string of utf-16", "string", "i0,i7ff0", "utf16", "!HostCallBudget", "!HostCallBudget"},
      {"many bytes", "(list u8)", "i0,iffff", "utf8", "!HostCallBudget", "ok"},
      {"many bools", "(list bool)", "i0,i8000", "utf8", "!HostCallBudget", "ok"},
      {"many numbers", "(list f64)", "i0,i1f00", "utf8", "!HostCallBudget", "ok"},
      {"many empty strings", "(list string)", "i0,i1f00", "utf8", "!HostCallBudget", "!HostCallBudget"},
      {"many empty lists", "(list (list u8))", "i0,i1f00", "utf8", "!HostCallBudget", "!HostCallBudget"},
      {"many tuples", "(list (tuple u8 u16))", "i0,i3f00", "utf8", "!HostCallBudget", "ok"},
      {"many results", "(list (result u64))", "i0,if00", "utf8", "!HostCallBudget", "ok"},
      {"many options", "(list (option u64))", "i0,if00", "utf8", "ok", "ok"},
      {"many pairs", "(map string u8)", "i0,i800", "utf8", "!HostCallBudget", "!HostCallBudget"},
  };
  for (const Keep& keep : kKeeps) {
    GuestOptions options;
    options.from = keep.from;
    const GuestImage image = image_in(std::string(keep.flat) + " = -");
    const Guests guests(engine, {keep.type}, image.kinds, options);
    if (!guests.ok()) FAIL(guests.problem());
    for (const Way way : {Way::ParamToHost, Way::ResultToHost}) {
      INFO(keep.name << ", " << name_of(way));
      CHECK(guests.send(way, image).outcome == keep.dynamic);
      for (const auto& [name, typed] : kTyped) {
        if (std::string_view(keep.type) == name) CHECK(typed(guests, way, image) == keep.typed);
      }
    }
  }
}

TEST_CASE("a list that names one text many times makes the host keep it once for each") {
  Config config;
  config.limits.host_call_bytes = 64 << 10;
  const Engine engine = Engine::create(config).value();
  const Guests guests(engine, {"(list string)"}, "ii", {});
  REQUIRE(guests.ok());
  std::string heap;
  for (int i = 0; i < 40; ++i) heap += "0040000000080000";  // 2 KiB of zeros at 0x4000.
  const auto image = [&](const char* flat) { return image_in(std::string(flat) + " = " + heap); };
  for (const Way way : {Way::ParamToHost, Way::ResultToHost}) {
    CHECK(guests.send(way, image("i400,i28")).outcome == "!HostCallBudget");
    CHECK(guests.send_typed<std::vector<std::string>>(way, image("i400,i28")) == "!HostCallBudget");
    CHECK(guests.send(way, image("i400,i10")).outcome == "ok");
    CHECK(guests.send_typed<std::vector<std::string>>(way, image("i400,i10")) == "ok");
  }
}

TEST_CASE("a small value is charged, too") {
  Config config;
  config.limits.host_call_bytes = 100;
  const Engine engine = Engine::create(config).value();
  const auto outcome = [&](const char* type, const char* image) {
    const GuestImage made = image_in(image);
    const Guests guests(engine, {type}, made.kinds, {});
    if (!guests.ok()) FAIL(guests.problem());
    const std::string param = guests.send(Way::ParamToHost, made).outcome;
    return param == guests.send(Way::ResultToHost, made).outcome ? param : "two answers";
  };
  CHECK(outcome("(tuple u8 u8 u8 u8 u8 u8)", "i0,i0,i0,i0,i0,i0 000000000000 -") == "ok");
  CHECK(outcome("(tuple u8 u8 u8 u8 u8 u8 u8)", "i0,i0,i0,i0,i0,i0,i0 00000000000000 -") ==
        "!HostCallBudget");
  CHECK(outcome("(option (option u8))", "i1,i1,i0 010100 -") == "ok");
  CHECK(outcome("(option (option (option u8)))", "i1,i1,i1,i0 01010100 -") == "!HostCallBudget");
}

TEST_CASE("what the host passes is not looked at where it is too long") {
  const Engine engine = Engine::create().value();
  const Guests guests(engine, {"string"}, "ii", {});
  REQUIRE(guests.ok());
  Store store = Store::create(engine).value();
  ComponentLinker linker(engine);
  REQUIRE(linker.func("", "put", [](std::string_view) { return std::vector<uint8_t>(); }).ok());
  const ComponentInstance instance = linker.instantiate(store, guests.component()).value();
  const auto put = instance.typed<std::vector<uint8_t>(std::string_view)>(store, "put").value();
  const char one = 'x';
  CHECK(put.call(store, std::string_view(&one, 1)).ok());
  // There is no more than the one byte.
  CHECK(put.call(store, std::string_view(&one, size_t{1} << 28)).error().trap_code() ==
        TrapCode::StringTooLong);
}

TEST_CASE("values of the host that do not fit their type are refused before a guest sees them") {
  using V = ComponentVal;
  const Engine engine = Engine::create().value();
  struct Misfit {
    const char* type;
    const char* kinds;
    V good;
    std::vector<V> bad;
  };
  const V a = V::string("a");
  const Misfit misfits[] = {
      {"u8", "i", V(uint8_t{1}), {V(int8_t{1}), V(uint16_t{1}), V(true), a}},
      {"char",
       "i",
       V(U'a'),
       {V(static_cast<char32_t>(0xd800)), V(static_cast<char32_t>(0x110000)), V(uint32_t{97})}},
      {"string", "ii", a, {V::string("\xff"), V::string("\xed\xa0\x80"), V::list({})}},
      {"(list u8)",
       "ii",
       V::list({V(uint8_t{1})}),
       {V::list({V(uint8_t{1}), V(uint16_t{1})}), V::list({a}), V::tuple({})}},
      {"(list u8 2)",
       "ii",
       V::fixed_list({V(uint8_t{1}), V(uint8_t{2})}),
       {V::fixed_list({V(uint8_t{1})}), V::fixed_list({V(uint8_t{1}), V(uint8_t{1}), V(uint8_t{1})}),
        V::fixed_list({V(uint8_t{1}), a})}},
      {"(map u8 string)",
       "ii",
       V::map({V::tuple({V(uint8_t{1}), a})}),
       {V::map({V::tuple({V(uint8_t{1})})}), V::map({V::tuple({a, a})}),
        V::map({V::tuple({V(uint8_t{1}), V(true)})}), V::map({a})}},
      {"(tuple u8 string)",
       "iii",
       V::tuple({V(uint8_t{1}), a}),
       {V::tuple({V(uint8_t{1})}), V::tuple({V(uint8_t{1}), a, a}), V::tuple({a, V(uint8_t{1})}),
        V::record({V(uint8_t{1}), a})}},
      {"(option u8)", "ii", V::some(V(uint8_t{1})), {V::some(a), V::variant(1), V::variant(2)}},
      {"(result u8)", "ii", V::ok(V(uint8_t{1})), {V::ok(), V::ok(a), V::error(a), V::error(V(uint8_t{1}))}},
      {"(variant (case \"x\") (case \"y\" string))",
       "iii",
       V::variant(1, a),
       {V::variant(0, a), V::variant(1), V::variant(2), V::variant(1, V(true))}},
      {"(enum \"p\" \"q\")",
       "i",
       V::enumeration(1),
       {V::enumeration(2), V::enumeration(~uint32_t{0}), V::variant(1)}},
      {"(flags \"r\" \"w\")",
       "i",
       V::flags(3),
       {V::flags(4), V::flags(7), V::flags(~uint32_t{0}), V::enumeration(0)}},
  };
  for (const Misfit& misfit : misfits) {
    INFO(misfit.type);
    const Guests guests(engine, {misfit.type}, misfit.kinds, {});
    if (!guests.ok()) FAIL(guests.problem());
    CHECK(guests.send_from_host(misfit.good).outcome == "ok");
    for (const V& bad : misfit.bad) {
      const std::string found = guests.send_from_host(bad).outcome;
      CHECK(found.find("usage") != std::string::npos);
    }
  }
}

}  // namespace wherry::component
