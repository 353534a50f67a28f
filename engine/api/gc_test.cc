// Structures, arrays and references, from guests and from the host; everything once more with a collection at every
// allocation, so that a reference that nobody knows of is missed.
#include "wherry/gc.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "engine/api/test_world.h"

namespace wherry {
namespace {

Config stressed(bool stress) {
  Config config;
  config.advanced.gc_stress = stress;
  return config;
}

Result<std::vector<Val>> run(World& world, Instance instance, std::string_view name,
                             std::initializer_list<Val> params = {}) {
  return world.func(instance, name).call(world.store, params);
}

constexpr std::string_view kTrees = R"((module
  (type $node (struct (field $l (mut (ref null $node))) (field $r (ref null $node)) (field $v i32)))
  (type $open (sub (struct (field i32))))
  (type $below (sub $open (struct (field i32) (field (mut i8)) (field f64) (field (mut v128)))))
  (type $refs (array (mut (ref null any))))
  (type $bytes (array (mut i8)))
  (global $kept (mut (ref null $node)) (ref.null $node))
  (table $t 2 (ref null any))
  (func $make (param $d i32) (result (ref $node))
    (if (result (ref $node)) (i32.eqz (local.get $d))
      (then (struct.new $node (ref.null $node) (ref.null $node) (i32.const 1)))
      (else (struct.new $node (call $make (i32.sub (local.get $d) (i32.const 1)))
                              (call $make (i32.sub (local.get $d) (i32.const 1))) (i32.const 1)))))
  (func $count (param $n (ref null $node)) (result i32)
    (if (result i32) (ref.is_null (local.get $n)) (then (i32.const 0))
      (else (i32.add (struct.get $node $v (local.get $n)) (i32.add
        (call $count (struct.get $node $l (local.get $n)))
        (call $count (struct.get $node $r (local.get $n))))))))
  (func (export "trees") (param $d i32) (param $times i32) (result i32) (local $sum i32)
    (loop $again
      (global.set $kept (call $make (local.get $d)))
      (drop (call $make (local.get $d)))
      (local.set $sum (i32.add (local.get $sum) (call $count (global.get $kept))))
      (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (local.get $sum))
  (func (export "mixed") (result i32) (local $a (ref null $refs)) (local $b (ref null $below)) (local $i i32)
    (local.set $a (array.new_default $refs (i32.const 100)))
    (loop $fill
      (array.set $refs (local.get $a) (local.get $i)
        (struct.new $below (local.get $i) (i32.add (local.get $i) (i32.const 256)) (f64.const 2.5)
          (v128.const i64x2 7 8)))
      (drop (array.new $bytes (i32.const 255) (local.get $i)))
      (table.set $t (i32.const 1) (array.new_fixed $refs 2 (local.get $a) (ref.i31 (local.get $i))))
      (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))
    (local.set $b (ref.cast (ref $below) (array.get $refs (local.get $a) (i32.const 99))))
    (struct.set $below 1 (local.get $b) (i32.const -1))
    (i32.add (i32.add (struct.get_u $below 1 (local.get $b)) (struct.get_s $below 1 (local.get $b)))
      (i32.add (struct.get $open 0 (local.get $b))
        (i32.add (i32.trunc_f64_s (struct.get $below 2 (local.get $b)))
          (i31.get_u (ref.cast (ref i31) (array.get $refs
            (ref.cast (ref $refs) (table.get $t (i32.const 1))) (i32.const 1))))))))
  (func (export "node") (param i32) (result (ref $node))
    (struct.new $node (ref.null $node) (ref.null $node) (local.get 0)))
  (func (export "below") (result (ref $below))
    (struct.new $below (i32.const 1) (i32.const 2) (f64.const 3) (v128.const i64x2 4 5)))
  (func (export "bytes") (param i32) (result (ref $bytes)) (array.new $bytes (i32.const 9) (local.get 0)))
  (func (export "value") (param (ref null $node)) (result i32) (struct.get $node $v (local.get 0)))
  (func (export "any") (param anyref) (result anyref) (local.get 0))
  (func (export "out") (param externref) (result externref) (extern.convert_any (any.convert_extern (local.get 0))))
  (func (export "in") (param (ref null any)) (result externref) (extern.convert_any (local.get 0)))
  (func (export "grow") (param i32) (result i32) (array.len (array.new_default $bytes (local.get 0))))
  (func (export "keep") (result i32) (local $l (ref null $node))
    (loop $more (local.set $l (struct.new $node (local.get $l) (ref.null $node) (i32.const 1))) (br $more))
    (i32.const 0))
))";

TEST_CASE("guests' objects live as long as something refers to them, also when every allocation collects") {
  for (const bool stress : {false, true}) {
    World world(stressed(stress));
    const Instance instance = world.start(kTrees);
    CHECK(run(world, instance, "trees", {Val(stress ? 5 : 12), Val(10)})->at(0).get<int32_t>() ==
          10 * ((2 << (stress ? 5 : 12)) - 1));
    CHECK(run(world, instance, "mixed")->at(0).get<int32_t>() == 255 - 1 + 99 + 2 + 99);
    CHECK((world.store.gc_statistics().collections > 100) == stress);
  }
}

TEST_CASE("a heap that is full traps, and the store goes on") {
  Config config;
  config.limits.heap_bytes = 4 << 20;
  World world(config);
  const Instance instance = world.start(kTrees);
  CHECK(trap_of(run(world, instance, "keep")) == TrapCode::OutOfMemory);
  CHECK(trap_of(run(world, instance, "grow", {Val(-1)})) == TrapCode::AllocationTooLarge);
  CHECK(trap_of(run(world, instance, "grow", {Val(1 << 30)})) == TrapCode::AllocationTooLarge);
  CHECK(run(world, instance, "grow", {Val(2 << 20)})->at(0).get<int32_t>() == 2 << 20);
  CHECK(run(world, instance, "trees", {Val(8), Val(3)}).ok());
  CHECK(world.store.gc_statistics().heap_bytes <= 4 << 20);
}

TEST_CASE("structures: read, written and made by the host") {
  for (const bool stress : {false, true}) {
    World world(stressed(stress));
    const Instance instance = world.start(kTrees);
    const AnyRef guests = *run(world, instance, "below")->at(0).get<AnyRef>();
    const StructRef below = *StructRef::of(world.store, guests);
    CHECK(*below.field_count(world.store) == 4);
    CHECK(below.get(world.store, 0)->get<int32_t>() == 1);
    CHECK(below.get(world.store, 2)->get<double>() == 3);
    CHECK(below.get(world.store, 3)->get<V128>() == V128{4, 5});
    CHECK(below.set(world.store, 1, Val(0x1ff)).ok());
    CHECK(below.get(world.store, 1)->get<int32_t>() == 0xff);
    CHECK(kind_of(below.set(world.store, 0, Val(1))) == ErrorKind::Usage);
    CHECK(kind_of(below.set(world.store, 1, Val(1.0))) == ErrorKind::Usage);
    CHECK(kind_of(below.get(world.store, 4)) == ErrorKind::Usage);

    const AnyRef first = *run(world, instance, "node", {Val(41)})->at(0).get<AnyRef>();
    const ValType type = *first.type(world.store);
    const Val fields[] = {Val(first), Val(AnyRef()), Val(42)};
    const StructRef second = *StructRef::create(world.store, type, fields);
    CHECK(run(world, instance, "value", {Val(second.any())})->at(0).get<int32_t>() == 42);
    CHECK(second.get(world.store, 0)->get<AnyRef>() == first);
    CHECK(kind_of(run(world, instance, "value", {Val(guests)})) == ErrorKind::Usage);
    CHECK(kind_of(StructRef::create(world.store, type, std::span(fields, 2))) == ErrorKind::Usage);
    CHECK(kind_of(StructRef::create(world.store, ValType::anyref(), fields)) == ErrorKind::Usage);
    CHECK(kind_of(StructRef::of(world.store, AnyRef())) == ErrorKind::InvalidHandle);
    CHECK(trap_of(run(world, instance, "value", {Val(AnyRef())})) == TrapCode::NullStructReference);
    CHECK(*guests.is(world.store, *guests.type(world.store)));
    CHECK(*guests.is(world.store, ValType::reference(HeapKind::Eq, false)));
    CHECK_FALSE(*guests.is(world.store, ValType::reference(HeapKind::Array, true)));
    CHECK_FALSE(*guests.is(world.store, type));
  }
}

TEST_CASE("arrays: read, written and made by the host") {
  World world(stressed(true));
  const Instance instance = world.start(kTrees);
  const AnyRef guests = *run(world, instance, "bytes", {Val(5)})->at(0).get<AnyRef>();
  const ArrayRef bytes = *ArrayRef::of(world.store, guests);
  CHECK(*bytes.length(world.store) == 5);
  CHECK(bytes.get(world.store, 4)->get<int32_t>() == 9);
  CHECK(bytes.set(world.store, 4, Val(0x1fe)).ok());
  CHECK(bytes.get(world.store, 4)->get<int32_t>() == 0xfe);
  CHECK(kind_of(bytes.get(world.store, 5)) == ErrorKind::Usage);
  const ValType type = *guests.type(world.store);
  const ArrayRef made = *ArrayRef::create(world.store, type, 1000, Val(3));
  CHECK(made.get(world.store, 999)->get<int32_t>() == 3);
  const Val values[] = {Val(1), Val(2)};
  CHECK(*ArrayRef::create(world.store, type, values)->length(world.store) == 2);
  CHECK(kind_of(ArrayRef::create(world.store, type, ~uint32_t{0}, Val(1))) == ErrorKind::OutOfMemory);
  CHECK(kind_of(StructRef::of(world.store, guests)) == ErrorKind::Usage);
}

TEST_CASE("i31 and values of the host, in both hierarchies") {
  World world(stressed(true));
  const Instance instance = world.start(kTrees);
  const AnyRef small = *AnyRef::i31(world.store, -5);
  CHECK(run(world, instance, "any", {Val(small)})->at(0).get<AnyRef>() == small);
  CHECK(*small.as_i31(world.store) == -5);
  const ExternRef turned = *run(world, instance, "in", {Val(small)})->at(0).get<ExternRef>();
  CHECK(kind_of(turned.object(world.store)) == ErrorKind::Usage);
  CHECK(*turned.to_any(world.store) == small);

  int object = 0;
  const ExternRef host = *ExternRef::create(world.store, &object);
  CHECK(run(world, instance, "out", {Val(host)})->at(0).get<ExternRef>() == host);
  const AnyRef inside = *host.to_any(world.store);
  CHECK(*inside.type(world.store) == ValType::reference(HeapKind::Any, false));
  CHECK_FALSE(*inside.is(world.store, ValType::reference(HeapKind::Eq, false)));
  CHECK(*run(world, instance, "in", {Val(inside)})->at(0).get<ExternRef>()->object(world.store) == &object);
}

TEST_CASE("references go stale with their scope, unless somebody owns them") {
  World world;
  int finalised = 0;
  const auto count = [](void* object) { ++*static_cast<int*>(object); };
  ExternRef stale;
  Owned<ExternRef> owned;
  {
    const RootScope scope(world.store);
    stale = *ExternRef::create(world.store, &finalised, count);
    owned = *Owned<ExternRef>::create(world.store, *ExternRef::create(world.store, &finalised, count));
  }
  world.store.collect_garbage();
  CHECK(finalised == 1);
  CHECK(kind_of(stale.object(world.store)) == ErrorKind::InvalidHandle);
  CHECK(owned.get().object(world.store).ok());
  World other;
  CHECK(kind_of(owned.get().object(other.store)) == ErrorKind::InvalidHandle);
  CHECK(kind_of(Owned<ExternRef>::create(other.store, owned.get())) == ErrorKind::InvalidHandle);
  owned = Owned<ExternRef>();
  world.store.collect_garbage();
  CHECK(finalised == 2);
}

TEST_CASE("a finalizer may make objects while results are on their way to the host") {
  World world(stressed(true));
  struct Maker {
    StoreRef store;
    int made = 0;
  };
  Maker maker{world.store};
  {
    const RootScope scope(world.store);
    for (int i = 0; i < 3; ++i) {
      CHECK(ExternRef::create(world.store, &maker, [](void* object) {
              auto& self = *static_cast<Maker*>(object);
              self.made += ExternRef::create(self.store, nullptr).ok();
            }).ok());
    }
  }
  const Instance instance = world.start(kTrees);
  const AnyRef node = *run(world, instance, "node", {Val(77)})->at(0).get<AnyRef>();
  CHECK(maker.made == 3);
  CHECK(StructRef::of(world.store, node)->get(world.store, 2)->get<int32_t>() == 77);
}

TEST_CASE("an owner may outlive its store") {
  Owned<AnyRef> owned;
  {
    World world;
    const Instance instance = world.start(kTrees);
    owned = *Owned<AnyRef>::create(world.store, *run(world, instance, "node", {Val(1)})->at(0).get<AnyRef>());
  }
  CHECK_FALSE(owned.get().is_null());
}

TEST_CASE("what a host function was given goes stale when it returns") {
  World world;
  ExternRef kept;
  REQUIRE(world.linker.func("host", "keep", [&kept](Caller&, ExternRef given) { kept = given; }).ok());
  const Instance instance = world.start(R"((module
    (import "host" "keep" (func $keep (param externref)))
    (func (export "run") (call $keep (extern.convert_any (ref.i31 (i32.const 1)))))
    (type $s (struct))
    (func (export "object") (call $keep (extern.convert_any (struct.new $s))))))");
  CHECK(run(world, instance, "object").ok());
  CHECK(kind_of(kept.to_any(world.store)) == ErrorKind::InvalidHandle);
  CHECK(run(world, instance, "run").ok());
  CHECK(*kept.to_any(world.store)->as_i31(world.store) == 1);
}

}  // namespace
}  // namespace wherry
