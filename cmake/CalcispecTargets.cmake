# Functions that make the libraries: options, CPU levels, embedded data.

set(CALCISPEC_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  -Wdouble-promotion -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual
  -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND CALCISPEC_WARNINGS -Wduplicated-cond -Wduplicated-branches -Wlogical-op)
endif()

if("native" IN_LIST CALCISPEC_CPU_LEVELS)
  set(CALCISPEC_BASE_ARCH native)
else()
  set(CALCISPEC_BASE_ARCH x86-64-v2)
endif()

# Warnings, visibility, sanitizers and the CPU level of everything outside core.
function(calcispec_target_options target)
  set(arch ${CALCISPEC_BASE_ARCH})
  if(ARGC GREATER 1)
    set(arch ${ARGV1})
  endif()
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE ${CALCISPEC_WARNINGS} -march=${arch})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT arch STREQUAL "x86-64-v2")
    # False alarms of GCC 12 inside its own AVX-512 headers; the v2 build of the same code is checked.
    target_compile_options(${target} PRIVATE -Wno-uninitialized -Wno-maybe-uninitialized
      -Wno-restrict)
  elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # With -O3 a false alarm of GCC 12 over std::string; dev has the warning.
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-Wno-restrict>)
  endif()
  if(NOT target MATCHES "^calcispec_core")
    # The loops that cost time stand in core; -O3 takes a third longer to compile.
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O2>)
  endif()
  if(CALCISPEC_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  set_target_properties(${target} PROPERTIES CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON POSITION_INDEPENDENT_CODE ON)
  if(CALCISPEC_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${CALCISPEC_SANITIZE}
      -fno-omit-frame-pointer -fno-sanitize-recover=all)
    if(CALCISPEC_SANITIZE MATCHES "address" AND NOT target STREQUAL "calcispec_io")
      # A united file of core took 74 s without them, 167 with; a null pointer stops the address
      # sanitizer as well, and only io looks at bytes whose place others chose.
      target_compile_options(${target} PRIVATE -fno-sanitize=null,alignment)
    endif()
    target_link_options(${target} PUBLIC -fsanitize=${CALCISPEC_SANITIZE})
  endif()
  if(CALCISPEC_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link,address)
    target_link_options(${target} PUBLIC -fsanitize=address)
  endif()
  if(CALCISPEC_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON
      UNITY_BUILD_BATCH_SIZE ${CALCISPEC_UNITY_FILES})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # GCC takes every .cpp but the one it was given for a header.
      target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
    endif()
  endif()
  if(CALCISPEC_TIDY)
    set_target_properties(${target} PROPERTIES CXX_CLANG_TIDY "clang-tidy;--quiet")
  endif()
endfunction()

# Every .cpp and .hpp below a folder; CONFIGURE_DEPENDS so that a new file needs no second edit.
function(calcispec_sources out folder)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  list(FILTER found EXCLUDE REGEX "/cli/(mpi_)?main\\.cpp$")
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# Public headers: those directly in the folder or its family folders, not kernels/.
function(calcispec_public_headers target folder)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.hpp)
  list(FILTER headers EXCLUDE REGEX "/kernels/")
  list(FILTER headers EXCLUDE REGEX "_private\\.hpp$")
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}
    FILES ${headers})
endfunction()

function(calcispec_one_core target level)
  calcispec_sources(sources core)
  add_library(${target} SHARED ${sources})
  calcispec_target_options(${target} ${level})
  target_compile_definitions(${target} PRIVATE CALCISPEC_CORE_BUILD
    CALCISPEC_CPU_LEVEL="${level}" CALCISPEC_VERSION="${PROJECT_VERSION}")
  target_compile_definitions(${target} PUBLIC EIGEN_MAX_ALIGN_BYTES=64)
  target_link_libraries(${target} PRIVATE PkgConfig::FFTW3 PUBLIC Eigen3::Eigen Threads::Threads)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME calcispec_core
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endfunction()

