// SPDX-License-Identifier: Apache-2.0
// An embedded JavaScript engine that behaves to scripts like Node: modules, Node's own modules, an
// event loop. Scripts run confined: limits of memory and stack, the Stop's deadline, no network,
// and files only below declared folders, which they can read and not write.
//
// One engine belongs to one thread, from create() to its end. Nothing runs by itself: scripts run
// inside the calls of this class, and promises, timers and descriptors go on in settle().
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/stop.h"
#include "script/value.h"

namespace ainit::script {

/// What a script writes with console, or to process.stdout and process.stderr.
enum class Console { debug, info, warn, error };

struct Options {
    std::size_t memory_limit{std::size_t{256} << 20U};  ///< of JavaScript's heap, in bytes
    /// Of this thread's stack, in bytes; half of what the thread has at most.
    std::size_t stack_limit{std::size_t{2} << 20U};
    Stop stop{};

    std::string project{};  ///< the folder scripts may read, with all below it; also process.cwd()
    std::vector<std::string> folders{};      ///< further folders that may be read
    std::vector<std::string> environment{};  ///< process.env as NAME=VALUE: without our secrets
    std::vector<std::string> arguments{};    ///< process.argv after the first two
    std::function<void(Console, std::string_view)> console{};  ///< lines without their end

    /// The way out that messages about missing parts of Node end with: `run it with Node
    /// (engine = "command")`.
    std::string way_out{};
    /// TypeScript's file with the compiler's options; empty: tsconfig.json in the project's folder
    /// or the nearest above it that may be read. Its baseUrl, paths and options of decorators
    /// count; a missing file is no error.
    std::string tsconfig{};
};

/// A script that was compiled with the program (see cmake/javascript.cmake): CommonJS, without its
/// source. `name` is how scripts require it. The bytecode must be read-only data of the program's file:
/// once read, its pages are given back to the kernel.
struct Bundle {
    std::string_view name{};
    std::span<const std::uint8_t> bytecode{};
};

/// The two ends of a promise that C++ settles. Settling twice does nothing, and neither does
/// settling after the engine's end.
struct Deferred {
    Value promise{};
    Value resolve_function{};
    Value reject_function{};

    void resolve(const Value& value) const;
    void reject(const Exception& exception) const;
};

/// Whether something that is waited for keeps settle() waiting, as ref() and unref() in Node.
enum class Holds { loop, nothing };

using TaskId = std::uint32_t;

class Engine {
  public:
    /// A Failure (Code::internal) if there is not even memory for the engine itself, or the
    /// project's folder cannot be opened.
    static Result<std::unique_ptr<Engine>> create(Options options);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// From here on this Stop ends scripts and waits, such as one with a migration's own deadline.
    void limit(const Stop& stop);

    // --- Making values ---
    Value undefined();
    Value null();
    Value boolean(bool value);
    Value number(double value);
    Value bigint(std::int64_t value);
    /// Bytes that are not UTF-8 become U+FFFD.
    Value string(std::string_view text);
    /// A Buffer of Node's, with a copy of the bytes.
    Value buffer(std::span<const std::byte> bytes);
    Value array(std::span<const Value> elements = {});
    /// An array of strings, null where there is none: a row of a result, made without a Value each.
    Value strings(std::span<const std::optional<std::string_view>> elements);
    Value object(std::initializer_list<std::pair<std::string_view, Value>> members = {});
    Answer<Value> parse_json(std::string_view text);
    Value function(std::string name, Native native);
    /// `new name(message)` of a global constructor ("Error", "TypeError"), with own properties.
    Exception error(std::string_view name,
                    std::string_view message,
                    std::initializer_list<std::pair<std::string_view, Value>> properties = {});
    /// Any value as what is thrown.
    Exception thrown(const Value& value);
    /// A promise for a native that answers later: it returns `promise` and settles it in a
    /// callback.
    Deferred deferred();
    Value global();
    /// Where the script is that called the native that asks, as QuickJS writes it: cheap to take, and to
    /// be read by frames() while the engine lives. It ends at the last await: QuickJS knows no
    /// asynchronous callers.
    std::string stack();
    /// The frames of a stack, in the original sources.
    std::vector<Frame> frames(std::string_view stack);

    // --- Modules ---
    /// A module made in C++, as if it lay in node_modules: `make` runs at its first require or
    /// import, and its members become the module's exports. Goes before packages of the same name.
    void module(std::string name, std::function<Answer<Value>(Engine&)> make);
    /// A bundle that scripts may require by its name; evaluated at its first require.
    void module(const Bundle& bundle);
    /// require() as a file in the project's folder has it. For bundles, host modules, Node's own
    /// modules, packages and paths; a TypeError for ES modules.
    Answer<Value> require(std::string_view specifier);
    /// import() of a file (absolute, or relative to the project's folder) or specifier: the promise
    /// of its namespace, to be settled. CommonJS has its exports as `default`.
    Answer<Value> import(std::string_view specifier);
    /// Runs a file as `node FILE` would: it is require.main or the main ES module. Its promise is
    /// settled when the file has run to its end, top-level await included.
    Answer<Value> run_main(std::string_view path);
    /// The value of an expression or script; `name` is its file name in stack traces.
    Answer<Value> evaluate(std::string_view source, std::string_view name);

    // --- The loop ---
    /// Runs jobs, timers and watched descriptors until `value`, if it is a promise, is settled, and
    /// returns what it was fulfilled with. Ends with what it was rejected for; with an exception
    /// that nothing caught, in a callback or by a promise that nobody handles, as Node would end
    /// the process; when the Stop is over; and as `stalled` when nothing is left to wait for.
    Answer<Value> settle(const Value& value);
    /// Runs until nothing holds the loop: what node does after a file has run.
    Answer<void> drain();
    /// Calls back while a descriptor is ready (POLLIN, POLLOUT; errors and hang-ups always count),
    /// as a macrotask: promises' jobs have run before and run after. Not owned: unwatch it before
    /// it is closed.
    TaskId watch(int fd,
                 short events,
                 std::function<void(short ready)> callback,
                 Holds holds = Holds::loop);
    /// Other events, or none for a while (0, which holds nothing).
    void watch_for(TaskId id, short events, Holds holds = Holds::loop);
    void unwatch(TaskId id);
    /// Calls back once, as a macrotask. Not before other timers that are due earlier.
    TaskId after(Duration delay, std::function<void()> callback, Holds holds = Holds::loop);
    void cancel(TaskId id);
    /// Calls back in the next round of the loop, as setImmediate.
    void post(std::function<void()> callback);

    // --- For tests and reports ---
    std::size_t memory_used() const;
    /// Files that were read as modules, in order: what a change of could matter.
    std::vector<std::string> loaded_files() const;
    /// Whether a file that was loaded loaded no other one of the project (of node_modules neither): then what it exports
    /// depends on its own text alone.
    bool stands_alone(std::string_view file) const;

  private:
    friend struct Realm;
    explicit Engine(std::unique_ptr<Realm> realm);
    std::unique_ptr<Realm> realm_;
};

}  // namespace ainit::script
