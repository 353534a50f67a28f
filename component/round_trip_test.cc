// Values of every kind through all ways they can take: host to guest, guest to guest, guest to host, and back, typed and dynamic. The
// component passes on what it is given: two instances of it in a row, each with an encoding of its own.
#include <catch2/catch.hpp>

#include <string>

#include "wherry/component_linker.h"

namespace wherry {

struct Point {
  int32_t x = 0;
  int8_t y = 0;
  std::string name;
  friend bool operator==(const Point&, const Point&) = default;
};
WHERRY_RECORD(Point, x, y, name)

enum class Color : uint8_t { Red, DarkGreen, Blue };
WHERRY_ENUM(Color, Red, DarkGreen, Blue)

enum class Modes : uint16_t {
  read = 1,
  write = 2,
  create = 4,
  a = 8,
  b = 16,
  c = 32,
  d = 64,
  e = 128,
  f = 256
};
WHERRY_FLAGS(Modes, read, write, create, a, b, c, d, e, f)

struct Shape : std::variant<float, std::string, std::monostate, uint64_t> {
  using variant::variant;
};
WHERRY_VARIANT(Shape, radius, label, nothing, id)

namespace {

constexpr const char* kAllocator = R"(
    (core module $L
      (memory (export "mem") 4)
      (global $next (mut i32) (i32.const 4096))
      (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $next) (i32.sub (local.get $align) (i32.const 1)))
                                (i32.sub (i32.const 0) (local.get $align))))
        (global.set $next (i32.add (local.get $at) (local.get $size)))
        (memory.copy (local.get $at) (local.get $old)
          (select (local.get $old-size) (local.get $size) (i32.lt_u (local.get $old-size) (local.get $size))))
        (local.get $at)))
    (core instance $l (instantiate $L)))";

struct Way {
  const char* type;    // As the text format has it.
  const char* flat;    // Core parameters.
  const char* single;  // Core result, if it is one value; else empty.
};

