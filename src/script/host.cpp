// SPDX-License-Identifier: Apache-2.0
#include "script/host.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/text.h"
#include "script/files.h"

namespace ainit::script {
namespace {

double milliseconds(const timespec& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

Value numbers(Engine& engine, std::span<const double> all) {
    std::vector<Value> values;
    for (const double one : all) values.push_back(engine.number(one));
    return engine.array(values);
}

Value status_values(Engine& engine, const struct stat& status) {
    const auto n = [](auto number) { return static_cast<double>(number); };
    // A birth time has no place in struct stat: the earliest of the others is Node's own stand-in.
    const double birth = std::min(milliseconds(status.st_mtim), milliseconds(status.st_ctim));
    const std::array<double, 14> all{n(status.st_dev),
                                     n(status.st_mode),
                                     n(status.st_nlink),
                                     n(status.st_uid),
                                     n(status.st_gid),
                                     n(status.st_rdev),
                                     n(status.st_blksize),
                                     n(status.st_ino),
                                     n(status.st_size),
                                     n(status.st_blocks),
                                     milliseconds(status.st_atim),
                                     milliseconds(status.st_mtim),
                                     milliseconds(status.st_ctim),
                                     birth};
    return numbers(engine, all);
}

std::string path_of(const Call& call) {
    return call[0].string().value_or("");
}

template <class T>
Value number_of(Engine& engine, const Read<T>& failed) {
    return engine.number(failed.error().value());
}

Answer<Value> read_bytes(Realm& realm, const Call& call) {
    const auto bytes = read_below(realm, path_of(call));
    if (!bytes) return number_of(call.engine, bytes);
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes->data());
    return realm.answer(JS_NewArrayBufferCopy(realm.context, data, bytes->size()));
}

Answer<Value> list(Realm& realm, const Call& call) {
    const auto all = list_below(realm, path_of(call));
    if (!all) return number_of(call.engine, all);
    std::vector<Value> entries;
    for (const Named& one : *all) {
        const Value pair[] = {call.engine.string(one.name), call.engine.string(one.type)};
        entries.push_back(call.engine.array(pair));
    }
    return call.engine.array(entries);
}

Answer<Value> kind(Realm& realm, const Call& call) {
    const auto status = status_below(realm, path_of(call), true);
    if (!status) return call.engine.string("");
    return call.engine.string(S_ISDIR(status->st_mode)   ? "folder"
                              : S_ISREG(status->st_mode) ? "file"
                                                         : "other");
}

Answer<Value> processor(const Call& call) {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto micros = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    };
    return call.engine.object({{"user", call.engine.number(micros(usage.ru_utime))},
                               {"system", call.engine.number(micros(usage.ru_stime))}});
}

Answer<Value> memory(Realm& realm, const Call& call) {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto heap = static_cast<double>(realm.heap.used);
    Engine& engine = call.engine;
    return engine.object({{"rss", engine.number(static_cast<double>(usage.ru_maxrss) * 1024)},
                          {"heapTotal", engine.number(heap)},
                          {"heapUsed", engine.number(heap)},
                          {"external", engine.number(0)},
                          {"arrayBuffers", engine.number(0)}});
}

Answer<Value> system_facts(const Call& call) {
    utsname name{};
    ::uname(&name);
    struct sysinfo info{};
    ::sysinfo(&info);
    std::array<double, 3> load{};
    ::getloadavg(load.data(), 3);
    Engine& engine = call.engine;
    const auto bytes = [&](unsigned long count) {
        return engine.number(static_cast<double>(count) * info.mem_unit);
    };
    return engine.object(
        {{"type", engine.string(name.sysname)},
         {"release", engine.string(name.release)},
         {"version", engine.string(name.version)},
         {"machine", engine.string(name.machine)},
         {"hostname", engine.string(name.nodename)},
         {"uptime", engine.number(static_cast<double>(info.uptime))},
         {"load", numbers(engine, load)},
         {"total", bytes(info.totalram)},
         {"free", bytes(info.freeram)},
         {"processors", engine.number(static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN)))}});
}

Value texts(Engine& engine, const std::vector<std::string>& all) {
    std::vector<Value> values;
    for (const std::string& one : all) values.push_back(engine.string(one));
    return engine.array(values);
}

Console level_of(std::string_view name) {
    if (name == "debug") return Console::debug;
    if (name == "warn") return Console::warn;
    return name == "error" ? Console::error : Console::info;
}

void write_lines(Realm& realm, Console level, std::string_view text) {
    std::string& rest = realm.unfinished[level];
    rest += text;
    std::size_t begin = 0;
    for (std::size_t end = rest.find('\n'); end != std::string::npos;
         end = rest.find('\n', begin)) {
        if (realm.options.console)
            realm.options.console(level, std::string_view{rest}.substr(begin, end - begin));
        begin = end + 1;
    }
    rest.erase(0, begin);
}

}  // namespace

void define(Realm& realm, const Value& host, const char* name, Native native) {
    static_cast<void>(host.set(name, realm.function(name, std::move(native))));
}

void flush_console(Realm& realm) {
    for (auto& [level, rest] : realm.unfinished) {
        if (!rest.empty()) write_lines(realm, level, "\n");
    }
}

