#pragma once

#include <memory>

#include "cli/options.h"
#include "wherry/wherry.h"

// The keys of -D: what a person sees of a program that runs.
namespace wherry::cli {

// Where text goes: a file, or standard error.
class Report {
 public:
  Report() = default;
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  // Error: Io.
  Result<void> open(std::string_view path);  // Else standard error.
  void put(std::string_view text);
  void put(char c) { put({&c, 1}); }
  // A name from a guest's file: control characters and those of `avoid` become `_`.
  void name(std::string_view text, std::string_view avoid = {});
  void flush();

 private:
  int file_ = 2;
  std::string buffer_;
};

// An Observer with a beginning and an end.
class Watch : public Observer {
 public:
  // What AdvancedConfig::observations has to be.
  virtual uint32_t observations() const = 0;
  // Opens what it writes to. Error: Io.
  virtual Result<void> begin() = 0;
  // The program has ended, with `error` or (null) well.
  virtual Result<void> end(const Error* error) = 0;
};

// Whether there is any key of -D.
bool is_watched(const Invocation& invocation);

// What the command line asks for, begun, with the configuration of an engine that lets it watch; null if nothing. Errors: Usage for
// values that mean nothing, or for a trace together with a profile; Io.
Result<std::unique_ptr<Watch>> begin_watch(const Invocation& invocation, Config* config);
// Ends it with what the program came to; an error of its own is told if there was none.
void end_watch(Watch& watch, Result<void>* result);

// -D trace=calls|instructions
std::unique_ptr<Watch> make_trace(bool instructions, std::string_view path);
// -D profile=FILE and -D profile-summary; an empty path: no file.
std::unique_ptr<Watch> make_profile(std::string_view program, std::string_view path, bool summary);

// A value as the text format writes it, from its slots; references as the number that the engine knows them by.
std::string slots_to_text(ValType type, const uint64_t* slots);

}  // namespace wherry::cli
