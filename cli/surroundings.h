#pragma once

#include <string_view>
#include <vector>

#include "cli/options.h"
#include "wherry/result.h"
#include "wherry/wasi_capabilities.h"

namespace wherry::cli {

// What the options hand to a program, whichever version of WASI it speaks. Views point into argv and the environment.
struct Surroundings {
  std::vector<std::string_view> args;
  std::vector<wasi::EnvironmentVariable> env;
  bool inherit_env = false;
  std::vector<wasi::Preopen> preopens;
  wasi::Stdio in, out, err;

  // Good as long as this is not changed.
  wasi::Capabilities capabilities() const {
    wasi::Capabilities all;
    all.args = args;
    all.env = env;
    all.inherit_env = inherit_env;
    all.in = in;
    all.out = out;
    all.err = err;
    all.preopens = preopens;
    return all;
  }
};

// Errors: Usage for a variable that is to be passed on and is not there.
Result<void> look_around(const Invocation& invocation, Surroundings* out);

// Why a compiled file is not run that nobody vouched for.
Error refuse_compiled(const char* path);

// How a program ended that failed: says what went wrong, unless it exited, and answers the process's status.
int finish_failed(const char* path, const Error& error);

}  // namespace wherry::cli
