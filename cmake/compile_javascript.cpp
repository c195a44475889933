// SPDX-License-Identifier: Apache-2.0
// While building: JavaScript files into QuickJS's bytecode, by the very library that will run it,
// without their sources.
//
//   compile-javascript FOLDER FUNCTION NAME=FILE…
//
// writes into FOLDER one .bin a file, bundles.S that holds them, and bundles.cpp that defines
// `std::span<const ainit::script::Bundle> FUNCTION()`, a qualified name.
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include <quickjs/quickjs.h>

namespace {

struct Compiled {
    std::string name;
    std::string file;
    std::size_t size;
};

std::string error_text(JSContext* context) {
    const JSValue error = JS_GetException(context);
    std::string text;
    for (const JSValue part :
         {JS_ToString(context, error), JS_GetPropertyStr(context, error, "stack")}) {
        const char* chars = JS_ToCString(context, part);
        text += chars != nullptr ? std::string{chars} + "\n" : "";
        JS_FreeCString(context, chars);
        JS_FreeValue(context, part);
    }
    JS_FreeValue(context, error);
    return text;
}

/// The bytecode of a CommonJS module's function; empty, with a message, if it does not compile.
std::string compile(JSContext* context, const std::string& name, const std::string& file) {
    std::ifstream in{file};
    std::string source = "(function (exports, require, module, __filename, __dirname) {";
    source.append(std::istreambuf_iterator<char>{in}, {});
    source += "\n})";
    // How it shows in stack traces: no path, so that it is known not to be a project's file.
    const std::string shown = name.find(':') == std::string::npos ? "bundle:" + name : name;
    // Nobody reads lines of a bundle: without them it is a third smaller, also in memory. But import() needs to know in which
    // file it stands, and only the loader has it.
    const bool loader = name == "internal:bootstrap";
    JS_SetStripInfo(JS_GetRuntime(context), loader ? JS_STRIP_SOURCE : JS_STRIP_DEBUG);
    const JSValue code = JS_Eval(context,
                                 source.c_str(),
                                 source.size(),
                                 shown.c_str(),
                                 JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_COMPILE_ONLY);
    if (!in || JS_IsException(code) != 0) {
        std::cerr << file << ": " << (in ? error_text(context) : std::string{"cannot be read\n"});
        return {};
    }
    std::size_t size = 0;
    std::uint8_t* bytes = JS_WriteObject(context, &size, code, JS_WRITE_OBJ_BYTECODE);
    std::string written{reinterpret_cast<const char*>(bytes), size};
    js_free(context, bytes);
    JS_FreeValue(context, code);
    return written;
}

void write_tables(const std::string& folder,
                  const std::string& function,
                  const std::vector<Compiled>& all) {
    const std::size_t colons = function.rfind("::");
    const std::string space = function.substr(0, colons);
    const std::string plain = function.substr(colons + 2);
    std::ofstream assembly{folder + "/bundles.S"};
    std::ofstream source{folder + "/bundles.cpp"};
    assembly << ".section .rodata\n";
    source << "// Made by cmake/compile_javascript.cpp.\n#include <array>\n#include "
              "<cstdint>\n#include <span>\n\n#include \"script/engine.h\"\n\n";
    source << "extern \"C\" {\n";
    for (std::size_t at = 0; at < all.size(); ++at) {
        const std::string symbol = plain + "_" + std::to_string(at);
        assembly << ".globl " << symbol << "\n.hidden " << symbol << "\n.balign 8\n"
                 << symbol << ":\n.incbin \"" << all[at].file << "\"\n";
        source << "extern const std::uint8_t " << symbol << "[];\n";
    }
    assembly << ".section .note.GNU-stack,\"\",%progbits\n";
    source << "}\n\nnamespace " << space << " {\n\nstd::span<const ainit::script::Bundle> " << plain
           << "();\n\nstd::span<const ainit::script::Bundle> " << plain
           << "() {\n    static const std::array<ainit::script::Bundle, " << all.size()
           << "> all{{\n";
    for (std::size_t at = 0; at < all.size(); ++at) {
        source << "        {\"" << all[at].name << "\", {" << plain << "_" << at << ", "
               << all[at].size << "U}},\n";
    }
    source << "    }};\n    return all;\n}\n\n}  // namespace " << space << "\n";
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 4) return 2;
    const std::string folder = arguments[1];
    JSRuntime* runtime = JS_NewRuntime();
    JS_SetMaxStackSize(runtime, 0);
    JSContext* context = JS_NewContext(runtime);
    std::vector<Compiled> all;
    bool good = true;
    for (int at = 3; at < count; ++at) {
        const std::string argument = arguments[at];
        const std::size_t equals = argument.find('=');
        const std::string name = argument.substr(0, equals);
        const std::string code = compile(context, name, argument.substr(equals + 1));
        const std::string file = folder + "/" + std::to_string(at - 3) + ".bin";
        std::ofstream{file, std::ios::binary} << code;
        all.push_back({name, file, code.size()});
        good = good && !code.empty();
    }
    JS_FreeContext(context);
    JS_FreeRuntime(runtime);
    if (good) write_tables(folder, arguments[2], all);
    return good ? 0 : 1;
}
