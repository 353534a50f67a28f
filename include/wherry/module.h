// Module: code that is ready to be instantiated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wherry/blob.h"
#include "wherry/detail/item_range.h"
#include "wherry/detail/shared.h"
#include "wherry/engine.h"
#include "wherry/result.h"
#include "wherry/types.h"

namespace wherry {

// A custom section. Both are views into the module's bytes and live as long as the Module.
struct CustomSection {
  std::string_view name;
  Bytes content;
};

// A WebAssembly module: decoded, and validated as Config::validation says. There is no way to run one that is not.
//
// Immutable, and a counted reference like Engine: copies are cheap and are the same module. Code that was lowered for
// one instance serves all others, in every store and thread.
//
// Threads: safe.
//
// Errors of all functions that make one: Malformed and Invalid with the offset in the file, Unsupported for features
// that are off, Limit, OutOfMemory, and Io for files. A body with an instruction that this version cannot execute is no
// reason to refuse the module: calling it is an Error of kind Unsupported.
//
// Corresponds to wasm-c-api `wasm_module_t`, JS-API `WebAssembly.Module`, spec 4.6 "Modules" (embedding: 7.2).
class Module {
 public:
  // Copies the bytes.
  static Result<Module> load(const Engine& engine, Bytes bytes);

  // Takes the bytes over.
  static Result<Module> load(const Engine& engine, Blob&& bytes);

  // Refers to bytes that the caller owns: they must stay there, unchanged, until the last copy of the Module and the
  // last instance of it are gone. (Of bytes that change all the same, the engine runs nothing that it has not
  // validated: it works on private copies of the bodies. But names and data may then be wrong.)
  static Result<Module> load_borrowed(const Engine& engine, Bytes bytes);

  // Maps a file into memory, or reads it if it is small (less than 1 MiB) or cannot be mapped (a pipe, a terminal, or
  // AdvancedConfig::signals_based_traps is off). Of a mapped file, with lazy validation, only the pages that are needed
  // are ever read. Replacing it by renaming is harmless. If it is truncated meanwhile, functions that are called for the
  // first time and instantiations fail with kind Io rather than with a signal; passive data, custom sections and names
  // then read as zeros. Errors also: Io with the path in the message.
  static Result<Module> load_file(const Engine& engine, const std::string& path);

  // Maps a compiled file, as `wherry compile` makes them, and runs its code.
  //
  // UNSAFE: a compiled file is machine code. What is checked is that it was made for this version, this machine and this
  // Config, and that what is read from it is not damaged; nothing keeps the code of a file that somebody has made up from doing
  // whatever the process may do. Load only what you, or somebody you trust like your own program, have compiled.
  //
  // Functions that the file has no code for, and all of them when AdvancedConfig::observations is set, are interpreted, and
  // validated when they are called first. The file must not be changed while the Module lives; replacing it by renaming is
  // harmless. Errors also: Malformed for what is no compiled file or is damaged; Unsupported for one of another version or
  // machine, or whose options (fuel, interruption, canonical NaNs, guard pages) do not fit the Config, with what differs.
  static Result<Module> load_artifact_unsafe(const Engine& engine, const std::string& path);

  // The same of bytes in memory, which are copied.
  static Result<Module> load_artifact_unsafe(const Engine& engine, Bytes bytes);

  // Whether load() would succeed with eager validation, whatever the engine's settings; keeps nothing.
  static Result<void> validate(const Engine& engine, Bytes bytes);

  const Engine& engine() const;

  // The module's own name, from its name section; else empty. Lives as long as the Module.
  std::string_view name() const;

  // Imports and exports in the module's order. Each item is built when asked for: a module may have 1,000,000.
  //
  //   for (const ExportType& item : module.exports()) { ... }
  size_t import_count() const;
  size_t export_count() const;
  ImportType import_at(size_t index) const;  // An empty one if index >= import_count().
  ExportType export_at(size_t index) const;  // An empty one if index >= export_count().

  using Imports = detail::ItemRange<Module, ImportType, &Module::import_at>;
  using Exports = detail::ItemRange<Module, ExportType, &Module::export_at>;
  Imports imports() const { return Imports(this, import_count()); }
  Exports exports() const { return Exports(this, export_count()); }

  // The type of the export called `name`; empty if there is none.
  std::optional<ExternType> find_export(std::string_view name) const;

  // Custom sections in the file's order, those of the same name included.
  size_t custom_section_count() const;
  CustomSection custom_section_at(size_t index) const;  // An empty one if index >= custom_section_count().

  // The content of the first custom section of that name; empty if there is none. Lives as long as the Module.
  std::optional<Bytes> custom_section(std::string_view name) const;

  friend bool operator==(const Module& a, const Module& b) { return a.state_.get() == b.state_.get(); }

 private:
  friend struct ModuleAccess;  // The engine's own way in.
  explicit Module(detail::ModuleState* state) : state_(state) {}

  detail::Shared<detail::ModuleState> state_;
};

}  // namespace wherry
