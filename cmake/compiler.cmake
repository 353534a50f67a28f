# The compiler, chosen before project(). Dispatch by `musttail` and `preserve_none` needs clang 19, so that is what a plain
# `cmake -S . -B build` gets too; a compiler given by -D, by a toolchain file or by the environment wins.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug or Check (asserts on, lightly optimised: the sanitizer builds)")
endif()

if(NOT CMAKE_TOOLCHAIN_FILE)
  if(NOT CMAKE_C_COMPILER AND NOT DEFINED ENV{CC})
    set(CMAKE_C_COMPILER clang-19)
  endif()
  if(NOT CMAKE_CXX_COMPILER AND NOT DEFINED ENV{CXX})
    set(CMAKE_CXX_COMPILER clang++-19)
  endif()
endif()

find_program(WHERRY_CCACHE ccache)
if(WHERRY_CCACHE)
  foreach(language C CXX)
    if(NOT CMAKE_${language}_COMPILER_LAUNCHER)
      set(CMAKE_${language}_COMPILER_LAUNCHER "${WHERRY_CCACHE}")
    endif()
  endforeach()
endif()
