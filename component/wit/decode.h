#pragma once

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

}  // namespace wherry::component::wit
