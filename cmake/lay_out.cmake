# Run with `cmake -P` when the linker is done: llvm-bolt lays the blocks of a program out anew, those that run often one behind the other.
# What it prints, some forty lines, is kept in ${log} and shown when it fails.
#
#   program, profile, log, bolt, strip   paths
execute_process(
  COMMAND "${bolt}" "${program}" "-data=${profile}" -o "${program}.new"
          -reorder-blocks=ext-tsp -reorder-functions=cdsort -split-functions -split-all-cold -no-huge-pages
  OUTPUT_VARIABLE said ERROR_VARIABLE said RESULT_VARIABLE result)
file(WRITE "${log}" "${said}")
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${said}\nllvm-bolt could not lay out ${program}; -DWHERRY_BOLT=off leaves it as it is")
endif()
# What the linker said of its relocations for llvm-bolt, and names: more than a third of the file.
execute_process(COMMAND "${strip}" "${program}.new" COMMAND_ERROR_IS_FATAL ANY)
file(RENAME "${program}.new" "${program}")
