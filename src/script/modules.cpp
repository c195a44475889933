// SPDX-License-Identifier: Apache-2.0
// Scripts from text and bytecode, and QuickJS's questions about ES modules, which the loader (in
// javascript/node/loader.js) answers.
#include <cstring>

#include <sys/mman.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.h"
#include "script/host.h"

namespace ainit::script {
namespace {

// On one line, so that lines stay what they are; source positions know its length.
constexpr std::string_view kWrapper =
    "(function (exports, require, module, __filename, __dirname) {";

char* normalize(JSContext* context, const char* base, const char* name, void*) {
    Realm& realm = Realm::of(context);
    const Value arguments[] = {realm.engine->string(name), realm.engine->string(base)};
    auto resolved = realm.core_call("resolveModule", arguments);
    if (!resolved) {
        realm.raise(resolved.error());
        return nullptr;
    }
    return js_strdup(context, resolved->text().c_str());
}

/// What runs when the turn of a module comes that is no ES module: its exports become the names.
int run_synthetic(JSContext* context, JSModuleDef* module) {
    Realm& realm = Realm::of(context);
    const JSAtom atom = JS_GetModuleName(context, module);
    const Value name = realm.own(JS_AtomToString(context, atom));
    JS_FreeAtom(context, atom);
    const Value arguments[] = {name};
    auto exports = realm.core_call("exportsOf", arguments);
    if (!exports) {
        realm.raise(exports.error());
        return -1;
    }
    if (JS_SetModuleExport(context, module, "default", realm.give(*exports)) != 0) return -1;
    for (const std::string& one : realm.synthetic[name.text()]) {
        auto member = exports->nullish() ? Answer<Value>{Value{}} : exports->get(one);
        if (!member) {
            realm.raise(member.error());
            return -1;
        }
        if (JS_SetModuleExport(context, module, one.c_str(), realm.give(*member)) != 0) return -1;
    }
    return 0;
}

JSModuleDef* synthetic(Realm& realm, const char* name, const Value& names) {
    JSModuleDef* module = JS_NewCModule(realm.context, name, run_synthetic);
    if (module == nullptr) return nullptr;
    JS_AddModuleExport(realm.context, module, "default");
    std::vector<std::string>& all = realm.synthetic[name];
    all.clear();
    auto elements = names.elements();
    if (!elements) return module;
    for (const Value& one : *elements) {
        all.push_back(one.text());
        JS_AddModuleExport(realm.context, module, all.back().c_str());
    }
    return module;
}

/// import.meta as Node fills it.
void describe(Realm& realm, JSModuleDef* module, const std::string& name) {
    Engine& engine = *realm.engine;
    const Value meta = realm.own(JS_GetImportMeta(realm.context, module));
    const std::string file = name.substr(0, name.find_first_of("?#"));
    std::string url = "file://";
    for (const std::string& part : split(file, '/'))
        url += (url == "file://" && part.empty() ? "" : "/") + percent_encode(part);
    static_cast<void>(meta.set("dirname", engine.string(file.substr(0, file.rfind('/')))));
    static_cast<void>(meta.set("filename", engine.string(file)));
    define(realm, meta, "resolve", [&realm, name](const Call& call) -> Answer<Value> {
        const Value arguments[] = {call[0], call.engine.string(name)};
        auto resolved = realm.core_call("resolveModule", arguments);
        if (!resolved || !resolved->text().starts_with('/')) return resolved;
        return call.engine.string("file://" + resolved->text());
    });
    static_cast<void>(meta.set("url", engine.string(url + name.substr(file.size()))));
}

JSModuleDef* compile_module(Realm& realm, const std::string& source, const std::string& name) {
    constexpr int kFlags = JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY;
    const JSValue compiled =
        JS_Eval(realm.context, source.c_str(), source.size(), name.c_str(), kFlags);
    if (JS_IsException(compiled) != 0) return nullptr;
    // QuickJS keeps the module itself in its list.
    auto* module = static_cast<JSModuleDef*>(JS_VALUE_GET_PTR(compiled));
    JS_FreeValue(realm.context, compiled);
    return module;
}

JSModuleDef* load(JSContext* context, const char* name, void*) {
    Realm& realm = Realm::of(context);
    const Value arguments[] = {realm.engine->string(name)};
    auto loaded = realm.core_call("loadModule", arguments);
    auto source = loaded ? loaded->get("source") : loaded;
    auto names = loaded ? loaded->get("names") : loaded;
    if (!source || !names) {
        realm.raise(!loaded ? loaded.error() : !source ? source.error() : names.error());
        return nullptr;
    }
    const auto text = source->string();
    if (!text) return synthetic(realm, name, *names);
    JSModuleDef* module = compile_module(realm, *text, name);
    if (module != nullptr) describe(realm, module, name);
    return module;
}

Answer<Value> compile(Realm& realm, const Call& call) {
    const std::string name = call[1].text();
    std::string source{kWrapper};
    source += call[0].string().value_or("");
    source += "\n})";
    realm.wrapped.insert(name);
    return realm.evaluate(source, name, JS_EVAL_TYPE_GLOBAL);
}

/// A module as require() needs it: now. A pending promise means that it awaits at its top level.
Answer<Value> import_now(Realm& realm, const Call& call) {
    const std::string name = call[0].text();
    std::string quoted = call[0].json().value();
    const std::string source =
        fmt::format("import * as all from {}; import.meta.take(all);", quoted);
    JSModuleDef* module =
        compile_module(realm, source, fmt::format("internal:require/{}", ++realm.imports));
    if (module == nullptr) return realm.caught();
    Value all;
    {
        const Value meta = realm.own(JS_GetImportMeta(realm.context, module));
        define(realm, meta, "take", [&all](const Call& inner) -> Answer<Value> {
            all = inner[0];
            return inner.engine.undefined();
        });
    }
    const JSValue function = JS_DupValue(realm.context, JS_MKPTR(JS_TAG_MODULE, module));
    auto ran = realm.answer(JS_EvalFunction(realm.context, function));
    if (!ran) return ran;
    if (ran->promised() == Promised::rejected) {
        // Thrown to whoever requires, so handled.
        realm.loop->handled(*ran);
        return realm.exception_of(ran->promised_value());
    }
    if (ran->promised() == Promised::pending) {
        return call.engine.error(
            "Error",
            fmt::format("require() cannot be used on an ES module with top-level await: {}", name),
            {{"code", call.engine.string("ERR_REQUIRE_ASYNC_MODULE")}});
    }
    return all;
}

Answer<Value> is_module(Realm& realm, const Call& call) {
    const std::string source = call[0].string().value_or("");
    const bool is =
        compile_module(realm, source, fmt::format("internal:detect/{}", ++realm.imports)) !=
        nullptr;
    if (!is) static_cast<void>(realm.caught());
    return call.engine.boolean(is);
}

Answer<Value> bundle(Realm& realm, const Call& call) {
    const auto found = realm.bundles.find(call[0].text());
    if (found == realm.bundles.end())
        return call.engine.error("Error", "there is no bundle " + call[0].text());
    return realm.unpack(found->second);
}

/// The engine has a copy of its own; these pages of the program come back from its file when another engine reads them.
void let_go(std::span<const std::uint8_t> bytecode) {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto first = reinterpret_cast<std::uintptr_t>(bytecode.data());
    const std::uintptr_t begin = (first + page - 1) / page * page;
    const std::uintptr_t end = (first + bytecode.size()) / page * page;
    if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace

std::size_t wrapper_length() {
    return kWrapper.size();
}

void set_module_loader(Realm& realm) {
    JS_SetModuleLoaderFunc(realm.runtime, normalize, load, nullptr);
}

void add_modules(Realm& realm, const Value& host) {
    define(realm, host, "compile", [&realm](const Call& call) { return compile(realm, call); });
    define(realm, host, "bundle", [&realm](const Call& call) { return bundle(realm, call); });
    define(
        realm, host, "importNow", [&realm](const Call& call) { return import_now(realm, call); });
    define(realm, host, "isModuleSource", [&realm](const Call& call) {
        return is_module(realm, call);
    });
    define(realm, host, "hasBundle", [&realm](const Call& call) -> Answer<Value> {
        const std::string name = call[0].text();
        return call.engine.boolean(name.find(':') == std::string::npos &&
                                   realm.bundles.contains(name));
    });
    define(realm, host, "hasModule", [&realm](const Call& call) -> Answer<Value> {
        return call.engine.boolean(realm.modules.contains(call[0].text()));
    });
    define(realm, host, "makeModule", [&realm](const Call& call) -> Answer<Value> {
        const auto make = realm.modules.find(call[0].text())->second;
        return make(call.engine);
    });
    define(realm, host, "loaded", [&realm](const Call& call) -> Answer<Value> {
        realm.loaded.push_back(call[0].text());
        return call.engine.undefined();
    });
    define(realm, host, "loads", [&realm](const Call& call) -> Answer<Value> {
        realm.loading.insert(call[0].text());
        return call.engine.undefined();
    });
    define(realm, host, "typescript", [&realm](const Call& call) -> Answer<Value> {
        realm.typescript.insert_or_assign(call[0].text(), call[1].string().value_or(""));
        return call.engine.undefined();
    });
}

Answer<Value> Realm::evaluate(std::string_view source, std::string_view name, int flags) {
    // Both must end with a NUL.
    const std::string text{source};
    return answer(JS_Eval(context, text.c_str(), text.size(), std::string{name}.c_str(), flags));
}

Answer<Value> Realm::unpack(std::span<const std::uint8_t> bytecode) {
    const JSValue code =
        JS_ReadObject(context, bytecode.data(), bytecode.size(), JS_READ_OBJ_BYTECODE);
    let_go(bytecode);
    if (JS_IsException(code) != 0) return caught();
    return answer(JS_EvalFunction(context, code));
}

Answer<Value> Realm::core_call(std::string_view name, std::span<const Value> arguments) {
    return core.invoke(name, arguments);
}

}  // namespace ainit::script
