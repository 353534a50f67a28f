// Compiled components: what was written is found again, and nothing else is taken for one.
#include <string>

#include <catch2/catch.hpp>

#include <unistd.h>

#include "engine/artifact/artifact.h"
#include "engine/artifact/component_writer.h"
#include "engine/artifact/hash.h"
#include "engine/artifact/known_module.h"
#include "engine/artifact/processor.h"
#include "engine/artifact/test_changes.h"
#include "engine/artifact/writer.h"
#include "engine/decode/decode.h"
#include "engine/text/parse.h"
#include "engine/validate/typed_module.h"
#include "engine/wasm/errors.h"
#include "engine/wasm/type_registry.h"

namespace wherry::artifact {

namespace {

using wasm::ErrorCode;

constexpr std::string_view kModules[] = {
    R"((module (func (export "f") (result i32) (i32.const 42)) (memory 1) (data (i32.const 4090) "across two pages")))",
    R"((module (import "a" "f" (func (result i32))) (func (export "g")) (func) (@custom "notes" "some text")))"};

base::Vector<uint8_t> compiled(const wasm::Module& module, std::span<const uint64_t> declared_refs,
                               uint8_t code) {
  base::Vector<uint8_t> text;
  if (!text.resize(6000)) std::abort();
  std::fill(text.begin(), text.end(), code);
  const std::vector<uint32_t> functions(module.bodies.size(), 64);
  const std::vector<uint32_t> thunks(module.types.size(), kNoCode);
  const std::vector<FunctionRange> ranges = {{64, 8, 0}};
  Contents contents;
  contents.arch = host_arch();
  contents.options = "optimization=2";
  contents.module = &module;
  contents.declared_refs = declared_refs;
  contents.text = text.span();
  contents.functions = functions;
  contents.enter_thunks = thunks;
  contents.ranges = ranges;
  auto made = write(contents);
  REQUIRE(made);
  return std::move(*made);
}

// A component of three modules, the first and the last of which are equal; what is around them only looks like one.
struct Sample {
  std::vector<std::vector<uint8_t>> modules;
  std::vector<base::Vector<uint8_t>> files;
  std::vector<uint8_t> component = {'h', 'e', 'a', 'd'};
  std::vector<ModulePlace> places;

  Sample() {
    wasm::TypeRegistry registry;
    for (const std::string_view text : kModules) {
      auto parsed = text::parse_module(base::as_bytes(text));
      REQUIRE(parsed);
      modules.emplace_back(parsed->binary.begin(), parsed->binary.end());
      auto module = decode::decode(std::move(parsed->binary), {wasm::Features::all()});
      REQUIRE(module);
      auto typed = validate::type_module(std::move(*module), registry);
      REQUIRE(typed);
      files.push_back(compiled(typed->module, typed->declared_refs, static_cast<uint8_t>(files.size() + 1)));
    }
    for (const uint32_t file : {0u, 1u, 0u}) {
      places.push_back(
          {static_cast<uint32_t>(component.size()), static_cast<uint32_t>(modules[file].size()), file});
      component.insert(component.end(), modules[file].begin(), modules[file].end());
      component.insert(component.end(), {'g', 'a', 'p'});
    }
  }

