// SPDX-License-Identifier: Apache-2.0
// JavaScript values as C++ sees them: handles that keep a value alive, and what a script throws. A
// Value belongs to one engine and its thread; one that outlives its engine turns into undefined.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

#include "base/failure.h"
#include "base/stop.h"

namespace ainit::script {

class Engine;
class Value;
struct Exception;
struct Realm;

/// What JavaScript answers: a value, or what was thrown instead.
template <class T>
using Answer = boost::system::result<T, Exception>;

enum class Kind {
    undefined,
    null,
    boolean,
    number,
    bigint,
    string,
    symbol,
    function,
    array,
    bytes,  ///< ArrayBuffer, Uint8Array and the other views, Node's Buffer
    error,
    promise,
    object,
};

enum class Promised { no_promise, pending, fulfilled, rejected };

class Value {
  public:
    /// Undefined; belongs to no engine until it is assigned to.
    Value() noexcept;
    ~Value();
    Value(const Value& other);
    Value(Value&& other) noexcept;
    Value& operator=(const Value& other);
    Value& operator=(Value&& other) noexcept;

    Kind kind() const;

    bool is(Kind wanted) const { return kind() == wanted; }

    bool nullish() const;

    // What it is in C++, if it is of that type; nothing is converted.
    std::optional<bool> boolean() const;
    std::optional<double> number() const;
    /// A number without fraction below 2^53, or a bigint of 64 bits.
    std::optional<std::int64_t> integer() const;
    /// UTF-8; a lone surrogate becomes U+FFFD, as when Node encodes it.
    std::optional<std::string> string() const;
    /// Valid while this Value lives and JavaScript does not run.
    std::optional<std::span<const std::byte>> bytes() const;

    /// For people: String(value), or its kind if that throws.
    std::string text() const;
    /// What JavaScript calls truth: not undefined, null, false, 0, NaN, 0n or "".
    bool truthy() const;

    // Members. Getters and proxies run scripts, hence the Answer.
    Answer<Value> get(std::string_view name) const;
    Answer<Value> get(std::uint32_t index) const;
    Answer<void> set(std::string_view name, const Value& value) const;
    Answer<void> set(std::uint32_t index, const Value& value) const;
    /// Own enumerable names, in JavaScript's order.
    Answer<std::vector<std::string>> names() const;
    /// The elements of an array; a TypeError for anything else.
    Answer<std::vector<Value>> elements() const;
    /// JSON.stringify; "null" for what JSON has no text for.
    Answer<std::string> json() const;

    // Functions. Only the function itself runs: what it promises, and the jobs it leaves, run in
    // Engine::settle().
    Answer<Value> call(std::span<const Value> arguments = {}) const;
    Answer<Value> call_on(const Value& self, std::span<const Value> arguments = {}) const;
    Answer<Value> construct(std::span<const Value> arguments = {}) const;
    /// `value.name(…arguments)`.
    Answer<Value> invoke(std::string_view name, std::span<const Value> arguments = {}) const;

    // Promises.
    Promised promised() const;
    /// What it was fulfilled with or rejected for; undefined while pending.
    Value promised_value() const;

    /// `===`.
    bool same(const Value& other) const;

  private:
    friend struct Realm;
    // The engine's values are in one ring, so that it can let go of them when it ends. The value
    // itself is QuickJS's, whose header only this room's sources include.
    Realm* realm_{nullptr};
    Value* before_{nullptr};
    Value* after_{nullptr};
    alignas(8) std::array<std::byte, 16> raw_{};
};

/// A call of JavaScript into C++.
struct Call {
    Engine& engine;
    const Value& self;
    std::span<const Value> arguments;

    /// Undefined beyond the last.
    const Value& operator[](std::size_t index) const;
};

/// A function that scripts may call. The Exception of its Answer is thrown there.
using Native = std::function<Answer<Value>(const Call&)>;

/// One line of a stack trace.
struct Frame {
    std::string function{};
    Origin where{};  ///< in the original source, if there is a source map
};

/// What a script threw, or why it was ended. Made by scripts, and by Engine::error() for natives.
struct Exception {
    enum class Kind {
        thrown,  ///< by a script; also when its stack is exhausted, a RangeError in Node's terms
        interrupted,  ///< the Stop is over: asked to stop, or the deadline
        memory,       ///< the memory limit
        stalled,      ///< a promise is pending and nothing is left to wait for
    };

    Kind kind{Kind::thrown};
    std::string name{};     ///< "TypeError", "QueryFailedError"; "" if what was thrown is no Error
    std::string message{};  ///< of the Error, or what was thrown as text
    std::vector<Frame> stack{};
    Value value{};  ///< what was thrown; undefined unless `thrown` or `memory`
    Stop stop{};    ///< the engine's, where `interrupted`

    /// The first frame in a file of the project: not of the engine's own modules or bundles.
    Origin where() const;
    /// "TypeError: x is not a function".
    std::string text() const;
    /// An own or inherited property as text ("code", "query"); empty if there is none. Reads by
    /// getters that throw are empty too.
    std::string property(std::string_view name) const;
    /// As Node prints it: text(), then the stack.
    std::string report() const;

    /// The Failure of whoever called: because, where and the stack as excerpt are filled in. An
    /// interrupted script gives Stop::failure with `timed_out`.
    Failure failure(Code code, Code timed_out, std::string what) const;
};

/// Lets `.value()` on an Exception throw: a bug, since callers look before they take.
[[noreturn]] void throw_exception_from_error(const Exception& exception,
                                             const boost::source_location& where);

inline Answer<void> done() {
    return Answer<void>{boost::system::in_place_value};
}

}  // namespace ainit::script
