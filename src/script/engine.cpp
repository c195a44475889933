// SPDX-License-Identifier: Apache-2.0
#include "script/engine.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/text.h"
#include "script/bundles.h"
#include "script/files.h"
#include "script/host.h"
#include "script/realm.h"

namespace ainit::script {
namespace {

Failure unusable(std::string because) {
    Failure failure;
    failure.code = Code::internal;
    failure.what = "cannot start the JavaScript engine";
    failure.because = std::move(because);
    failure.state = "No script has run.";
    return failure;
}

/// The real paths of the folders that scripts may read; the project's must be there.
Result<void> open_folders(Realm& realm) {
    realm.roots = {"/"};
    auto project = real_below(realm, realm.options.project);
    if (!project) {
        return unusable(fmt::format("folder {} cannot be opened: {}",
                                    realm.options.project,
                                    errno_text(project.error().value())));
    }
    std::vector<std::string> roots{*project};
    for (const std::string& folder : realm.options.folders) {
        if (auto real = real_below(realm, folder)) roots.push_back(*real);
    }
    realm.options.project = *project;
    realm.roots = std::move(roots);
    return ok();
}

}  // namespace

Engine::Engine(std::unique_ptr<Realm> realm) : realm_{std::move(realm)} {
    realm_->engine = this;
}

Engine::~Engine() {
    flush_console(*realm_);
}

Result<std::unique_ptr<Engine>> Engine::create(Options options) {
    auto realm = std::make_unique<Realm>(std::move(options));
    if (auto opened = open_folders(*realm); !opened) return std::move(opened).error();
    if (!realm->open()) return unusable("out of memory");
    std::unique_ptr<Engine> engine{new Engine{std::move(realm)}};
    if (auto booted = engine->realm_->boot(); !booted) {
        const Exception& why = booted.error();
        if (why.kind == Exception::Kind::interrupted)
            return why.failure(
                Code::internal, Code::internal, "cannot start the JavaScript engine");
        return unusable(why.report());
    }
    return engine;
}

Answer<void> Realm::boot() {
    for (const Bundle& one : own_bundles()) bundles.emplace(one.name, one.bytecode);
    set_module_loader(*this);
    auto code = unpack(bundles.find("internal:bootstrap")->second);
    if (!code) return std::move(code).error();
    const Value module = engine->object({{"exports", engine->object()}});
    const Value given[] = {Value{}, Value{}, module};
    if (auto ran = code->call(given); !ran) return std::move(ran).error();
    auto start = module.get("exports");
    if (!start) return std::move(start).error();
    const Value arguments[] = {make_host(*this)};
    auto made = start->call(arguments);
    if (!made) return std::move(made).error();
    core = std::move(*made);
    return done();
}

void Engine::limit(const Stop& stop) {
    realm_->options.stop = stop;
    realm_->was_interrupted = false;
}

Value Engine::undefined() {
    return realm_->own(JS_UNDEFINED);
}

Value Engine::null() {
    return realm_->own(JS_NULL);
}

Value Engine::boolean(bool value) {
    return realm_->own(JS_NewBool(realm_->context, value ? 1 : 0));
}

Value Engine::number(double value) {
    return realm_->own(JS_NewFloat64(realm_->context, value));
}

Value Engine::bigint(std::int64_t value) {
    return realm_->own(JS_NewBigInt64(realm_->context, value));
}

Value Engine::string(std::string_view text) {
    return realm_->own(realm_->new_string(text));
}

JSValue Realm::new_string(std::string_view text) {
    if (valid_utf8(text)) return JS_NewStringLen(context, text.data(), text.size());
    const std::string mended = mend_utf8(text);
    return JS_NewStringLen(context, mended.data(), mended.size());
}

Value Engine::buffer(std::span<const std::byte> bytes) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    const Value arguments[] = {
        realm_->own(JS_NewArrayBufferCopy(realm_->context, data, bytes.size()))};
    auto made = realm_->core_call("bufferOf", arguments);
    return made ? std::move(*made) : Value{};
}

Value Engine::array(std::span<const Value> elements) {
    Value made = realm_->own(JS_NewArray(realm_->context));
    std::uint32_t at = 0;
    for (const Value& one : elements) {
        JS_DefinePropertyValueUint32(
            realm_->context, Realm::raw(made), at++, realm_->give(one), JS_PROP_C_W_E);
    }
    return made;
}