std::string passing(const std::string& name, const Way& way, const std::string& encoding) {
  const std::string options =
      " " + encoding + " (memory (core memory $l \"mem\")) (realloc (core func $l \"realloc\"))";
  std::string gets;
  std::string kinds = way.flat;
  size_t count = kinds.empty() ? 0 : 1;
  for (const char c : kinds) count += c == ' ' ? 1 : 0;
  for (size_t i = 0; i < count; ++i) gets += " (local.get " + std::to_string(i) + ")";
  const bool is_single = *way.single != 0;
  const std::string single = way.single;
  return "(component $" + name + " (type $T' " + way.type + R"() (import "t" (type $T (eq $T')))
    (import "f" (func $f (param "a" $T) (result $T))))" +
         kAllocator + R"(
    (core func $f' (canon lower (func $f))" +
         options + R"())
    (core module $M
      (import "" "f" (func $f (param )" +
         kinds + (is_single ? ") (result " + single + ")" : " i32)") + R"())
      (func (export "g") (param )" +
         kinds + ") (result " + (is_single ? single : "i32") + ")" +
         (is_single ? "(call $f" + gets + ")" : "(call $f" + gets + " (i32.const 512)) (i32.const 512)") +
         R"())
    (core instance $m (instantiate $M (with "" (instance (export "f" (func $f'))))))
    (func (export "g") (param "a" $T) (result $T) (canon lift (core func $m "g"))" +
         options + ")))\n";
}

std::string component_of(const Way& way, const std::string& first, const std::string& second) {
  return std::string("(component (type $T' ") + way.type + R"() (import "t" (type $T (eq $T')))
    (import "f" (func $f (param "a" $T) (result $T))))" +
         passing("A", way, first) + passing("B", way, second) + R"(
    (instance $a (instantiate $A (with "t" (type $T)) (with "f" (func $f))))
    (instance $b (instantiate $B (with "t" (type $T)) (with "f" (func $a "g"))))
    (export "g" (func $b "g"))))";
}

constexpr const char* kEncodings[][2] = {{"string-encoding=utf8", "string-encoding=utf16"},
                                         {"string-encoding=latin1+utf16", "string-encoding=utf8"},
                                         {"string-encoding=utf16", "string-encoding=latin1+utf16"},
                                         {"string-encoding=latin1+utf16", "string-encoding=latin1+utf16"},
                                         {"string-encoding=utf8", "string-encoding=utf8"}};

// Each value comes back as it was, and the host's function saw it as it was.
template <class T>
void round_trip(const Way& way, const std::vector<T>& values) {
  const Engine engine = Engine::create().value();
  for (const auto& encodings : kEncodings) {
    const std::string text = component_of(way, encodings[0], encodings[1]);
    Result<Component> component = Component::load_text(engine, text);
    if (!component) FAIL(component.error().describe() << "\n" << text);
    Store store = Store::create(engine).value();
    ComponentLinker linker(engine);
    const T* expected = nullptr;
    bool was_right = false;
    REQUIRE(linker
                .func("", "f",
                      [&](T value) -> T {
                        was_right = value == *expected;
                        return value;
                      })
                .ok());
    Result<ComponentInstance> instance = linker.instantiate(store, *component);
    if (!instance) FAIL(instance.error().describe());
    auto typed = instance->typed<T(T)>(store, "g");
    if (!typed) FAIL(typed.error().describe());
    for (const T& value : values) {
      expected = &value;
      was_right = false;
      const Result<T> back = typed->call(store, value);
      if (!back) FAIL(back.error().describe());
      CHECK(was_right);
      CHECK(*back == value);
    }
  }
}

// The same with dynamic values on both ends.
void round_trip_dynamic(const Way& way, const std::vector<ComponentVal>& values) {
  const Engine engine = Engine::create().value();
  for (const auto& encodings : kEncodings) {
    Result<Component> component = Component::load_text(engine, component_of(way, encodings[0], encodings[1]));
    if (!component) FAIL(component.error().describe());
    Store store = Store::create(engine).value();
    ComponentLinker linker(engine);
    REQUIRE(linker
                .dynamic_func("", "f",
                              [](Caller&, const ComponentFuncType&, std::span<const ComponentVal> arguments,
                                 ComponentVal& result) -> Result<void> {
                                result = arguments[0];
                                return {};
                              })
                .ok());
    const ComponentInstance instance = linker.instantiate(store, *component).value();
    const ComponentFunc func = instance.func(store, "g").value();
    for (const ComponentVal& value : values) {
      const Result<std::optional<ComponentVal>> back = func.call(store, {&value, 1});
      if (!back) FAIL(back.error().describe());
      CHECK(**back == value);
    }
  }
}

using Val_ = ComponentVal;

}  // namespace

TEST_CASE("numbers go through components") {
  round_trip<bool>({"bool", "i32", "i32"}, {false, true});
  round_trip<int8_t>({"s8", "i32", "i32"}, {0, -1, 127, -128});
  round_trip<uint8_t>({"u8", "i32", "i32"}, {0, 255});
  round_trip<int16_t>({"s16", "i32", "i32"}, {0, -1, 32767, -32768});
  round_trip<uint16_t>({"u16", "i32", "i32"}, {0, 65535});
  round_trip<int32_t>({"s32", "i32", "i32"}, {0, -1, INT32_MIN});
  round_trip<uint32_t>({"u32", "i32", "i32"}, {0, UINT32_MAX});
  round_trip<int64_t>({"s64", "i64", "i64"}, {0, -1, INT64_MIN});
  round_trip<uint64_t>({"u64", "i64", "i64"}, {0, UINT64_MAX});
  round_trip<float>({"f32", "f32", "f32"}, {0.0f, -1.5f, 1e38f});
  round_trip<double>({"f64", "f64", "f64"}, {0.0, -1.5, 1e300});
  round_trip<char32_t>({"char", "i32", "i32"}, {U'a', U'\u00e9', U'\U0010ffff', U'\ud7ff'});
}

TEST_CASE("strings go through components in every encoding") {
  round_trip<std::string>(
      {"string", "i32 i32", ""},
      {"", "a", "plain text that is longer than eight bytes", "caf\u00e9 cr\u00e8me", "\u00e9",
       "\u2603\u263a\ufe0f\u00f6\u30c4", "a\U0001f600b", "abcdefgh\u00ff\u0100", "\U0010ffff",
       std::string("nul\0inside", 10), std::string(3000, 'x') + "\u00e9" + std::string(500, 'y')});
}

TEST_CASE("lists go through components") {
  round_trip<std::vector<uint8_t>>({"(list u8)", "i32 i32", ""},
                                   {{}, {1, 2, 3}, std::vector<uint8_t>(5000, 7)});
  round_trip<std::vector<double>>({"(list f64)", "i32 i32", ""}, {{}, {1.5, -2.5}});
  round_trip<std::vector<bool>>({"(list bool)", "i32 i32", ""}, {{}, {true, false, true}});
  round_trip<std::vector<char32_t>>({"(list char)", "i32 i32", ""}, {{U'x', U'\u2603'}});
  round_trip<std::vector<std::string>>({"(list string)", "i32 i32", ""}, {{}, {"a", "", "\u00e9\u2603"}});
  round_trip<std::vector<std::vector<uint16_t>>>({"(list (list u16))", "i32 i32", ""}, {{{1}, {}, {2, 3}}});
  round_trip<std::vector<std::pair<std::string, uint32_t>>>({"(map string u32)", "i32 i32", ""},
                                                            {{}, {{"a", 1}, {"b", 2}}});
  round_trip<std::vector<std::tuple<uint8_t, uint32_t>>>({"(list (tuple u8 u32))", "i32 i32", ""},
                                                         {{{1, 2}, {3, 4}}});
}

TEST_CASE("records, tuples, enums and flags go through components") {
  round_trip<Point>(
      {R"((record (field "x" s32) (field "y" s8) (field "name" string)))", "i32 i32 i32 i32", ""},
      {{}, {-5, -6, "here"}});
  round_trip<std::tuple<bool, char32_t, double>>({"(tuple bool char f64)", "i32 i32 f64", ""},
                                                 {{true, U'x', 2.5}});
  round_trip<Color>({R"((enum "red" "dark-green" "blue"))", "i32", "i32"},
                    {Color::Red, Color::DarkGreen, Color::Blue});
  round_trip<Modes>({R"((flags "read" "write" "create" "a" "b" "c" "d" "e" "f"))", "i32", "i32"},
                    {Modes(0), Modes::write, Modes(0x1ff)});
}

TEST_CASE("options and variants go through components") {
  round_trip<std::optional<uint8_t>>({"(option u8)", "i32 i32", ""}, {std::nullopt, 0, 255});
  round_trip<std::optional<std::string>>({"(option string)", "i32 i32 i32", ""},
                                         {std::nullopt, "", "\u00e9"});
  round_trip<std::optional<std::optional<double>>>({"(option (option f64))", "i32 i32 f64", ""},
                                                   {std::nullopt, std::optional<double>(), 1.5});
  round_trip<Shape>(
      {R"((variant (case "radius" f32) (case "label" string) (case "nothing") (case "id" u64)))",
       "i32 i64 i32", ""},
      {Shape(std::in_place_index<0>, -1.5f), Shape(std::in_place_index<1>, "\u00e9"),
       Shape(std::in_place_index<2>), Shape(std::in_place_index<3>, UINT64_MAX)});
}

TEST_CASE("a result is success or failure") {
  const Engine engine = Engine::create().value();
  using Answer = Expected<std::string, Color>;
  const std::string text = component_of({R"((result string (error u8)))", "i32 i32 i32", ""},
                                        "string-encoding=utf8", "string-encoding=utf16");
  const Component component = Component::load_text(engine, text).value();
  Store store = Store::create(engine).value();
  ComponentLinker linker(engine);
  using Small = Expected<std::string, uint8_t>;
  REQUIRE(linker.func("", "f", [](Small value) -> Result<Small> { return value; }).ok());
  const ComponentInstance instance = linker.instantiate(store, component).value();
  const auto typed = instance.typed<Small(Small)>(store, "g").value();
  CHECK(typed.call(store, Small("fine")).value().value() == "fine");
  CHECK(typed.call(store, Small(Unexpected<uint8_t>(7))).value().error() == 7);
  const Result<TypedComponentFunc<Answer(Answer)>> other = instance.typed<Answer(Answer)>(store, "g");
  REQUIRE(!other.ok());
  CHECK(other.error().kind() == ErrorKind::Usage);
}

TEST_CASE("more than sixteen core values go through memory") {
  using Many = std::tuple<std::string, std::string, std::string, std::string, std::string, std::string,
                          std::string, std::string, uint8_t>;
  round_trip<Many>({"(tuple string string string string string string string string u8)", "i32", ""},
                   {{"a", "b", "c", "d", "e", "f", "g", "h\u00e9", 9}});
}

TEST_CASE("dynamic values go through components") {
  round_trip_dynamic({"(list (tuple u8 string))", "i32 i32", ""},
                     {Val_::list({Val_::tuple({Val_(uint8_t{1}), Val_::string("\u2603")})}), Val_::list({})});
  round_trip_dynamic({R"((record (field "a" (option s16)) (field "b" (result u8 (error string)))))",
                      "i32 i32 i32 i32 i32", ""},
                     {Val_::record({Val_::some(Val_(int16_t{-3})), Val_::ok(Val_(uint8_t{4}))}),
                      Val_::record({Val_::none(), Val_::error(Val_::string("x"))})});
  round_trip_dynamic(
      {R"((variant (case "a") (case "b" f32) (case "c" (list char))))", "i32 i32 i32", ""},
      {Val_::variant(0), Val_::variant(1, Val_(1.5f)), Val_::variant(2, Val_::list({Val_(U'\u00e9')}))});
  round_trip_dynamic({R"((flags "x" "y" "z"))", "i32", "i32"}, {Val_::flags(5)});
  round_trip_dynamic({"(map u8 string)", "i32 i32", ""},
                     {Val_::map({Val_::tuple({Val_(uint8_t{1}), Val_::string("one")})})});
}

}  // namespace wherry
