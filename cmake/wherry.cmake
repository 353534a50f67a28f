# What every target here shares, and the functions by which folders declare their targets:
#
#   wherry_library(<name> SOURCES ... [DEPS ...] [TESTS x_test.cc ...])  library wherry_<name> and program wherry_<name>_test
#   wherry_program(<name> SOURCES ... [DEPS ...] [STATIC])               program <name> in bin/
#   wherry_test(<name> SOURCES ... [DEPS ...])                           Catch2 program <name>, a ctest for each TEST_CASE
#   wherry_command_test(<name> COMMAND ... [TIMEOUT s] [ENVIRONMENT ...] [LABELS ...])   one ctest from a command line
#   wherry_fuzzer(<name> SOURCES ... [DEPS ...])                         libFuzzer program, only with WHERRY_FUZZ
#
# DEPS names libraries of ours without the prefix (`DEPS base wasm`) or any other CMake target.

option(WHERRY_TESTS "build the tests" ON)
option(WHERRY_FUZZ "build the fuzz targets (libFuzzer; implies WHERRY_SANITIZE=address)" OFF)
set(WHERRY_DISPATCH tail CACHE STRING "how the interpreter's handlers are joined: tail (musttail calls) or loop (a switch)")
set(WHERRY_SANITIZE "" CACHE STRING "empty, address (ASan and UBSan) or thread")
set_property(CACHE WHERRY_DISPATCH PROPERTY STRINGS tail loop)
set_property(CACHE WHERRY_SANITIZE PROPERTY STRINGS "" address thread)
if(WHERRY_FUZZ)
  set(WHERRY_SANITIZE address)
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS ON)  # statement expressions carry errors out of a function
set(CMAKE_C_STANDARD 17)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_SKIP_RPATH ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

# Release carries no debug information: it doubles compile time and nobody asked for it. `Check` is for sanitizers, where -O0
# handlers are too slow to test with and -g costs gigabytes.
foreach(language C CXX)
  set(CMAKE_${language}_FLAGS_RELEASE "-O2 -g0 -DNDEBUG")
  set(CMAKE_${language}_FLAGS_DEBUG "-O0 -g")
  set(CMAKE_${language}_FLAGS_CHECK "-O1 -g0 -fno-omit-frame-pointer")
endforeach()

add_compile_options(
  -Wall -Wextra -Werror -Wimplicit-fallthrough -Wvla -Wundef
  -fvisibility=hidden -ffunction-sections -fdata-sections -fdiagnostics-color
  -ffp-contract=off  # a fused multiply-add would change results on targets that have one
  $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions> $<$<COMPILE_LANGUAGE:CXX>:-fno-rtti>
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> $<$<COMPILE_LANGUAGE:CXX>:-Wextra-semi>)
# A file that the linker writes by mapping it lies in the system's cache page by page, and every start maps its pages one by one: a sixth of
# the time of a short run. One that is written, as installing does it, lies there in larger pieces.
add_link_options(-fuse-ld=lld -Wl,--gc-sections -Wl,--no-mmap-output-file)

if(WHERRY_DISPATCH STREQUAL "loop")
  # Defined where it is looked at only (wherry_dispatch()), so that the compiler cache has the rest of a second build.
  set(dispatch WHERRY_DISPATCH_LOOP=1)
  set(WHERRY_TEST_PREFIX "loop/")
elseif(WHERRY_DISPATCH STREQUAL "tail")
  set(dispatch)
  set(WHERRY_TEST_PREFIX "")
else()
  message(FATAL_ERROR "WHERRY_DISPATCH is '${WHERRY_DISPATCH}', expected tail or loop")
endif()

# The left-out checks are those whose code multiplies the compile time of the handlers by three while other tests see the same
# faults. Fake stacks (use-after-return) do not survive a chain of tail calls.
if(WHERRY_SANITIZE STREQUAL "address")
  set(sanitize -fsanitize=address,undefined -fno-sanitize=alignment,null,object-size,vptr,pointer-overflow,function
    -fno-sanitize-recover=all -fsanitize-address-use-after-return=never)