# core: one shared library per CPU level; the dynamic loader takes the best one (glibc-hwcaps).
function(calcispec_add_core)
  calcispec_one_core(calcispec_core ${CALCISPEC_BASE_ARCH})
  calcispec_public_headers(calcispec_core core)
  target_include_directories(calcispec_core INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  target_include_directories(calcispec_core PRIVATE ${PROJECT_SOURCE_DIR})
  add_library(calcispec::core ALIAS calcispec_core)
  set_target_properties(calcispec_core PROPERTIES EXPORT_NAME core)
  foreach(level v3 v4)
    if(level IN_LIST CALCISPEC_CPU_LEVELS)
      calcispec_one_core(calcispec_core_${level} x86-64-${level})
      target_include_directories(calcispec_core_${level} PRIVATE ${PROJECT_SOURCE_DIR})
      set_target_properties(calcispec_core_${level} PROPERTIES LIBRARY_OUTPUT_DIRECTORY
        ${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/glibc-hwcaps/x86-64-${level})
      # Whoever builds the base library gets every level: a stale level would win at run time.
      add_dependencies(calcispec_core calcispec_core_${level})
    endif()
  endforeach()
endfunction()

# calcispec_add_library(io core): static library of one folder on top of the named ones.
function(calcispec_add_library name)
  set(target calcispec_${name})
  calcispec_sources(sources ${name})
  add_library(${target} STATIC ${sources})
  calcispec_target_options(${target})
  calcispec_public_headers(${target} ${name})
  foreach(dependency ${ARGN})
    target_link_libraries(${target} PUBLIC calcispec::${dependency})
  endforeach()
  add_library(calcispec::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
endfunction()

# Makes every file of a folder readable at run time through calcispec::embedded::<target>(index), or
# another name given third. The bytes are taken in by the assembler: large files cost no compile time.
function(calcispec_embed target folder)
  set(prefix ${target})
  if(ARGC GREATER 2)
    set(prefix ${ARGV2})
  endif()
  file(GLOB files CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/${folder}
    ${PROJECT_SOURCE_DIR}/${folder}/*.csv ${PROJECT_SOURCE_DIR}/${folder}/*.toml)
  calcispec_embed_files(${target} ${PROJECT_SOURCE_DIR}/${folder} ${prefix} "${files}")
endfunction()

function(calcispec_embed_files target base prefix files)
  set(body "// Generated: embedded files of ${prefix}.\n#include <string_view>\n#include <utility>\n")
  set(table "")
  set(count 0)
  set(dependencies "")
  foreach(file ${files})
    set(symbol "${prefix}_embedded_${count}")
    string(APPEND body "__asm__(\".section .rodata\\n.balign 8\\n.hidden ${symbol}\\n.global ${symbol}\\n"
      "${symbol}:\\n.incbin \\\"${base}/${file}\\\"\\n"
      ".hidden ${symbol}_end\\n.global ${symbol}_end\\n${symbol}_end:\\n.byte 0\\n.previous\\n\");\n"
      "extern \"C\" const char ${symbol}[];\nextern \"C\" const char ${symbol}_end[];\n")
    get_filename_component(short ${file} NAME)
    string(APPEND table "  if (index == ${count}) {\n    return {\"${short}\", {${symbol}, "
      "static_cast<std::size_t>(${symbol}_end - ${symbol})}};\n  }\n")
    list(APPEND dependencies ${base}/${file})
    math(EXPR count "${count} + 1")
  endforeach()
  string(APPEND body "namespace calcispec::embedded {\n"
    "std::pair<std::string_view, std::string_view> ${prefix}(std::size_t index);\n"
    "std::pair<std::string_view, std::string_view> ${prefix}([[maybe_unused]] std::size_t index) {\n${table}"
    "  return {};\n}\n}  // namespace calcispec::embedded\n")
  set(output ${PROJECT_BINARY_DIR}/embedded/${prefix}.cpp)
  file(CONFIGURE OUTPUT ${output} CONTENT "${body}" @ONLY)
  set_source_files_properties(${output} PROPERTIES OBJECT_DEPENDS "${dependencies}"
    SKIP_LINTING ON SKIP_UNITY_BUILD_INCLUSION ON)
  target_sources(${target} PRIVATE ${output})
endfunction()

# The packaged chart script goes into the report with the package's licence notice, which must
# travel with it; without either the report keeps its static pictures.
function(calcispec_embed_dygraphs target)
  set(folder /usr/share/javascript/dygraphs)
  set(notice ../../doc/libjs-dygraphs/copyright)
  find_path(CALCISPEC_DYGRAPHS_DIR NAMES dygraph.min.js PATHS ${folder} NO_DEFAULT_PATH)
  set(files "")
  if(CALCISPEC_DYGRAPHS_DIR AND EXISTS ${CALCISPEC_DYGRAPHS_DIR}/${notice})
    set(files dygraph.min.js dygraph.min.css ${notice})
  else()
    message(STATUS "dygraphs not found (libjs-dygraphs): reports carry static pictures only")
    set(CALCISPEC_DYGRAPHS_DIR ${folder})
  endif()
  calcispec_embed_files(${target} ${CALCISPEC_DYGRAPHS_DIR} calcispec_dygraphs "${files}")
endfunction()
