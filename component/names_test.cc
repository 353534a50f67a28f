#include "component/names.h"

#include <catch2/catch.hpp>

namespace {

using namespace wherry::component;

bool is_name(std::string_view text, const Features& features = {}) {
  return parse_name(text, features, 0).has_value();
}

TEST_CASE("labels are words of one case each, joined by hyphens", "[component][names]") {
  for (const char* const good : {"a", "a1", "a-1", "A-b-C", "a11-B11-123-ABC-abc"}) CHECK(is_label(good));
  for (const char* const bad : {"", "1", "-a", "a-", "a--b", "aB", "a_b", "a.b", "\xc3\xa9"})
    CHECK_FALSE(is_label(bad));
}

TEST_CASE("a name in a message cannot steer a terminal, and is short", "[component][names]") {
  CHECK(quoted("a-b") == "`a-b`");
  CHECK(quoted("a\x1b[31m\x7f\n") == "`a?[31m??`");
  CHECK(quoted(std::string(101, 'x')) == "`" + std::string(100, 'x') + "...`");
  CHECK(quoted(std::string(99, 'x') + "\u00fc") == "`" + std::string(99, 'x') + "...`");
}

TEST_CASE("annotated names hold labels", "[component][names]") {
  CHECK(parse_name("[constructor]a", {}, 0)->kind == NameKind::Constructor);
  CHECK(parse_name("[method]a.b-c", {}, 0)->member == "b-c");
  CHECK(parse_name("[static]a.b", {}, 0)->resource == "a");
  for (const char* const bad :
       {"[constructor]", "[method]a", "[method]a.", "[method].a", "[static]a.b.c", "[other]a"}) {
    CHECK_FALSE(is_name(bad));
  }
}

TEST_CASE("interface names have a package, an interface and perhaps a version", "[component][names]") {
  const auto name = parse_name("wasi:io/streams@0.2.0-rc.1+b", {}, 0);
  REQUIRE(name.has_value());
  CHECK(name->kind == NameKind::Interface);
  CHECK(name->package == "wasi:io");
  CHECK(name->interface == "streams");
  CHECK(name->version == "0.2.0-rc.1+b");
  for (const char* const bad :
       {"a:b", "a:/b", ":b/c", "a:b/", "A:b/c", "a:B/c", "a:b/c@", "a:b/c@1", "a:b/c@1.2", "a:b/c@1.2.3-",
        "a:b/c@01.2.3", "a:b/c@1.2.3-01", "a:b:c/d", "a:b/c/d", "a:b/c/"}) {
    CHECK_FALSE(is_name(bad));
  }
  CHECK(is_name("a:b:c/d/e", Features::all()));
  CHECK(is_name("a:b/c@0.2", Features::all()));
  CHECK_FALSE(is_name("a:b/c@0.2"));
}

TEST_CASE("names that differ in case or annotation only are one name", "[component][names]") {
  wherry::base::Arena arena;
  const auto form_of = [&](std::string_view name) {
    std::string_view form;
    REQUIRE(unique_form(name, &arena, &form));
    return form;
  };
  CHECK(form_of("foo-BAR") == "foo-bar");
  CHECK(form_of("[method]foo.bar") == form_of("[static]foo.BAR"));
  CHECK(form_of("[method]foo.foo") == "foo");
  CHECK(form_of("[method]foo.FOO") == "foo");
  CHECK(form_of("[constructor]foo") != "foo");
}

}  // namespace