void add_files(Realm& realm, const Value& host) {
    define(realm, host, "read", [&realm](const Call& call) { return read_bytes(realm, call); });
    define(realm, host, "readText", [&realm](const Call& call) -> Answer<Value> {
        const auto text = read_below(realm, path_of(call));
        return text ? call.engine.string(*text) : number_of(call.engine, text);
    });
    define(realm, host, "stat", [&realm](const Call& call) -> Answer<Value> {
        const auto status = status_below(realm, path_of(call), call[1].truthy());
        return status ? status_values(call.engine, *status) : number_of(call.engine, status);
    });
    define(realm, host, "kind", [&realm](const Call& call) { return kind(realm, call); });
    define(realm, host, "list", [&realm](const Call& call) { return list(realm, call); });
    define(realm, host, "realpath", [&realm](const Call& call) -> Answer<Value> {
        const auto real = real_below(realm, path_of(call));
        return real ? call.engine.string(*real) : number_of(call.engine, real);
    });
    define(realm, host, "readlink", [&realm](const Call& call) -> Answer<Value> {
        const auto target = link_below(realm, path_of(call));
        return target ? call.engine.string(*target) : number_of(call.engine, target);
    });
    define(realm, host, "outside", [&realm](const Call& call) -> Answer<Value> {
        const auto real = real_below(realm, path_of(call));
        return call.engine.boolean(!real && real.error().value() == EACCES);
    });
    static_cast<void>(host.set("roots", texts(*realm.engine, realm.roots)));
}

void add_system(Realm& realm, const Value& host) {
    Engine& engine = *realm.engine;
    define(realm, host, "system", system_facts);
    define(realm, host, "memory", [&realm](const Call& call) { return memory(realm, call); });
    define(realm, host, "processor", processor);
    define(realm, host, "nanoseconds", [](const Call& call) -> Answer<Value> {
        return call.engine.bigint(
            std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch())
                .count());
    });
    define(realm, host, "write", [&realm](const Call& call) -> Answer<Value> {
        write_lines(realm, level_of(call[0].text()), call[1].string().value_or(""));
        return call.engine.undefined();
    });
    utsname name{};
    ::uname(&name);
    const std::string_view machine{name.machine};
    const std::string architecture{machine == "x86_64"    ? "x64"
                                   : machine == "aarch64" ? "arm64"
                                                          : machine};
    const std::pair<const char*, Value> constants[] = {
        {"environment", texts(engine, realm.options.environment)},
        {"arguments", texts(engine, realm.options.arguments)},
        {"project", engine.string(realm.options.project)},
        {"tsconfig", engine.string(realm.options.tsconfig)},
        {"wayOut", engine.string(realm.options.way_out)},
        {"architecture", engine.string(architecture)},
        {"pid", engine.number(::getpid())},
        {"uid", engine.number(::getuid())},
        {"gid", engine.number(::getgid())},
    };
    for (const auto& [key, value] : constants) static_cast<void>(host.set(key, value));
}

void add_text(Realm& realm, const Value& host) {
    define(realm, host, "encode", [&realm](const Call& call) -> Answer<Value> {
        const std::string text = call[0].string().value_or("");
        return realm.answer(JS_NewArrayBufferCopy(
            realm.context, reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
    });
    define(realm, host, "decode", [](const Call& call) -> Answer<Value> {
        const auto bytes = call[0].bytes().value_or(std::span<const std::byte>{});
        const std::string_view text{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
        if (call[1].truthy() && !valid_utf8(text)) return call.engine.undefined();
        return call.engine.string(text);
    });
    define(realm, host, "isError", [](const Call& call) -> Answer<Value> {
        return call.engine.boolean(call[0].is(Kind::error));
    });
    define(realm, host, "isPromise", [](const Call& call) -> Answer<Value> {
        return call.engine.boolean(call[0].promised() != Promised::no_promise);
    });
}

void add_loop(Realm& realm, const Value& host) {
    // A task that calls a script's function; what that throws, nobody has caught.
    const auto task = [&realm](const Value& callback) {
        return [&realm, callback] {
            if (auto answer = callback.call(); !answer) realm.loop->fail(std::move(answer).error());
        };
    };
    define(realm, host, "timer", [&realm, task](const Call& call) -> Answer<Value> {
        const Duration delay{call[1].integer().value_or(1)};
        return call.engine.number(
            realm.loop->timer(delay, task(call[0]), Holds::loop, call[2].truthy()));
    });
    define(realm, host, "immediate", [&realm, task](const Call& call) -> Answer<Value> {
        return call.engine.number(realm.loop->immediate(task(call[0])));
    });
    define(realm, host, "cancel", [&realm](const Call& call) -> Answer<Value> {
        return call.engine.boolean(
            realm.loop->cancel(static_cast<TaskId>(call[0].integer().value_or(0))));
    });
    define(realm, host, "hold", [&realm](const Call& call) -> Answer<Value> {
        realm.loop->hold(static_cast<TaskId>(call[0].integer().value_or(0)),
                         call[1].truthy() ? Holds::loop : Holds::nothing);
        return call.engine.undefined();
    });
    define(realm, host, "tick", [&realm](const Call& call) -> Answer<Value> {
        if (!call[0].is(Kind::function))
            return call.engine.error("TypeError",
                                     "The \"callback\" argument must be of type function");
        realm.loop->tick(call[0]);
        return call.engine.undefined();
    });
    define(realm, host, "microtask", [&realm](const Call& call) -> Answer<Value> {
        if (!call[0].is(Kind::function))
            return call.engine.error("TypeError",
                                     "The \"callback\" argument must be of type function");
        JSValueConst job[] = {Realm::raw(call[0])};
        const auto run = [](JSContext* context, int, JSValueConst* given) {
            return JS_Call(context, given[0], JS_UNDEFINED, 0, nullptr);
        };
        if (JS_EnqueueJob(realm.context, run, 1, job) != 0) return realm.caught();
        return call.engine.undefined();
    });
}

Value make_host(Realm& realm) {
    Value host = realm.engine->object();
    add_files(realm, host);
    add_modules(realm, host);
    add_loop(realm, host);
    add_system(realm, host);
    add_crypto(realm, host);
    add_text(realm, host);
    return host;
}

}  // namespace ainit::script
