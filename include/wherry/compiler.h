/* The compiler as a library, in C: modules in, compiled files out. It is what `wherryc` is made of.
 *
 * Link with libwherry-compiler.so, or load it with dlopen. It needs LLVM, whose start takes 12 ms of a process; libwherry
 * does not need it to run what was compiled (Module::load_artifact_unsafe in wherry/module.h).
 *
 * Threads: a compiler is used by one thread at a time, any number of compilers at once. Compiling starts threads of its own,
 * as many as the setting `threads` says, which have ended when it returns.
 *
 * The process: the first compilation sets options of LLVM that are global (frames are set up early, for backtraces), and the setting
 * `time-passes` switches its clocks on. Nothing is written to standard output or standard error. Out of memory inside of LLVM
 * ends the process; whoever compiles what strangers send does so in a process with limits, such as wherryc.
 */
#ifndef WHERRY_COMPILER_H
#define WHERRY_COMPILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WHERRY_COMPILER_API __attribute__((visibility("default")))

typedef struct wherry_compiler wherry_compiler;

/* With the settings of this machine. NULL: out of memory. To be deleted by wherry_compiler_delete. */
WHERRY_COMPILER_API wherry_compiler* wherry_compiler_new(void);
/* With its outputs and texts; NULL is allowed. */
WHERRY_COMPILER_API void wherry_compiler_delete(wherry_compiler* compiler);

/* Sets `key` to `value`, both terminated by a zero. The keys are the options of wherryc without their dashes
 * (wherry_compiler_settings lists them), and
 *   emit         what to make: artifact (the default), llvm (optimised IR), ir (as it was emitted), asm, obj (ELF objects,
 *                one or more)
 *   time-passes  y: measure LLVM's passes, on one thread
 * Choose `target` before `target-cpu`. False: there is no such key or value; wherry_compiler_error says so, and nothing is changed. */
WHERRY_COMPILER_API bool wherry_compiler_set(wherry_compiler* compiler, const char* key, const char* value);

/* The keys that code depends on, a line each, for a help text. Lives as long as the compiler. */
WHERRY_COMPILER_API const char* wherry_compiler_settings(wherry_compiler* compiler);

/* Told how far a compilation is, in bytes of function bodies; from any thread, one call at a time. It should be quick and must
 * not use the compiler. `context` is handed on. NULL: nobody is told. */
typedef void (*wherry_compiler_progress)(void* context, uint64_t done_bytes, uint64_t all_bytes);
WHERRY_COMPILER_API void wherry_compiler_on_progress(wherry_compiler* compiler,
                                                     wherry_compiler_progress progress, void* context);

/* Compiles the module in [wasm, wasm + size_bytes), which is not kept. The module is decoded and validated first. The same
 * module, settings and version give the same bytes, whatever the number of threads. False: wherry_compiler_error says why, with the
 * offset in the module where there is one. Functions that would take too long are left to the interpreter; that is no error. */
WHERRY_COMPILER_API bool wherry_compiler_compile(wherry_compiler* compiler, const void* wasm,
                                                 size_t size_bytes);

/* What the last compilation made, by index from 0: its first byte, and its size in `*size_bytes`. NULL: there is no such output.
 * Valid until the compiler compiles again or is deleted. */
WHERRY_COMPILER_API const void* wherry_compiler_output(const wherry_compiler* compiler, size_t index,
                                                       size_t* size_bytes);

/* Functions of the last compilation that were left to the interpreter, as an artifact; 0 for other forms. */
WHERRY_COMPILER_API size_t wherry_compiler_left_out(const wherry_compiler* compiler);

/* What was wrong with the last call that returned false: one line of lower case, no full stop. Valid until the next call. */
WHERRY_COMPILER_API const char* wherry_compiler_error(const wherry_compiler* compiler);

/* What `time-passes` measured in this process since it was asked last, as tables. Valid until the next call. */
WHERRY_COMPILER_API const char* wherry_compiler_times(wherry_compiler* compiler);

#ifdef __cplusplus
}
#endif

#endif
