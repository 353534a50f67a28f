#pragma once

#include <span>

#include "component/encode.h"
#include "component/wit/model.h"

// WIT as types of the binary format: the way of wit::decode() back.
namespace wherry::component::wit {

// Writes a world's imports or exports into a scope: the body of a component or the inside of a component type. Interfaces come
// as instances of instance types, what they use of each other as aliases. Used for one scope; the model and the scope must live
// as long. Lack of memory is noted in the scope's buffers and the model.
class WorldEncoder {
 public:
  WorldEncoder(Model& model, TypeScope& scope);

  // The index that the item got: of an instance, a type or a function.
  uint32_t import(const WorldItem& item);
  // Says which instance has the types of an interface that is not imported.
  void provide(InterfaceId id, uint32_t instance) { imported_[id.value] = instance; }
  // In a component type only.
  uint32_t declare_export(const WorldItem& item);

  // Of imported interfaces, from here on only types and functions that are marked are written.
  void keep_only(std::span<const uint8_t> types, std::span<const uint8_t> functions) {
    kept_types_ = types;
    kept_functions_ = functions;
  }

  // ---- for whoever lifts and lowers

  // Types that have an index in a scope; kNone for the others.
  static constexpr uint32_t kNone = ~uint32_t{0};
  using TypeMap = base::Vector<uint32_t>;

  // Nothing known yet.
  TypeMap no_types();
  // A type that has a name, in the scope itself: of the export if its interface is exported already.
  uint32_t index_of(TypeId type);
  // The same for a type that index_of() cannot find.
  void know(TypeId type, uint32_t index) { types_[type.value] = index; }
  // The instance of an interface that was exported, whose types are meant from here on.
  void exported(InterfaceId id, uint32_t instance);
  // New types in the scope; types that are in the map are taken from it. Not for resources.
  uint32_t define(TypeId type, TypeMap* map) { return define_or_find(model_[type], scope_, map, false); }
  uint32_t function_type(const Function& function, TypeMap* map) {
    return function_type(function, scope_, map);
  }
  // With the world's own types.
  uint32_t function_type(const Function& function) { return function_type(function, scope_, &types_); }

 private:
  uint32_t add(const WorldItem& item, bool is_export);
  uint32_t instance_type(InterfaceId id);
  uint32_t named_type(const TypeDef& type, TypeScope& scope, TypeMap* map, bool is_inner);
  uint32_t define_or_find(const TypeDef& type, TypeScope& scope, TypeMap* map, bool is_inner);
  void value(Type type, TypeScope& scope, TypeMap* map, EncodeBuffer* out);
  void optional(Type type, TypeScope& scope, TypeMap* map, EncodeBuffer* out);
  uint32_t define(const TypeDef& type, TypeScope& scope, TypeMap* map);
  uint32_t resource_index(Type type, TypeScope& scope, TypeMap* map);
  uint32_t function_type(const Function& function, TypeScope& scope, TypeMap* map);

  Model& model_;
  TypeScope& scope_;
  TypeMap types_;                    // Of the scope itself.
  base::Vector<uint32_t> imported_;  // By interface: the instance, or kNone.
  base::Vector<uint32_t> exported_;
  std::span<const uint8_t> kept_types_;  // Empty: all.
  std::span<const uint8_t> kept_functions_;
};

// The component type of a world: its imports and exports, as one type.
void encode_world(Model& model, WorldId id, EncodeBuffer* type);

// The package that the model is about as a component of types only (WIT.md, "Package Format").
base::Vector<uint8_t> encode_package(Model& model, bool* ok);

// How a core module's strings are encoded.
enum class StringEncoding : uint8_t { Utf8 = 0, Utf16 = 1, Latin1Utf16 = 2 };

// A core module with a section "component-type" at its end, by which `wasm-tools component new` and tools like it know for
// which world it was written. Nothing else of the module is looked at.
base::Vector<uint8_t> embed(Model& model, WorldId world, StringEncoding encoding, base::ByteSpan module,
                            bool* ok);

}  // namespace wherry::component::wit
