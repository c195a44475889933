# SPDX-License-Identifier: Apache-2.0
# JavaScript packages into a room: npm fetches them by the room's lock file into the build folder, esbuild bundles them, our
# own compiler makes stripped bytecode of the bundles, which is linked into the room's library.

find_program(ESBUILD esbuild REQUIRED)
find_program(NODE node REQUIRED)
find_program(NPM npm REQUIRED)

add_executable(compile-javascript ${PROJECT_SOURCE_DIR}/cmake/compile_javascript.cpp)
target_link_libraries(compile-javascript PRIVATE ${QUICKJS_LIBRARY} m)

# ainit_javascript(ROOM FOLDER FUNCTION name [PREPARE script] BUNDLES name=entry… [OPTIONS esbuild's…])
#   FOLDER    has package.json, package-lock.json and the entries, relative to the source's top
#   FUNCTION  what the library defines to return them all, a qualified name: ainit::script::own_bundles
#   PREPARE   a script that Node runs with the folder that has node_modules, to change packages before they are bundled
#   BUNDLES   the name that scripts require it by, and its entry within FOLDER
# Node's own modules stay outside of the bundles: the engine answers for them. The packages are in NODE_PATH.
function(ainit_javascript room folder)
    cmake_parse_arguments(JS "" "FUNCTION;PREPARE" "BUNDLES;OPTIONS" ${ARGN})
    set(source ${PROJECT_SOURCE_DIR}/${folder})
    set(build ${CMAKE_BINARY_DIR}/javascript/${room})
    set(packages ${build}/node_modules)
    file(MAKE_DIRECTORY ${build})

    # From npm's cache if it has them: a second build folder needs no network.
    add_custom_command(OUTPUT ${build}/packages.stamp
        DEPENDS ${source}/package.json ${source}/package-lock.json
        COMMAND ${CMAKE_COMMAND} -E copy ${source}/package.json ${source}/package-lock.json ${build}
        COMMAND ${NPM} ci --prefix ${build} --ignore-scripts --no-audit --no-fund --prefer-offline --omit=dev --loglevel=error
        COMMAND ${CMAKE_COMMAND} -E touch ${build}/packages.stamp
        WORKING_DIRECTORY ${build} COMMENT "Fetching the JavaScript packages of ${room}" VERBATIM)
    add_custom_command(OUTPUT ${build}/api.json
        DEPENDS ${PROJECT_SOURCE_DIR}/src/script/javascript/api.mjs
        COMMAND ${NODE} --no-warnings ${PROJECT_SOURCE_DIR}/src/script/javascript/api.mjs ${build}/api.json VERBATIM)

    file(GLOB_RECURSE scripts CONFIGURE_DEPENDS ${source}/*.js)
    set(ready ${build}/packages.stamp)
    if(JS_PREPARE)
        set(ready ${build}/prepared.stamp)
        add_custom_command(OUTPUT ${ready}
            DEPENDS ${scripts} ${source}/${JS_PREPARE} ${build}/packages.stamp
            COMMAND ${NODE} ${source}/${JS_PREPARE} ${build}
            COMMAND ${CMAKE_COMMAND} -E touch ${ready} VERBATIM)
    endif()

    set(entries "")
    set(outputs "")
    set(compiled "")
    foreach(bundle IN LISTS JS_BUNDLES)
        string(REGEX MATCH "^(.*)=(.*)$" unused ${bundle})
        set(name ${CMAKE_MATCH_1})
        set(entry ${CMAKE_MATCH_2})
        string(REGEX REPLACE "[^A-Za-z0-9_.-]" "_" file ${name})
        list(APPEND entries ${file}=${source}/${entry})
        list(APPEND outputs ${build}/bundled/${file}.js)
        list(APPEND compiled ${name}=${build}/bundled/${file}.js)
    endforeach()
    add_custom_command(OUTPUT ${outputs}
        DEPENDS ${scripts} ${ready} ${build}/api.json
        COMMAND ${CMAKE_COMMAND} -E env NODE_PATH=${packages}:${build} ${ESBUILD} ${entries} --outdir=${build}/bundled --bundle
                --platform=node --format=cjs --target=es2023 --external:alkemio-init:* --main-fields=main,module
                --legal-comments=none --log-level=warning ${JS_OPTIONS}
        WORKING_DIRECTORY ${build} COMMENT "Bundling the JavaScript of ${room}" VERBATIM)
    add_custom_command(OUTPUT ${build}/bundles.S ${build}/bundles.cpp
        DEPENDS ${outputs} compile-javascript
        COMMAND compile-javascript ${build} ${JS_FUNCTION} ${compiled}
        COMMENT "Compiling the JavaScript of ${room}" VERBATIM)
    set_source_files_properties(${build}/bundles.S PROPERTIES OBJECT_DEPENDS ${build}/bundles.cpp)
    target_sources(ainit_${room} PRIVATE ${build}/bundles.S ${build}/bundles.cpp)
    set_property(GLOBAL APPEND PROPERTY AINIT_JAVASCRIPT ${build})
endfunction()

# The licences of all packages that were fetched, in one file that travels with the program.
function(ainit_javascript_licences)
    get_property(folders GLOBAL PROPERTY AINIT_JAVASCRIPT)
    list(TRANSFORM folders APPEND /packages.stamp OUTPUT_VARIABLE stamps)
    set(script ${PROJECT_SOURCE_DIR}/cmake/licences.mjs)
    add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/LICENSES-javascript.txt DEPENDS ${stamps} ${script}
        COMMAND ${NODE} ${script} ${CMAKE_BINARY_DIR}/LICENSES-javascript.txt ${folders}
        COMMENT "Collecting licences" VERBATIM)
    add_custom_target(licences ALL DEPENDS ${CMAKE_BINARY_DIR}/LICENSES-javascript.txt)
endfunction()
