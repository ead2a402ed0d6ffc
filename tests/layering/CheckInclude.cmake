# SPDX-License-Identifier: Apache-2.0
# Compiles `#include <HEADER>` with the given directories ("a|b") and nothing else of ours. EXPECTED is MAY or MUST_NOT.
string(REPLACE "|" ";" directories "${DIRECTORIES}")
set(flags "")
foreach(directory ${directories})
    list(APPEND flags -I${directory})
endforeach()
string(MAKE_C_IDENTIFIER "${HEADER}-${EXPECTED}-${DIRECTORIES}" file)
string(MD5 file "${file}")
set(file ${CMAKE_CURRENT_BINARY_DIR}/include-${file}.cpp)
file(WRITE ${file} "#include <${HEADER}>\n")
execute_process(COMMAND ${COMPILER} -std=c++20 -fPIC -fsyntax-only ${flags} ${file}
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
file(REMOVE ${file})

if(EXPECTED STREQUAL "MAY" AND NOT result EQUAL 0)
    message(FATAL_ERROR "<${HEADER}> must compile here and does not:\n${output}")
elseif(EXPECTED STREQUAL "MUST_NOT")
    if(result EQUAL 0)
        message(FATAL_ERROR "<${HEADER}> compiles here: this layer sees headers that it must not use")
    elseif(NOT output MATCHES "file not found|No such file")
        message(FATAL_ERROR "<${HEADER}> fails, but not because it is out of sight:\n${output}")
    endif()
endif()