  base::Result<base::Vector<uint8_t>> write() const {
    const std::vector<base::ByteSpan> spans = {files[0].span(), files[1].span()};
    ComponentContents contents;
    contents.component = component;
    contents.modules = places;
    contents.files = spans;
    contents.digest[0] = 7;
    return write_component(contents);
  }
  base::Vector<uint8_t> file() const {
    auto made = write();
    REQUIRE(made);
    return std::move(*made);
  }
};

Header& header_in(base::Vector<uint8_t>& file) { return *reinterpret_cast<Header*>(file.data()); }

// What is said of a file of which something was changed, and whose hashes of header and index were made right again.
template <class Change>
std::string after(Change change) {
  base::Vector<uint8_t> file = Sample().file();
  Header& header = header_in(file);
  change(header, *reinterpret_cast<PartsHeader*>(file.data() + header.sections[0].offset),
         reinterpret_cast<PartRow*>(file.data() + header.sections[0].offset + sizeof(PartsHeader)));
  header.sections[0].hash =
      hash_of(file.span().subspan(header.sections[0].offset, header.sections[0].size_bytes));
  header.header_hash = header_hash_of(header);
  auto opened = ComponentFile::from_bytes(file.span());
  if (!opened) return wasm::describe(opened.error());
  for (uint32_t i = 0; i < opened->view().parts().size(); ++i) {
    if (auto part = Artifact::open_part(*opened, i); !part) return wasm::describe(part.error());
  }
  return "opened";
}

}  // namespace

TEST_CASE("a compiled component gives back what was written") {
  const Sample sample;
  auto opened = ComponentFile::from_bytes(sample.file().span());
  REQUIRE(opened);
  const ComponentView& view = opened->view();
  CHECK(std::ranges::equal(view.component(), sample.component));
  CHECK(view.options() == "optimization=2");
  CHECK(view.header().module_digest[0] == 7);
  REQUIRE(view.parts().size() == 3);
  CHECK(view.first_of(0) == 0);
  CHECK(view.first_of(1) == 1);
  CHECK(view.first_of(2) == 0);
  CHECK(view.verify());
  for (uint32_t i = 0; i < 3; ++i) {
    const size_t which = sample.places[i].file;
    auto part = Artifact::open_part(*opened, i);
    REQUIRE(part);
    CHECK(std::ranges::equal(part->wasm(), sample.modules[which]));
    CHECK(part->text()[64] == which + 1);
    CHECK(part->native_entry(0) == part->text().data() + 64);
    CHECK(part->view().verify());
    auto module = read_module(part->view(), wasm::Features::all());
    REQUIRE(module);
    CHECK(module->exports.size() == 1);
  }
}

TEST_CASE("the module's bytes are in a compiled component once") {
  const Sample sample;
  size_t found = 0;
  const base::Vector<uint8_t> file = sample.file();
  for (auto at = file.begin();; ++at) {
    at = std::search(at, file.end(), sample.modules[1].begin(), sample.modules[1].end());
    if (at == file.end()) break;
    ++found;
  }
  CHECK(found == 1);
}

TEST_CASE("memory images of compiled components lie where the file says") {
  const Sample sample;
  auto opened = ComponentFile::from_bytes(sample.file().span());
  REQUIRE(opened);
  auto part = Artifact::open_part(*opened, 0);
  REQUIRE(part);
  REQUIRE(part->view().has_image());
  const ImageRun& run = part->view().image_runs()[0];
  const Section& image = *part->view().find_section(SectionKind::Image);
  std::vector<char> bytes(run.size_bytes);
  REQUIRE(pread(part->descriptor(), bytes.data(), bytes.size(),
                static_cast<off_t>(part->place_of(image) + run.image_offset)) ==
          static_cast<ssize_t>(bytes.size()));
  CHECK(std::string_view(bytes.data(), bytes.size()).find("across two pages") != std::string_view::npos);
}

TEST_CASE("each byte of a compiled component counts") {
  const base::Vector<uint8_t> file = Sample().file();
  base::Vector<uint8_t> changed;
  REQUIRE(changed.append(file.span()));
  for (size_t i = 0; i < file.size(); i += step_of_changes(file.size())) {
    changed[i] ^= 0x10;
    const auto view = ComponentView::read(changed.span());
    const bool is_sound = view && view->verify();
    if (is_sound) FAIL_CHECK("a change at " << i << " was not seen");
    changed[i] = file[i];
  }
  const auto view = ComponentView::read(changed.span());
  REQUIRE(view);
  CHECK(view->verify());
}

TEST_CASE("damage around the modules of a compiled component is seen by a load") {
  const Sample sample;
  base::Vector<uint8_t> file = sample.file();
  file[header_in(file).sections[1].offset] ^= 1;
  auto opened = ComponentFile::from_bytes(file.span());
  REQUIRE_FALSE(opened);
  CHECK(wasm::describe(opened.error()) == "the compiled artifact is damaged: its component has changed");
}

TEST_CASE("compiled components that end too early or too late are refused") {
  const base::Vector<uint8_t> file = Sample().file();
  size_t opened = 0;
  for (size_t size = 0; size < file.size(); size += size < 5000 ? 1 : 61)
    opened += ComponentView::read(file.span().first(size)).has_value();
  CHECK(opened == 0);
  base::Vector<uint8_t> longer;
  REQUIRE(longer.append(file.span()));
  REQUIRE(longer.push_back(0));
  CHECK_FALSE(ComponentView::read(longer.span()));
}

TEST_CASE("adapters stand behind the component and its modules") {
  const Sample sample;
  const std::vector<base::ByteSpan> files = {sample.files[0].span(), sample.files[1].span(),
                                             sample.files[1].span()};
  const std::vector<base::ByteSpan> adapters = {sample.modules[1]};
  ComponentContents contents;
  contents.component = sample.component;
  contents.modules = sample.places;
  contents.files = files;
  contents.adapters = adapters;
  const auto file = write_component(contents);
  REQUIRE(file);
  const auto view = ComponentView::read(file->span());
  REQUIRE(view);
  CHECK(view->parts().size() == 4);
  CHECK(view->module_count() == 3);
  CHECK(std::ranges::equal(view->component(), sample.component));
  CHECK(std::ranges::equal(view->module_at(3), sample.modules[1]));
  CHECK(view->part(3));
  CHECK(view->verify());
}

TEST_CASE("what a compiled component says of its modules is compared with the file") {
  const std::string damaged = "the compiled artifact is damaged: ";
  CHECK(after([](Header&, PartsHeader& parts, PartRow*) { parts.adapter_count = 4; }) ==
        damaged + "another number of modules");
  CHECK(after([](Header&, PartsHeader&, PartRow*) {}) == "opened");
  CHECK(after([](Header&, PartsHeader& parts, PartRow*) { parts.part_count = 2; }) ==
        damaged + "another number of modules");
  CHECK(after([](Header& header, PartsHeader&, PartRow*) { header.module_count = 4; }) ==
        damaged + "another number of modules");
  CHECK(after([](Header&, PartsHeader&, PartRow* rows) { rows[1].module_offset = 0; }) ==
        damaged + "module outside of the component");
  CHECK(after([](Header&, PartsHeader&, PartRow* rows) { rows[2].module_bytes = ~0u; }) ==
        damaged + "module outside of the component");
  CHECK(after([](Header&, PartsHeader&, PartRow* rows) { rows[2].module_offset = ~0u; }) ==
        damaged + "module outside of the component");
  CHECK(after([](Header&, PartsHeader&, PartRow* rows) { rows[0].file_offset += 8; }) ==
        damaged + "compiled module outside of the file");
  CHECK(after([](Header& header, PartsHeader&, PartRow* rows) {
          rows[0].file_offset = uint64_t{0} - header.page_bytes;
        }) == damaged + "compiled module outside of the file");
  CHECK(after([](Header&, PartsHeader&, PartRow* rows) { rows[1].file_bytes = ~uint64_t{0}; }) ==
        damaged + "compiled module outside of the file");
  CHECK_THAT(after([](Header&, PartsHeader&, PartRow* rows) { rows[1].file_bytes -= 1; }),
             Catch::StartsWith(damaged));
  CHECK_THAT(after([](Header&, PartsHeader&, PartRow* rows) { rows[1].file_bytes = 0; }),
             !Catch::Equals("opened"));
  CHECK_THAT(
      after([](Header& header, PartsHeader&, PartRow* rows) { rows[1].file_offset += header.page_bytes; }),
      !Catch::Equals("opened"));
  CHECK(after([](Header& header, PartsHeader&, PartRow*) { header.abi_hash ^= 1; }) ==
        "the compiled artifact does not fit: it was made by another version of wherry");
  CHECK(after([](Header& header, PartsHeader&, PartRow*) {
          std::swap(header.sections[1], header.sections[2]);
        }) == damaged + "section outside of the file");
  CHECK(after([](Header& header, PartsHeader&, PartRow*) { header.sections[1].kind = SectionKind::Text; }) ==
        "the compiled artifact does not fit: section of kind 1, which this version does not know");
}

TEST_CASE("compiled modules and compiled components are not taken for one another") {
  const Sample sample;
  const base::Vector<uint8_t> file = sample.file();
  CHECK(ComponentView::is_component(file.span()));
  CHECK(ComponentView::is_component(file.span().first(ComponentView::kHeadBytes)));
  CHECK_FALSE(ComponentView::is_component(file.span().first(100)));
  CHECK_FALSE(ComponentView::is_component(sample.files[0].span()));
  CHECK(wasm::describe(View::read(file.span()).error()) ==
        "the compiled artifact does not fit: a component, expected a module");
  CHECK(wasm::describe(ComponentView::read(sample.files[0].span()).error()) ==
        "the compiled artifact does not fit: a module, expected a component");
  // A part lacks its module, so it is no file by itself.
  const auto view = ComponentView::read(file.span());
  REQUIRE(view);
  const base::ByteSpan part = file.span().subspan(view->file_offset(1), view->parts()[1].file_bytes);
  CHECK_FALSE(View::read(part));
}

TEST_CASE("a compiled component is made of its own modules only") {
  Sample sample;
  std::swap(sample.files[0], sample.files[1]);
  const auto made = sample.write();
  REQUIRE_FALSE(made);
  CHECK(made.error().code == ErrorCode::ArtifactDamaged);
}

TEST_CASE("a compiled component may have no modules") {
  const std::string component = "no modules";
  ComponentContents contents;
  contents.component = base::as_bytes(component);
  const auto made = write_component(contents);
  REQUIRE(made);
  auto opened = ComponentFile::from_bytes(made->span());
  REQUIRE(opened);
  CHECK(opened->view().parts().empty());
  CHECK(opened->view().verify());
}

}  // namespace wherry::artifact
