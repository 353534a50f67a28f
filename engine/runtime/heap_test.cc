// The heap by itself: objects made and lost from C++, without a guest.
#include "engine/runtime/heap.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "engine/decode/decode.h"
#include "engine/runtime/store.h"
#include "engine/text/parse.h"
#include "engine/validate/typed_module.h"
#include "engine/wasm/errors.h"

namespace wherry::runtime {
namespace {

constinit const abi::Cell kCell = 0;
constinit abi::FuncCode g_code{};
wasm::TrapCode refuse(abi::FuncObject*, uint64_t*, abi::Crossing*) { return wasm::TrapCode::Unreachable; }
constinit const abi::Tier kTier{&kCell, &g_code, refuse};

constexpr std::string_view kTypes = R"((module
  (type $node (struct (field (mut i64)) (field (mut (ref null $node))) (field (mut (ref null any)))))
  (type $bytes (array (mut i8)))
  (type $refs (array (mut anyref)))
  (type $vector (struct (field i32) (field v128) (field (ref null $bytes)) (field i8)))
))";
enum : uint32_t { kNode, kBytes, kRefs, kVector };

// A store for its roots, and a heap with settings of its own.
struct World {
  InterruptClock clock;
  wasm::TypeRegistry registry;
  wasm::TypeSet types;
  std::unique_ptr<Store> store;
  std::unique_ptr<Heap> heap;

  explicit World(HeapSetup setup = {}) {
    auto parsed = text::parse_module(base::as_bytes(kTypes));
    REQUIRE(parsed);
    auto module = decode::decode(std::move(parsed->binary), {wasm::Features::all()});
    REQUIRE(module);
    types = std::move(*registry.add(*module));
    StoreSetup store_setup;
    store_setup.tier = &kTier;
    store_setup.clock = &clock;
    store = std::move(*Store::create(store_setup));
    store->state().types = &registry.directory();
    heap = std::make_unique<Heap>(*store, setup);
  }

  const wasm::CanonType& type(uint32_t index) const { return types[wasm::TypeIndex(index)]; }
  abi::Ref node(abi::Ref next = abi::kNullRef) {
    const abi::Ref made = heap->allocate_struct(type(kNode));
    abi::slots_of(made)[1] = next;
    return made;
  }
  RootId root(abi::Ref ref) {
    RootId id;
    REQUIRE(heap->roots().hold(ref, &id));
    return id;
  }
};

TEST_CASE("types say where their fields lie and which are references") {
  World world;
  const wasm::CanonType& node = world.type(kNode);
  CHECK(node.object_slots == 3);
  CHECK(node.ref_slots == 0b110);
  CHECK(node.field_slot(2) == 2);
  const wasm::CanonType& vector = world.type(kVector);
  CHECK(vector.object_slots == 5);
  CHECK(vector.ref_slots == 0b1000);
  CHECK(vector.field_slot(1) == 1);
  CHECK(vector.field_slot(2) == 3);
  CHECK(vector.field_slot(3) == 4);
  CHECK(world.type(kBytes).element_shift == 0);
  CHECK_FALSE(world.type(kBytes).has_refs);
  CHECK(world.type(kRefs).has_refs);
}

