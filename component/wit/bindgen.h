#pragma once

#include <expected>
#include <string>

#include "component/wit/model.h"

namespace wherry::component::wit {

// A C++20 header for the host of components of a world, on the typed functions of wherry/component_host.h: an abstract class to
// implement for each interface and resource that the world imports, with what defines it in a ComponentLinker; a structure of
// typed functions for each interface that it exports; and the types of both. docs/wit.md describes it.
//
// Fails, with a text for people, for what typed functions cannot say: streams, futures, asynchronous functions, error contexts and lists of
// a fixed length.
std::expected<std::string, std::string> bindgen_cpp(Model& model, WorldId world);

}  // namespace wherry::component::wit
