#include "wasi/host/listing.h"

#include <catch2/catch.hpp>
#include <set>

#include "wasi/host/test_tree.h"

namespace wherry::wasi::host {
namespace {

Ref<SharedHandle> open_directory(const std::string& path) {
  return make_ref<SharedHandle>(Handle::own(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
                                Quota::Share());
}

TEST_CASE("a listing gives every name once, whatever their number, and leaves out . and ..") {
  TestTree tree;
  std::set<std::string> wanted;
  for (int i = 0; i < 700; ++i) {
    const std::string name = "file-with-a-long-name-" + std::to_string(i);
    put_file(tree / name, "");
    wanted.insert(name);
  }
  mkdir((tree / "d").c_str(), 0777);
  wanted.insert("d");
  const Ref<SharedHandle> directory = open_directory(tree.path());
  Listing one(directory);
  Listing other(directory);  // In step with the first, on the same descriptor.
  std::set<std::string> seen;
  while (true) {
    FileType type;
    std::string_view name;
    bool found = false;
    REQUIRE(one.next(type, name, found) == 0);
    if (!found) break;
    CHECK(seen.insert(std::string(name)).second);
    CHECK(type == (name == "d" ? FileType::Directory : FileType::Regular));
    const std::string same(name);
    REQUIRE(other.next(type, name, found) == 0);
    CHECK(found);
    CHECK(name == same);
  }
  CHECK(seen == wanted);
  FileType type;
  std::string_view name;
  bool found = true;
  CHECK(one.next(type, name, found) == 0);
  CHECK_FALSE(found);
}

TEST_CASE("a listing of what is no directory fails") {
  TestTree tree;
  put_file(tree / "f", "");
  Listing listing(
      make_ref<SharedHandle>(Handle::own(::open((tree / "f").c_str(), O_RDONLY)), Quota::Share()));
  FileType type;
  std::string_view name;
  bool found;
  CHECK(listing.next(type, name, found) == ENOTDIR);
}

}  // namespace
}  // namespace wherry::wasi::host