TEST_CASE("every size has the smallest class it fits, and cells are whole granules") {
  uint32_t wrong = 0;
  for (uint32_t size = 1; size <= abi::kMaxCellBytes; ++size) {
    const uint32_t size_class = abi::size_class_of(size);
    if (size_class >= abi::kSizeClasses || abi::cell_bytes_of(size_class) < size) ++wrong;
    if (size_class > 0 && abi::cell_bytes_of(size_class - 1) >= size) ++wrong;
    if (abi::cell_bytes_of(size_class) % 16 != 0) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("objects are apart from each other, aligned, and zero") {
  World world;
  std::vector<abi::Ref> made;
  for (uint32_t i = 0; i < 2000; ++i) {
    const abi::Ref ref = world.heap->allocate_array(world.type(kBytes), i * 13);
    REQUIRE(ref != abi::kNullRef);
    CHECK(ref % 16 == 0);
    CHECK(abi::header_of(ref)->length == i * 13);
    for (uint32_t at = 0; at < i * 13; ++at) {
      if (abi::payload_of(ref)[at] != 0) FAIL("array " << i << " is not zero at " << at);
      abi::payload_of(ref)[at] = static_cast<uint8_t>(i);
    }
    made.push_back(ref);
    world.root(ref);
  }
  world.heap->collect();
  for (uint32_t i = 0; i < 2000; ++i) {
    for (uint32_t at = 0; at < i * 13; ++at) {
      if (abi::payload_of(made[i])[at] != static_cast<uint8_t>(i)) FAIL("array " << i << " was overwritten");
    }
  }
}

TEST_CASE("what nothing refers to dies, and its memory is zero when it is used again") {
  World world;
  const abi::Ref kept = world.node();
  const RootId root = world.root(kept);
  abi::slots_of(kept)[0] = 42;
  std::vector<abi::Ref> lost;
  for (int i = 0; i < 5000; ++i) {
    const abi::Ref ref = world.node(kept);
    abi::slots_of(ref)[0] = ~uint64_t{0};
    lost.push_back(ref);
  }
  world.heap->collect();
  CHECK(world.heap->is_object(kept));
  size_t alive = 0;
  for (const abi::Ref ref : lost) alive += world.heap->is_object(ref);
  CHECK(alive == 0);
  CHECK(world.heap->statistics().live_bytes == 32);
  for (int i = 0; i < 5000; ++i) {
    const abi::Ref ref = world.node();
    if (abi::slots_of(ref)[0] != 0 || abi::slots_of(ref)[1] != 0 || ref == kept) FAIL("not a new object");
  }
  CHECK(abi::slots_of(kept)[0] == 42);
  CHECK(*world.heap->roots().find(root) == kept);
}

TEST_CASE("a list of a million nodes is marked without recursion") {
  World world;
  abi::Ref list = abi::kNullRef;
  for (int i = 0; i < 1'000'000; ++i) {
    const RootId root = world.root(list == abi::kNullRef ? world.node() : list);
    list = world.node(list);
    (void)world.heap->roots().own(root);  // Keeps the tail while the next node is made.
    world.heap->roots().close_scope(0);
    world.heap->roots().disown(root);
  }
  world.root(list);
  world.heap->collect();
  CHECK(world.heap->statistics().live_bytes >= 32'000'000);
  size_t count = 0;
  for (abi::Ref node = list; node != abi::kNullRef; node = abi::slots_of(node)[1]) ++count;
  CHECK(count == 1'000'000);
}

// A tree of arrays, which fills any small stack.
abi::Ref tree(World& world, int depth, std::vector<abi::Ref>* all) {
  const abi::Ref made = world.heap->allocate_array(world.type(kRefs), 40);
  (void)world.root(made);
  all->push_back(made);
  if (depth == 0) return made;
  for (uint32_t i = 0; i < 40; ++i) abi::slots_of(made)[i] = tree(world, depth - 1, all);
  return made;
}

TEST_CASE("a full mark stack loses nothing") {
  World world({.mark_stack_entries = 512});
  std::vector<abi::Ref> all;
  RootId root;
  const abi::Ref top = tree(world, 2, &all);
  REQUIRE(world.heap->roots().hold(top, &root));
  (void)world.heap->roots().own(root);
  world.heap->roots().close_scope(0);
  const abi::Ref wide = world.heap->allocate_array(world.type(kRefs), 100'000);
  abi::slots_of(wide)[99'999] = top;
  for (uint32_t i = 0; i < 1000; ++i) abi::slots_of(wide)[i * 7] = all[i];
  (void)world.root(wide);
  (void)world.heap->roots().disown(root);
  world.heap->collect();
  size_t dead = 0;
  for (const abi::Ref ref : all) dead += !world.heap->is_object(ref);
  CHECK(dead == 0);
}

TEST_CASE("large objects come and go, and the limit holds") {
  World world({.limit_bytes = 8 << 20});
  CHECK(world.heap->allocate_array(world.type(kBytes), 9 << 20) == abi::kNullRef);
  CHECK(world.heap->allocate_array(world.type(kBytes), ~uint32_t{0}) == abi::kNullRef);
  CHECK(world.heap->allocate_array(world.type(kRefs), ~uint32_t{0}) == abi::kNullRef);
  for (int i = 0; i < 100; ++i) {
    const abi::Ref ref = world.heap->allocate_array(world.type(kBytes), 3 << 20);
    REQUIRE(ref != abi::kNullRef);
    for (uint32_t at = 0; at < 3 << 20; at += 4096) {
      if (abi::payload_of(ref)[at] != 0) FAIL("not zero");
      abi::payload_of(ref)[at] = 1;
    }
  }
  CHECK(world.heap->statistics().collections > 10);
  CHECK(world.heap->statistics().heap_bytes <= 8 << 20);
}

TEST_CASE("a heap full of what lives answers with null, soon, and goes on when something died") {
  World world({.limit_bytes = 4 << 20});
  abi::Ref list = abi::kNullRef;
  size_t count = 0;
  while (true) {
    RootId root{};
    if (list != abi::kNullRef) {
      root = world.root(list);
      (void)world.heap->roots().own(root);
      world.heap->roots().close_scope(0);
    }
    const abi::Ref made = world.heap->allocate_struct(world.type(kNode));
    if (made == abi::kNullRef) break;
    (void)world.heap->roots().disown(root);
    abi::slots_of(made)[1] = list;
    list = made;
    ++count;
  }
  CHECK(count > 120'000);
  const uint64_t collections = world.heap->statistics().collections;
  for (int i = 0; i < 1000; ++i) CHECK(world.heap->allocate_struct(world.type(kNode)) == abi::kNullRef);
  CHECK(world.heap->statistics().collections <= collections + 1);
}

TEST_CASE("words that look like addresses are not taken for objects") {
  World world;
  const abi::Ref node = world.node();
  (void)world.root(node);
  const abi::Ref large = world.heap->allocate_array(world.type(kBytes), 100'000);
  (void)world.root(large);
  const abi::Ref lost = world.node();
  CHECK(world.heap->is_object(node));
  CHECK(world.heap->is_object(large));
  world.heap->collect();
  CHECK_FALSE(world.heap->is_object(lost));
  for (uint64_t near = 1; near < 32; ++near) CHECK_FALSE(world.heap->is_object(node + near));
  for (uint64_t inside = 16; inside < 100'000; inside += 16) {
    if (world.heap->is_object(large + inside)) FAIL("inside a large object");
  }
  uint64_t random = 88172645463325252u;
  size_t found = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    found += world.heap->is_object(random);
    (void)world.heap->is_object(node - (1 << 20) + random % (2 << 20));  // Must not crash.
  }
  CHECK(found == 0);
  for (const uint64_t word : {uint64_t{0}, ~uint64_t{0}, uint64_t{1}, uint64_t{1} << 63}) {
    CHECK_FALSE(world.heap->is_object(word));
  }
}

TEST_CASE("values of the host are finalised once, after they died, not inside a collection") {
  World world;
  std::string order;
  struct Item {
    std::string* order;
    char name;
  };
  Item items[] = {{&order, 'a'}, {&order, 'b'}, {&order, 'c'}};
  const auto note = [](void* object) {
    const auto* item = static_cast<Item*>(object);
    *item->order += item->name;
  };
  const abi::Ref a = world.heap->allocate_extern(&items[0], note);
  CHECK(reinterpret_cast<const abi::ExternObject*>(a)->object == &items[0]);
  const abi::Ref b = world.heap->allocate_extern(&items[1], note);
  const RootId root = world.root(b);
  (void)world.heap->allocate_extern(&items[2], note);
  CHECK(world.heap->allocate_extern(nullptr, nullptr) != abi::kNullRef);
  world.heap->collect();
  CHECK(order.empty());
  world.heap->finalize_dead();
  CHECK(order.size() == 2);
  CHECK(order.find('b') == std::string::npos);
  CHECK(*world.heap->roots().find(root) == b);
  world.heap->finalize_all();
  CHECK(order.back() == 'b');
  CHECK(order.size() == 3);
}

TEST_CASE("many values of the host die together") {
  World world;
  int finalised = 0;
  for (int i = 0; i < 10'000; ++i) {
    (void)world.heap->allocate_extern(&finalised, [](void* object) { ++*static_cast<int*>(object); });
  }
  world.heap->collect();
  world.heap->finalize_dead();
  CHECK(finalised == 10'000);
}

TEST_CASE("an exception keeps its references and nothing else of its arguments") {
  World world;
  auto type = world.registry.add_function([] {
    static constexpr wasm::ValType kParams[] = {wasm::kI64, wasm::kV128,
                                                wasm::ValType::ref(wasm::AbstractHeap::Any, true)};
    return wasm::FuncType{kParams, {}};
  }());
  const Tag* const tag = *world.store->add_tag((*type)[wasm::TypeIndex(0)]);
  const abi::Ref number = world.node();
  const abi::Ref kept = world.node();
  const uint64_t slots[] = {number, number, number, kept};
  const abi::Ref exception = world.heap->allocate_exception(*tag, slots);
  REQUIRE(exception != abi::kNullRef);
  (void)world.root(exception);
  world.heap->collect();
  CHECK(world.heap->is_object(kept));
  CHECK_FALSE(world.heap->is_object(number));
  CHECK(reinterpret_cast<const abi::ExceptionObject*>(exception)->slots()[3] == kept);
}

TEST_CASE("scanned words are roots while they are") {
  World world;
  abi::Ref words[2] = {world.node(), 5};
  {
    ScannedWords scanned(*world.heap);
    scanned.set(words, sizeof words);
    world.heap->collect();
    CHECK(world.heap->is_object(words[0]));
  }
  world.heap->collect();
  CHECK_FALSE(world.heap->is_object(words[0]));
}

TEST_CASE("an object has one root, for as long as its scope or its owners want it") {
  World world;
  Roots& roots = world.heap->roots();
  const abi::Ref first = world.node();
  const RootId id = world.root(first);
  CHECK(world.root(first) == id);
  const size_t scope = roots.open_scope();
  const abi::Ref second = world.node();
  const RootId inner = world.root(second);
  CHECK(world.root(first) == id);
  CHECK(roots.own(inner));
  roots.close_scope(scope);
  CHECK(*roots.find(id) == first);
  CHECK(*roots.find(inner) == second);
  CHECK(roots.disown(inner));
  CHECK(roots.find(inner) == nullptr);
  CHECK_FALSE(roots.disown(inner));
  CHECK_FALSE(roots.own(inner));
  CHECK(roots.find({77, 1}) == nullptr);
  CHECK(roots.find({0, 0}) == nullptr);
  const RootId again = world.root(second);
  CHECK(again.index == inner.index);
  CHECK(again.generation != inner.generation);
}

TEST_CASE("memory that is not needed any more goes back") {
  World world;
  const abi::Ref large = world.heap->allocate_array(world.type(kBytes), 64 << 20);
  REQUIRE(large != abi::kNullRef);
  world.heap->collect();
  CHECK(world.heap->statistics().heap_bytes == 0);
  const abi::Ref again = world.heap->allocate_array(world.type(kBytes), 64 << 20);
  REQUIRE(again == large);
  for (uint32_t at = 0; at < 64 << 20; at += 4096) {
    if (abi::payload_of(again)[at] != 0) FAIL("not zero");
  }
}

TEST_CASE("under stress every allocation collects") {
  World world({.stress = true});
  for (int i = 0; i < 100; ++i) (void)world.node();
  CHECK(world.heap->statistics().collections == 100);
}

}  // namespace
}  // namespace wherry::runtime
