#pragma once

#include <memory>
#include <string>

#include "engine/api/calls.h"
#include "engine/api/state.h"

// Names and what they stand for. Inside of engine/api.
namespace wherry::api {

// What a name stands for. Copied freely; keeps nothing alive by itself.
struct Definition {
  enum class Kind : uint8_t { Nothing, Host, Item, Export, Shared };

  Kind kind = Kind::Nothing;

  // Host: a function for any store. `identity` tells definitions apart: its closure, or its row in a static table.
  const void* identity = nullptr;
  HostEntry entry = nullptr;
  void* environment = nullptr;
  Closure* closure = nullptr;  // Null for rows of static tables.
  SignatureView signature;     // Lives as long as the closure's name or the table.

  // Shared: a shared memory, for any store.
  detail::SharedMemoryState* shared = nullptr;

  // Item: a thing of one store.
  Extern item;

  // Export: what an instance of some store exports at a position.
  Instance exporter;
  uint32_t position = 0;

  // Counts of what it refers to, for those who keep one.
  void retain() const {
    if (closure != nullptr) closure->retain();
    detail::retain(shared);
  }
  void release() const {
    if (closure != nullptr) closure->release();
    detail::release(shared);
  }
};

// One name, defined by itself. Holds a count of its closure or shared memory.
struct Name {
  Name() = default;
  Name(const Name&) = delete;
  Name& operator=(const Name&) = delete;
  ~Name() { definition.release(); }

  std::string module;
  std::string name;
  Definition definition;
  FuncType signature;        // What `definition.signature` views.
  uint64_t sequence = 0;     // Counts definitions; later ones are larger.
  bool shadows = false;      // Takes the place of earlier ones.
  bool is_fallback = false;  // Counts only where there is nothing else: an import that traps.
};

// Many names of one module, defined at once and not looked at: a static table, or the exports of an instance.
struct Group {
  std::string module;
  std::span<const HostFunctionEntry> functions;
  void* environment = nullptr;
  std::optional<Module> exporter;  // Of `instance`; empty for a table.
  Instance instance;
  uint64_t sequence = 0;
  bool shadows = false;
};

// A hash table of Names.
class NameTable {
 public:
  // Null if there is none.
  Name* find(std::string_view module, std::string_view name) const;
  // One that is not there yet. False: no memory.
  [[nodiscard]] bool add(std::unique_ptr<Name> name);

 private:
  size_t place(std::string_view module, std::string_view name) const;

  base::Vector<std::unique_ptr<Name>> names_;
  base::Vector<uint32_t> places_;  // Open addressing: index + 1, or 0; at most half full.
};

// An import that was found: what stands for it, and the type of host functions.
struct Resolved {
  Definition definition;
  wasm::TypeSet types;
};

}  // namespace wherry::api

namespace wherry::detail {

struct LinkerState {
  explicit LinkerState(Engine with) : engine(std::move(with)) {}

  Engine engine;
  bool allows_shadowing = false;
  uint64_t next_sequence = 1;
  api::NameTable names;
  base::Vector<api::Group> groups;

  // What a name stands for; Kind::Nothing if nothing. Error: Link for names that are defined twice.
  Result<api::Definition> find(std::string_view module, std::string_view name) const;
};

struct PreState {
  explicit PreState(Module of) : module(std::move(of)) {}
  ~PreState();

  std::atomic<uint32_t> users{1};
  Module module;
  base::Vector<api::Resolved> imports;  // Holds a count of each definition.
};

}  // namespace wherry::detail
