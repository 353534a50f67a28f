// The C interface: compiler/driver.h for whoever has no C++, or not this compiler's. wherryc goes through it too, so that it is one
// door and not two.
//
// Outputs are handed out as views of what the compiler keeps, so that nobody frees memory of another library.
#include "wherry/compiler.h"

#include <algorithm>
#include <new>
#include <string>
#include <string_view>

#include "compiler/driver.h"
#include "compiler/settings.h"
#include "compiler/timing.h"
#include "engine/artifact/format.h"
#include "engine/artifact/view.h"
#include "engine/wasm/errors.h"

namespace wherry::compiler {

namespace {

enum class Form : uint8_t { Artifact, Objects, OptimizedIr, EmittedIr, Assembly };

struct FormName {
  std::string_view name;
  Form form;
};
constexpr FormName kForms[] = {{"artifact", Form::Artifact},
                               {"llvm", Form::OptimizedIr},
                               {"ir", Form::EmittedIr},
                               {"asm", Form::Assembly},
                               {"obj", Form::Objects}};

bool read_form(std::string_view name, Form* form) {
  for (const FormName& row : kForms) {
    if (row.name != name) continue;
    *form = row.form;
    return true;
  }
  return false;
}

// What a compiler was told, and what it made.
struct Desk {
  CompileSettings settings = default_settings();
  Form form = Form::Artifact;
  bool times_passes = false;
  std::string error;
  std::string text;  // What was asked for last: the settings, the times.
  base::Vector<uint8_t> artifact;
  std::vector<std::vector<char>> objects;
  std::string listing;

  std::string set(std::string_view key, std::string_view value) {
    if (key == "emit") {
      return read_form(value, &form)
                 ? ""
                 : "emit is '" + std::string(value) + "', expected artifact, llvm, ir, asm or obj";
    }
    if (key == "time-passes") {
      if (value != "y" && value != "n") return "time-passes is '" + std::string(value) + "', expected y or n";
      times_passes = value == "y";
      return {};
    }
    CompileSettings changed = settings;
    std::string problem = compiler::set(&changed, key, value);
    if (problem.empty()) settings = changed;
    return problem;
  }

  base::Result<void> make(base::ByteSpan wasm) {
    artifact = {};
    objects.clear();
    listing.clear();
    CompileSettings chosen = settings;
    if (times_passes) {
      enable_pass_times();
      chosen.threads = 1;  // LLVM's clocks are the process's.
    }
    switch (form) {
      case Form::Artifact: artifact = WHERRY_TRY(compile(wasm, chosen)); break;
      case Form::Objects: objects = WHERRY_TRY(compile_to_objects(wasm, chosen)); break;
      case Form::OptimizedIr:
        listing = WHERRY_TRY(compile_to_text(wasm, chosen, TextForm::OptimizedIr));
        break;
      case Form::EmittedIr: listing = WHERRY_TRY(compile_to_text(wasm, chosen, TextForm::EmittedIr)); break;
      case Form::Assembly: listing = WHERRY_TRY(compile_to_text(wasm, chosen, TextForm::Assembly)); break;
    }
    return {};
  }

  std::string_view output(size_t index) const {
    if (form == Form::Objects) {
      return index < objects.size() ? std::string_view(objects[index].data(), objects[index].size())
                                    : std::string_view();
    }
    if (index != 0) return {};
    return form == Form::Artifact ? base::as_text(artifact.span()) : std::string_view(listing);
  }
};

}  // namespace

}  // namespace wherry::compiler

struct wherry_compiler : wherry::compiler::Desk {};

wherry_compiler* wherry_compiler_new() { return new (std::nothrow) wherry_compiler; }

void wherry_compiler_delete(wherry_compiler* compiler) { delete compiler; }

bool wherry_compiler_set(wherry_compiler* compiler, const char* key, const char* value) {
  compiler->error = compiler->set(key, value);
  return compiler->error.empty();
}

const char* wherry_compiler_settings(wherry_compiler* compiler) {
  compiler->text = wherry::compiler::settings_text();
  return compiler->text.c_str();
}

void wherry_compiler_on_progress(wherry_compiler* compiler, wherry_compiler_progress progress,
                                 void* context) {
  compiler->settings.progress = progress;
  compiler->settings.progress_context = context;
}

bool wherry_compiler_compile(wherry_compiler* compiler, const void* wasm, size_t size_bytes) {
  const auto made = compiler->make({static_cast<const uint8_t*>(wasm), size_bytes});
  compiler->error = made ? "" : wherry::wasm::describe(made.error());
  return made.has_value();
}

const void* wherry_compiler_output(const wherry_compiler* compiler, size_t index, size_t* size_bytes) {
  const std::string_view output = compiler->output(index);
  *size_bytes = output.size();
  return output.empty() ? nullptr : output.data();
}

size_t wherry_compiler_left_out(const wherry_compiler* compiler) {
  if (compiler->artifact.empty()) return 0;
  const auto view = wherry::artifact::View::read(compiler->artifact.span());
  return view ? static_cast<size_t>(std::ranges::count(view->functions(), wherry::artifact::kNoCode)) : 0;
}

const char* wherry_compiler_error(const wherry_compiler* compiler) { return compiler->error.c_str(); }

const char* wherry_compiler_times(wherry_compiler* compiler) {
  compiler->text = wherry::compiler::take_pass_times();
  return compiler->text.c_str();
}
