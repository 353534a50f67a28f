#pragma once

#include <expected>
#include <span>
#include <string>

#include "component/wit/model.h"
#include "component/wit/source.h"

namespace wherry::component::wit {

// Which items behind @unstable are there.
struct Gates {
  bool all = false;
  std::span<const std::string_view> features;
};

// Parses the files and looks up every name in them: of types, interfaces and worlds, across packages. Items behind gates
// that are closed are left out, `include` is carried out and worlds get the imports that follow from what they name.
//
// The files must live as long as the model. An error is a text for people, of several lines: where, what, the line itself.
// What is refused: what the grammar does not know, unknown and doubled names, circles, versions that are none. Names and
// types that only a component's validator refuses are left to it.
std::expected<Model, std::string> resolve(std::span<const Source> files, const Gates& gates = {});

}  // namespace wherry::component::wit
