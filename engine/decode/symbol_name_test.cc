// Symbols of compilers and the names that they stand for, and symbols of nobody.
#include "engine/decode/symbol_name.h"

#include <catch2/catch.hpp>

namespace wherry::decode {

TEST_CASE("what is no symbol stays as it is") {
  for (const char* name :
       {"", "main", "_", "_Z", "_R", "_ZN", "_start", "Foo::bar(int)", "_RNvC", "_R1zC1a", "runtime.main"}) {
    CHECK(readable_name(name) == name);
  }
  const std::string with_zero("_Z1\0f", 5);
  CHECK(readable_name(with_zero) == with_zero);
  const std::string long_one = "_Z" + std::string(5000, 'P');
  CHECK(readable_name(long_one) == long_one);
}

TEST_CASE("C++ names are readable") {
  CHECK(readable_name("_Z1gv") == "g()");
  CHECK(readable_name("_ZNK5outer3BoxIiE6divideEi") == "outer::Box<int>::divide(int) const");
  CHECK(readable_name("_ZNSt3__26vectorIiNS_9allocatorIiEEE9push_backB8ne190107ERKi") ==
        "std::__2::vector<int, std::__2::allocator<int> >::push_back[abi:ne190107](int const&)");
  CHECK(readable_name("_ZZN5outer3runERKNS_5RangeEENK3$_0clERKNS_3BoxIiEE") ==
        "outer::run(outer::Range const&)::$_0::operator()(outer::Box<int> const&) const");
}

TEST_CASE("C++ symbols that would make gigabytes are left as they are") {
  std::string bomb = "_Z1f1AI1B";
  for (int i = 0; i < 30; ++i) bomb = bomb + "1AI" + "S" + "1_" + "S1_E";
  bomb += "E";
  CHECK(readable_name(bomb) == bomb);
  std::string twice = "_Z1fIJiiiiiiii";
  for (int i = 0; i < 6; ++i) twice += "E";
  CHECK(readable_name(twice).size() <= kReadableBytes);
  // 500 pointers: as deep as it may go.
  const std::string deep = "_Z1f" + std::string(500, 'P') + "i";
  CHECK(readable_name(deep) == "f(int" + std::string(500, '*') + ")");
}

TEST_CASE("Rust's legacy symbols are readable, without their hashes") {
  CHECK(readable_name("_ZN3app5parse17h0123456789abcdefE") == "app::parse");
  CHECK(readable_name("_ZN3app5parse17h0123456789abcdefE.llvm.123") == "app::parse");
  CHECK(readable_name("_ZN3std2rt10lang_start28_$u7b$$u7b$closure$u7d$$u7d$17h0d2b3060b38e9e91E") ==
        "std::rt::lang_start::{{closure}}");
  CHECK(readable_name("_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$"
                      "3bar17h930b740aa94f1d3aE") == "<Test + 'static as foo::Bar<Test>>::bar");
  CHECK(readable_name("_ZN4a$ZZ17h0123456789abcdefE") == "a$ZZ");
  CHECK(readable_name("_ZN1a99999999999999999999b17h0123456789abcdefE").starts_with("_ZN"));
  // A hash is hexadecimal: this is C++.
  CHECK(readable_name("_ZN3app17hello_hello_helloEv") == "app::hello_hello_hello()");
}

TEST_CASE("Rust's v0 symbols are readable") {
  const auto check = [](const char* symbol, const char* name) { CHECK(readable_name(symbol) == name); };
  check("_RNvC6_123foo3bar", "123foo::bar");
  check("_RNvCskwGfYPst2Cb_3foo16example_function", "foo::example_function");
  check("_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar");
  check("_RNvMsr_NtCs3ssYzQotkvD_3std4pathNtB5_7PathBuf3newCs15kBYyAo9fc_7mycrate",
        "<std::path::PathBuf>::new");
  check("_RNvXCs15kBYyAo9fc_7mycrateNtB2_7ExampleNtB2_5Trait3foo",
        "<mycrate::Example as mycrate::Trait>::foo");
  check("_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_", "cc::spawn::{closure#0}::{closure#0}");
  check(
      "_RNCINkXs25_NgCsbmNqQUJIY6D_4core5sliceINyB9_4IterhENuNgNoBb_"
      "4iter8iterator8Iterator9rpositionNCNgNpB9_6memchr7memrchrs_0E0Bb_",
      "<core::slice::Iter<u8> as "
      "core::iter::iterator::Iterator>::rposition::<core::slice::memchr::memrchr::{closure#1}>::{closure#0}");
  check("_RINbNbCskIICzLVDPPb_5alloc5alloc8box_freeDINbNiB4_5boxed5FnBoxuEp6OutputuEL_ECs1iopQbuBiw2_3std",
        "alloc::alloc::box_free::<dyn alloc::boxed::FnBox<(), Output = ()>>");
  check("_RMC0INtC8arrayvec8ArrayVechKj7b_E", "<arrayvec::ArrayVec<u8, 123>>");
  check("_RINtC8arrayvec8ArrayVecKanb_E", "arrayvec::ArrayVec::<-11>");
  check("_RINtC1a1bKb1_Kcv22_Kpj3_E", "_RINtC1a1bKb1_Kcv22_Kpj3_E");
  check("_RINtC1a1bKb1_Kc76_Kh3_E", "a::b::<true, 'v', 3>");
  check(
      "_RINvC1a1fFKCmEuFUK5aapcsiEuFQlEzRL0_eOxPTaETllEE",
      "a::f::<extern \"C\" fn(u32), unsafe extern \"aapcs\" fn(isize), fn(&mut i32) -> !, &'_ str, *mut i64, "
      "*const (i8,), (i32, i32)>");
  check("_RINvC1a1fASaj3_ShE", "a::f::<[[i8]; 3], [u8]>");
  check("_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y",
        "utf8_idents::"
        "\xe1\x83\xa1\xe1\x83\x90\xe1\x83\xad\xe1\x83\x9b\xe1\x83\x94\xe1\x83\x9a\xe1\x83\x90\xe1\x83\x93_"
        "\xe1\x83\x92\xe1\x83\x94\xe1\x83\x9b\xe1\x83\xa0\xe1\x83\x98\xe1\x83\x94\xe1\x83\x9a\xe1\x83\x98_"
        "\xe1\x83\xa1\xe1\x83\x90\xe1\x83\x93\xe1\x83\x98\xe1\x83\x9a\xe1\x83\x98");
}

TEST_CASE("Rust symbols that refer to themselves or nest without end stay as they are") {
  // Each reference doubles; a reference to itself; one forward.
  std::string doubling = "_RIC1a";
  size_t at = doubling.size() - 2;
  for (int i = 0; i < 40; ++i) {
    const auto digit = [](size_t value) {
      std::string out;
      for (value -= 1;; value /= 62) {
        out.insert(out.begin(), "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[value % 62]);
        if (value < 62) return out + "_";
      }
    };
    const size_t next = doubling.size() - 2;
    const std::string back = i == 0 ? "h" : "B" + digit(at);
    doubling += "T" + back + back + "E";
    at = next;
  }
  doubling += "E";
  CHECK(readable_name(doubling) == doubling);
  for (const std::string symbol : {"_RB_", "_RNvB_1a", "_RIC1aB1_E", "_RC99999999999999999999a", "_RNvC1a"}) {
    CHECK(readable_name(symbol) == symbol);
  }
  const std::string deep = "_RINvC1a1f" + std::string(900, 'R') + "hE";
  CHECK(readable_name(deep) == deep);
  // Nothing is printed of where an impl is written, but it is read.
  std::string silent = "_RMINvC1a1f";
  silent += std::string(80, 'R') + "hEh";
  CHECK(readable_name(silent) == "<u8>");
}

}  // namespace wherry::decode
