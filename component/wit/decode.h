#pragma once

#include <span>

#include "component/validate.h"
#include "component/wit/model.h"
#include "engine/base/result.h"

namespace wherry::component::wit {

// Whether a component is a WIT package in binary form (WIT.md, "Package Format"): nothing but exported types of components.
bool is_package(const ValidComponent& component);

// The WIT of a component: a world `root` of a package `root:component` with the component's imports and exports, and the
// interfaces that these are, as far as the component knows them. Of a package in binary form the package itself, with its
// documentation and gates where the section "package-docs" is there.
//
// Names are views of the component, which must live as long as the model. Errors: Unsupported forms, which WIT has no words
// for (imports of modules and components, names that are URLs): Invalid, with the name; OutOfMemory.
base::Result<Model> decode(const ValidComponent& component);

// Which of a component's imports are meant: by their places.
struct SomeImports {
  const ValidComponent* component;
  std::span<const uint8_t> wanted;  // Nonzero: this one.
};

// One world with the imports that are wanted of several components: what has the same name is imported once, with all that
// any of them knows of it. The interfaces of the others are in the model too, since types may come from them.
base::Result<Model> decode_imports(std::span<const SomeImports> components);

// One world with everything that the worlds of several packages in binary form have, each of which is a package of one
// world. What has the same name is there once, with all that any of them knows of it. Errors: as decode(), and packages
// that hold anything else.
base::Result<Model> decode_worlds(std::span<const ValidComponent* const> packages);

}  // namespace wherry::component::wit