elseif(WHERRY_SANITIZE STREQUAL "thread")
  set(sanitize -fsanitize=thread)
elseif(NOT WHERRY_SANITIZE STREQUAL "")
  message(FATAL_ERROR "WHERRY_SANITIZE is '${WHERRY_SANITIZE}', expected address, thread or nothing")
endif()
if(WHERRY_SANITIZE)
  add_compile_options(${sanitize})
  add_link_options(${sanitize})
endif()
if(WHERRY_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_package(Threads REQUIRED)

# Tests have time limits for a busy machine and a release build. Sanitizers and emulators take a multiple of it: ASan with UBSan three to
# six times, TSan and qemu ten times and more.
set(WHERRY_PATIENCE 1)
if(WHERRY_SANITIZE STREQUAL "address")
  set(WHERRY_PATIENCE 6)
elseif(WHERRY_SANITIZE STREQUAL "thread" OR CMAKE_CROSSCOMPILING)
  set(WHERRY_PATIENCE 12)
endif()

# A cross build has no compiler of its own: that of the build machine compiles for the target, as a process that the emulated program
# starts (qemu-user hands execve to the kernel). A command for `wherry wast --wherryc`.
if(CMAKE_CROSSCOMPILING)
  set(WHERRY_HOST_COMPILER "${PROJECT_SOURCE_DIR}/build/release/bin/wherryc" CACHE FILEPATH
    "in a cross build: the wherryc that compiles for the target when tests run")
  set(WHERRY_CROSS_COMPILER "${WHERRY_HOST_COMPILER} --target=${CMAKE_SYSTEM_PROCESSOR}")
endif()

# ---- targets

function(wherry_link target)
  foreach(dep IN LISTS ARGN)
    if(dep MATCHES "::" OR dep MATCHES "^-" OR dep MATCHES "^wherry_")
      target_link_libraries(${target} PUBLIC ${dep})
    else()
      target_link_libraries(${target} PUBLIC wherry_${dep})
    endif()
  endforeach()
  target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/include")
endfunction()

# For targets that are compiled otherwise where the interpreter is a loop: those that include engine/interpret/dispatch.h, or name it.
function(wherry_dispatch target)
  target_compile_definitions(${target} PRIVATE ${dispatch})
endfunction()

function(wherry_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;TESTS" ${ARGN})
  add_library(wherry_${name} STATIC ${ARG_SOURCES})
  wherry_link(wherry_${name} ${ARG_DEPS})
  if(ARG_TESTS)
    wherry_test(wherry_${name}_test SOURCES ${ARG_TESTS} DEPS ${name})
  endif()
endfunction()

# Lowering and validation are compiled by a profile: which of their many branches are taken is known, and nobody says it better. A
# function that has changed since is compiled without; tools/profile-lowering makes the profile anew.
set(WHERRY_PROFILE use CACHE STRING "profile of lowering and validation: use, make (for tools/profile-lowering) or off")
set_property(CACHE WHERRY_PROFILE PROPERTY STRINGS use make off)
find_program(WHERRY_PROFDATA NAMES llvm-profdata-19 llvm-profdata)
function(wherry_profiled name)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Release" OR WHERRY_SANITIZE)
    return()
  endif()
  if(WHERRY_PROFILE STREQUAL "make")
    target_compile_options(wherry_${name} PRIVATE -fprofile-instr-generate)
  elseif(WHERRY_PROFILE STREQUAL "use" AND WHERRY_PROFDATA)
    set(text "${PROJECT_SOURCE_DIR}/cmake/lowering.proftext")
    set(indexed "${PROJECT_BINARY_DIR}/lowering.profdata")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${text}")
    execute_process(COMMAND "${WHERRY_PROFDATA}" merge "${text}" -o "${indexed}.new" COMMAND_ERROR_IS_FATAL ANY)
    file(COPY_FILE "${indexed}.new" "${indexed}" ONLY_IF_DIFFERENT)
    target_compile_options(wherry_${name} PRIVATE "-fprofile-instr-use=${indexed}" -Wno-profile-instr-out-of-date
      -Wno-profile-instr-unprofiled -Wno-backend-plugin)
    get_target_property(sources wherry_${name} SOURCES)
    set_source_files_properties(${sources} PROPERTIES OBJECT_DEPENDS "${indexed}")
  endif()
endfunction()

# Compiling waits for instructions more than for data: LLVM is large, and a function passes through all of it. With its hot blocks laid out one
# behind the other it takes 0.8 of the time. The profile is of the machine code of Debian's LLVM 19.1.7; of another LLVM most of it is ignored
# (with what changed since). tools/profile-compiler makes it anew, with WHERRY_BOLT=make.
find_program(WHERRY_BOLT_PROGRAM NAMES llvm-bolt-19 llvm-bolt HINTS /usr/lib/llvm-19/bin)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND WHERRY_BOLT_PROGRAM AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(layout use)
else()
  set(layout off)
endif()
set(WHERRY_BOLT ${layout} CACHE STRING "layout of what holds LLVM, by llvm-bolt and a profile: use, make (for tools/profile-compiler) or off")
set_property(CACHE WHERRY_BOLT PROPERTY STRINGS use make off)
if(NOT WHERRY_BOLT MATCHES "^(use|make|off)$")
  message(FATAL_ERROR "WHERRY_BOLT is '${WHERRY_BOLT}', expected use, make or off")
endif()
if(WHERRY_BOLT STREQUAL "use")
  set(packed_layout "${PROJECT_SOURCE_DIR}/cmake/compiler.fdata.tar.xz")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${packed_layout}")
  file(ARCHIVE_EXTRACT INPUT "${packed_layout}" DESTINATION "${PROJECT_BINARY_DIR}")
endif()
function(wherry_laid_out target)
  if(WHERRY_BOLT STREQUAL "off" OR NOT WHERRY_LLVM STREQUAL "static")
    return()
  endif()
  target_link_options(${target} PRIVATE -Wl,--emit-relocs)
  if(WHERRY_BOLT STREQUAL "use")
    set(script "${PROJECT_SOURCE_DIR}/cmake/lay_out.cmake")
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${packed_layout}" "${script}")
    add_custom_command(TARGET ${target} POST_BUILD VERBATIM
      COMMAND "${CMAKE_COMMAND}" "-Dprogram=$<TARGET_FILE:${target}>" "-Dprofile=${PROJECT_BINARY_DIR}/compiler.fdata"
              "-Dlog=${CMAKE_CURRENT_BINARY_DIR}/${target}.bolt.log" "-Dbolt=${WHERRY_BOLT_PROGRAM}"
              "-Dstrip=${CMAKE_STRIP}" -P "${script}")
  endif()
endfunction()

function(wherry_program name)
  cmake_parse_arguments(ARG "STATIC" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  wherry_link(${name} ${ARG_DEPS})
  if(ARG_STATIC AND NOT WHERRY_SANITIZE)
    target_link_options(${name} PRIVATE -static)
  endif()
endfunction()

function(wherry_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(WHERRY_FUZZ)
    add_executable(${name} ${ARG_SOURCES})
    wherry_link(${name} ${ARG_DEPS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set_property(GLOBAL APPEND PROPERTY WHERRY_FUZZERS ${name})
  endif()
endfunction()

# xxHash is used from its header alone, which is the same for every target: a cross build takes the one of this machine.
function(wherry_find_xxhash)
  find_file(WHERRY_XXHASH_HEADER xxhash.h PATHS /usr/include NO_CMAKE_FIND_ROOT_PATH REQUIRED)
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/xxhash")
  file(CREATE_LINK "${WHERRY_XXHASH_HEADER}" "${PROJECT_BINARY_DIR}/xxhash/xxhash.h" SYMBOLIC)
  add_library(wherry_xxhash INTERFACE)
  target_include_directories(wherry_xxhash SYSTEM INTERFACE "${PROJECT_BINARY_DIR}/xxhash")
endfunction()

# ---- tests

# Catch2's main is compiled here, once a build folder: the packaged one catches SIGSEGV around each case and puts back what it
# found, which takes the engine's handler away from all cases but the first that makes an engine. Nobody waits for its speed, so -O0: 6 s
# instead of 19.
function(wherry_find_catch)
  if(TARGET wherry_catch)
    return()
  endif()
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/catch/main.cc"
    CONTENT "#define CATCH_CONFIG_MAIN\n#define CATCH_CONFIG_NO_POSIX_SIGNALS\n#include <catch2/catch.hpp>\n")
  add_library(wherry_catch STATIC "${PROJECT_BINARY_DIR}/catch/main.cc")
  target_compile_options(wherry_catch PRIVATE -O0)
  set_target_properties(wherry_catch PROPERTIES SYSTEM ON)
  if(CMAKE_CROSSCOMPILING)
    file(CREATE_LINK /usr/include/catch2 "${PROJECT_BINARY_DIR}/catch/catch2" SYMBOLIC)
    target_include_directories(wherry_catch SYSTEM PUBLIC "${PROJECT_BINARY_DIR}/catch")
  else()
    find_package(Catch2 2.13 REQUIRED)
    target_link_libraries(wherry_catch PUBLIC Catch2::Catch2)
  endif()
endfunction()

if(WHERRY_TESTS)
  enable_testing()
  wherry_find_catch()
endif()

# Cases that qemu-user cannot run: thousands of instances, one after the other. qemu 7.2 gives each reservation of 4 GiB fresh addresses and keeps a
# record of each page that ever was mapped, so that such a case ends with 17 GB and no memory left on the machine.
set(WHERRY_NOT_EMULATED
  "every switch of the optimisations gives the same answers"
  "fuel is the same number whatever code is made")

# Cases are listed when ctest starts, not when the program is built (cmake/discover.cmake): a cross build runs nothing.
function(wherry_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(NOT WHERRY_TESTS)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  wherry_link(${name} ${ARG_DEPS})
  target_link_libraries(${name} PRIVATE wherry_catch)

  set(left_out)
  if(CMAKE_CROSSCOMPILING)
    set(left_out "${WHERRY_NOT_EMULATED}")
  endif()
  set(include "${CMAKE_CURRENT_BINARY_DIR}/${name}.cmake")
  file(GENERATE OUTPUT "${include}" CONTENT "set(program [==[$<TARGET_FILE:${name}>]==])
set(emulator [==[${CMAKE_CROSSCOMPILING_EMULATOR}]==])
set(listing [==[${CMAKE_CURRENT_BINARY_DIR}/${name}.list.cmake]==])
set(folder [==[${CMAKE_CURRENT_SOURCE_DIR}]==])
set(prefix [==[${WHERRY_TEST_PREFIX}]==])
math(EXPR limit 300*${WHERRY_PATIENCE})
set(left_out [==[${left_out}]==])
include([==[${PROJECT_SOURCE_DIR}/cmake/discover.cmake]==])
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${include}")
endfunction()

function(wherry_command_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "COMMAND;ENVIRONMENT;LABELS" ${ARGN})
  if(NOT WHERRY_TESTS)
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * ${WHERRY_PATIENCE}")
  add_test(NAME "${WHERRY_TEST_PREFIX}${name}" COMMAND ${ARG_COMMAND})
  set_tests_properties("${WHERRY_TEST_PREFIX}${name}" PROPERTIES TIMEOUT ${ARG_TIMEOUT})
  if(WHERRY_PATIENCE GREATER 1)
    list(APPEND ARG_ENVIRONMENT "WHERRY_PATIENCE=${WHERRY_PATIENCE}")
  endif()
  if(ARG_ENVIRONMENT)
    set_tests_properties("${WHERRY_TEST_PREFIX}${name}" PROPERTIES ENVIRONMENT "${ARG_ENVIRONMENT}")
  endif()
  if(ARG_LABELS)
    set_tests_properties("${WHERRY_TEST_PREFIX}${name}" PROPERTIES LABELS "${ARG_LABELS}")
  endif()
endfunction()
