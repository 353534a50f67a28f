# What `cmake --install` puts where, and how others find it: find_package(wherry), find_package(wherry COMPONENTS wasi), pkg-config wherry and
# wherry-wasi. Everything can be moved: no path of this machine is written into it.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/wherry")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/wherry" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT development
  FILES_MATCHING PATTERN "*.h")
install(TARGETS wherry_engine wherry_wasi_library EXPORT wherry ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development)
install(EXPORT wherry NAMESPACE wherry:: FILE wherryTargets.cmake DESTINATION "${config_dir}" COMPONENT development)

if(WHERRY_IDNA AND WHERRY_IDN2 AND WHERRY_UNISTRING)
  set(wants_idn2 TRUE)
  set(pkg_idn2 " -lidn2 -lunistring")
else()
  set(wants_idn2 FALSE)
  set(pkg_idn2)
endif()
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/wherryConfig.cmake" @ONLY CONTENT [==[
# Targets: wherry::wherry, and with COMPONENTS wasi, or if c-ares (and libidn2, unless it was built without) is there, wherry::wasi. Both
# archives are C++20 to their users.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_library(WHERRY_CARES NAMES cares libcares.a)
find_library(WHERRY_IDN2 NAMES idn2 libidn2.a)
find_library(WHERRY_UNISTRING NAMES unistring libunistring.a)
mark_as_advanced(WHERRY_CARES WHERRY_IDN2 WHERRY_UNISTRING)
set(wherry_wasi_FOUND FALSE)
set(wherry_wants_idn2 @wants_idn2@)
if(WHERRY_CARES AND (NOT wherry_wants_idn2 OR (WHERRY_IDN2 AND WHERRY_UNISTRING)))
  set(wherry_wasi_FOUND TRUE)
  if(NOT TARGET wherry::cares)
    add_library(wherry::cares UNKNOWN IMPORTED)
    set_target_properties(wherry::cares PROPERTIES IMPORTED_LOCATION "${WHERRY_CARES}")
  endif()
  if(wherry_wants_idn2 AND NOT TARGET wherry::idn2)
    add_library(wherry::idn2 UNKNOWN IMPORTED)
    set_target_properties(wherry::idn2 PROPERTIES
      IMPORTED_LOCATION "${WHERRY_IDN2}" INTERFACE_LINK_LIBRARIES "${WHERRY_UNISTRING}")
  endif()
endif()
foreach(component IN LISTS wherry_FIND_COMPONENTS)
  if(NOT component STREQUAL "wasi")
    set(wherry_FOUND FALSE)
    set(wherry_NOT_FOUND_MESSAGE "there is no component '${component}', expected wasi")
  elseif(wherry_FIND_REQUIRED_wasi AND NOT wherry_wasi_FOUND)
    set(wherry_FOUND FALSE)
    set(wherry_NOT_FOUND_MESSAGE "c-ares or libidn2 is missing, which wherry::wasi needs (Debian: libc-ares-dev libidn2-dev libunistring-dev)")
  endif()
endforeach()
include("${CMAKE_CURRENT_LIST_DIR}/wherryTargets.cmake")
]==])
write_basic_package_version_file("${PROJECT_BINARY_DIR}/wherryConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/wherryConfig.cmake" "${PROJECT_BINARY_DIR}/wherryConfigVersion.cmake"
  DESTINATION "${config_dir}" COMPONENT development)

# The prefix is found from where the file lies. Absolute folders, as some distributions set them, stand as they are.
string(REGEX REPLACE "[^/]+" ".." to_prefix "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/wherry.pc" @ONLY CONTENT [==[
prefix=${pcfiledir}/@to_prefix@
Name: wherry
Description: WebAssembly engine: modules and components
Version: @PROJECT_VERSION@
Cflags: -I${prefix}/@CMAKE_INSTALL_INCLUDEDIR@
Libs: -L${prefix}/@CMAKE_INSTALL_LIBDIR@ -lwherry -pthread
]==])
file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/wherry-wasi.pc" @ONLY CONTENT [==[
prefix=${pcfiledir}/@to_prefix@
Name: wherry-wasi
Description: WASI preview 1 and 0.2 for guests of wherry
Version: @PROJECT_VERSION@
Requires: wherry = @PROJECT_VERSION@
Libs: -L${prefix}/@CMAKE_INSTALL_LIBDIR@ -lwherry-wasi -lcares@pkg_idn2@
]==])
install(FILES "${PROJECT_BINARY_DIR}/wherry.pc" "${PROJECT_BINARY_DIR}/wherry-wasi.pc"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT development)

# The program; the compiler installs itself (compiler/), and wherry looks for it beside itself.
if(TARGET wherry)
  install(TARGETS wherry RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT programs)
endif()