Value Engine::strings(std::span<const std::optional<std::string_view>> elements) {
    Value made = realm_->own(JS_NewArray(realm_->context));
    std::uint32_t at = 0;
    for (const auto& one : elements) {
        const JSValue element = one ? realm_->new_string(*one) : JS_NULL;
        JS_DefinePropertyValueUint32(
            realm_->context, Realm::raw(made), at++, element, JS_PROP_C_W_E);
    }
    return made;
}

Value Engine::object(std::initializer_list<std::pair<std::string_view, Value>> members) {
    Value made = realm_->own(JS_NewObject(realm_->context));
    for (const auto& [name, value] : members) static_cast<void>(made.set(name, value));
    return made;
}

Answer<Value> Engine::parse_json(std::string_view text) {
    const std::string copy{text};
    return realm_->answer(JS_ParseJSON(realm_->context, copy.c_str(), copy.size(), "JSON"));
}

Value Engine::function(std::string name, Native native) {
    return realm_->function(name, std::move(native));
}

Exception Engine::error(std::string_view name,
                        std::string_view message,
                        std::initializer_list<std::pair<std::string_view, Value>> properties) {
    const Value arguments[] = {string(message)};
    auto constructor = global().get(name);
    auto made = constructor ? constructor->construct(arguments) : constructor;
    if (!made) return std::move(made).error();
    for (const auto& [key, value] : properties) static_cast<void>(made->set(key, value));
    return realm_->exception_of(std::move(*made));
}

Exception Engine::thrown(const Value& value) {
    return realm_->exception_of(value);
}

Deferred Engine::deferred() {
    JSValue ends[2] = {JS_UNDEFINED, JS_UNDEFINED};
    Value promise = realm_->own(JS_NewPromiseCapability(realm_->context, ends));
    return {std::move(promise), realm_->own(ends[0]), realm_->own(ends[1])};
}

Value Engine::global() {
    return realm_->own(JS_GetGlobalObject(realm_->context));
}

std::string Engine::stack() {
    return realm_->stack();
}

std::vector<Frame> Engine::frames(std::string_view stack) {
    return realm_->frames_of(stack);
}

void Engine::module(std::string name, std::function<Answer<Value>(Engine&)> make) {
    realm_->modules.insert_or_assign(std::move(name), std::move(make));
}

void Engine::module(const Bundle& bundle) {
    realm_->bundles.insert_or_assign(std::string{bundle.name}, bundle.bytecode);
}

Answer<Value> Engine::require(std::string_view specifier) {
    const Value arguments[] = {string(specifier)};
    return realm_->core_call("require", arguments);
}

Answer<Value> Engine::import(std::string_view specifier) {
    const Value arguments[] = {string(specifier)};
    return realm_->core_call("importModule", arguments);
}

Answer<Value> Engine::run_main(std::string_view path) {
    const Value arguments[] = {string(path)};
    return realm_->core_call("runMain", arguments);
}

Answer<Value> Engine::evaluate(std::string_view source, std::string_view name) {
    return realm_->evaluate(source, name, JS_EVAL_TYPE_GLOBAL);
}

Answer<Value> Engine::settle(const Value& value) {
    return realm_->loop->settle(value);
}

Answer<void> Engine::drain() {
    return realm_->loop->drain();
}

TaskId Engine::watch(int fd, short events, std::function<void(short ready)> callback, Holds holds) {
    return realm_->loop->watch(fd, events, std::move(callback), holds);
}

void Engine::watch_for(TaskId id, short events, Holds holds) {
    realm_->loop->watch_for(id, events, holds);
}

void Engine::unwatch(TaskId id) {
    realm_->loop->unwatch(id);
}

TaskId Engine::after(Duration delay, std::function<void()> callback, Holds holds) {
    return realm_->loop->timer(delay, std::move(callback), holds, false);
}

void Engine::cancel(TaskId id) {
    realm_->loop->cancel(id);
}

void Engine::post(std::function<void()> callback) {
    realm_->loop->immediate(std::move(callback));
}

std::size_t Engine::memory_used() const {
    return realm_->heap.used;
}

bool Engine::stands_alone(std::string_view file) const {
    return !realm_->loading.contains(file);
}

std::vector<std::string> Engine::loaded_files() const {
    return realm_->loaded;
}

}  // namespace ainit::script
