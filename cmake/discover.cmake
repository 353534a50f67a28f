# Read by ctest itself, through a small file that wherry_test() generates: asks a Catch2 program for its cases and adds a test
# for each, one process a case, because a failing REQUIRE aborts a program built without exceptions. The list is kept
# beside the program and made anew when the program is newer.
if(NOT EXISTS "${program}")
  add_test("${prefix}${program}_NOT_BUILT" "${program}")  # fails, by name
  return()
endif()

if("${program}" IS_NEWER_THAN "${listing}" OR "${CMAKE_CURRENT_LIST_FILE}" IS_NEWER_THAN "${listing}")
  # Exit status is the number of cases for this option, so it says nothing about success.
  execute_process(COMMAND ${emulator} "${program}" --list-test-names-only OUTPUT_VARIABLE names ERROR_VARIABLE errors)
  string(REGEX REPLACE "\n$" "" names "${names}")
  # A list separator or a bracket in a name would split or glue lines: hold them by stand-ins.
  string(REPLACE ";" "<semicolon>" names "${names}")
  string(REPLACE "[" "<open>" names "${names}")
  string(REPLACE "]" "<close>" names "${names}")
  string(REPLACE "\n" ";" names "${names}")
  get_filename_component(suite "${program}" NAME)
  string(REGEX REPLACE "^wherry_|_test$" "" suite "${suite}")
  set(out "")
  foreach(name IN LISTS names)
    string(REPLACE "<semicolon>" ";" name "${name}")
    string(REPLACE "<open>" "[" name "${name}")
    string(REPLACE "<close>" "]" name "${name}")
    list(FIND left_out "${name}" found)
    if(name STREQUAL "" OR found GREATER -1)
      continue()
    endif()
    # Catch2 reads its argument as a pattern: commas, brackets and stars of a name are escaped.
    string(REGEX REPLACE "([],[*\\\\])" "\\\\\\1" pattern "${name}")
    string(APPEND out
      "add_test([==[${prefix}${suite}: ${name}]==] ${emulator} [==[${program}]==] [==[${pattern}]==])\n"
      "set_tests_properties([==[${prefix}${suite}: ${name}]==] PROPERTIES WORKING_DIRECTORY [==[${folder}]==] TIMEOUT ${limit})\n")
  endforeach()
  if(out STREQUAL "")
    set(out "add_test([==[${prefix}${suite}: lists no case]==] ${emulator} [==[${program}]==] --list-test-names-only)\n")
  endif()
  file(WRITE "${listing}" "${out}")
endif()
include("${listing}")
