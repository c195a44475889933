// SPDX-License-Identifier: Apache-2.0
// What lies behind an Engine: QuickJS's runtime and context, the ring of living Values, and the way
// between the two worlds. Only this room includes it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <quickjs/quickjs.h>

#include "script/engine.h"
#include "script/loop.h"
#include "script/value.h"

namespace ainit::script {

/// What QuickJS's allocator counts by. A refusal is remembered, so that "out of memory" is known
/// without reading an exception's text.
struct Heap {
    std::size_t used{0};
    std::size_t limit{0};
    bool refused{false};
};

struct Realm {
    explicit Realm(Options given);
    ~Realm();
    Realm(const Realm&) = delete;
    Realm& operator=(const Realm&) = delete;

    /// False if there is no memory for runtime and context.
    bool open();

    static Realm& of(JSContext* context);

    // --- Values ---
    /// Takes over a reference.
    Value own(JSValue value);
    /// Adds a reference.
    Value share(JSValueConst value);
    /// The reference that the Value holds; undefined for a Value of no engine.
    static JSValueConst raw(const Value& value);
    /// A further reference to it.
    JSValue give(const Value& value);
    /// Bytes that are not UTF-8 become U+FFFD.
    JSValue new_string(std::string_view text);
    static void link(Value& value, Realm* realm, JSValue owned);
    static void unlink(Value& value);
    static Realm* realm_of(const Value& value);
    /// Takes the place of `from` in the ring.
    static void move(Value& from, Value& to);
    /// The value, or what was thrown if it is JS_EXCEPTION.
    Answer<Value> answer(JSValue value);
    Answer<void> answer(int result);

    // --- Exceptions ---
    /// What QuickJS has pending.
    Exception caught();
    /// A value as what was thrown, with its stack mapped.
    Exception exception_of(Value thrown);
    /// Makes it pending in QuickJS; returns JS_EXCEPTION.
    JSValue raise(const Exception& exception);
    Exception interrupted();
    std::vector<Frame> frames_of(std::string_view stack);
    std::string stack();

    // --- Natives ---
    Value function(const std::string& name, Native native);

    // --- Scripts ---
    /// Sets up Node's globals and loader.
    Answer<void> boot();
    Answer<Value> evaluate(std::string_view source, std::string_view name, int flags);
    /// The function that a bundle's bytecode is.
    Answer<Value> unpack(std::span<const std::uint8_t> bytecode);
    /// `core.name(…)`, a function of the loader.
    Answer<Value> core_call(std::string_view name, std::span<const Value> arguments);

    Options options;
    Heap heap{};
    JSRuntime* runtime{nullptr};
    JSContext* context{nullptr};
    Engine* engine{nullptr};
    bool was_interrupted{false};
    Value ring{};  ///< the ring's fixed member; its own value is undefined
    Value core{};  ///< what the loader offers to C++
    std::unique_ptr<Loop> loop{};
    std::map<std::string, std::function<Answer<Value>(Engine&)>, std::less<>> modules{};
    std::map<std::string, std::span<const std::uint8_t>, std::less<>> bundles{};
    std::vector<std::string> roots{};  ///< real paths of the folders that may be read
    std::vector<std::string> loaded{};
    std::set<std::string, std::less<>> loading{};  ///< files that loaded another one of the project
    std::map<std::string, std::vector<std::string>>
        synthetic{};  ///< names that other modules export as ES modules
    int imports{0};   ///< counts our own small modules, whose names must differ
    std::map<Console, std::string> unfinished{};  ///< console text that waits for its line's end
    std::set<std::string> wrapped{};  ///< CommonJS files, whose first line begins with a wrapper
    /// Files whose types were stripped (columns differ), or that TypeScript compiled: its source
    /// map.
    std::map<std::string, std::string> typescript{};
};

/// How far the first line of a CommonJS file is shifted.
std::size_t wrapper_length();

/// Owns one reference until it is given away.
class Held {
  public:
    Held(JSContext* context, JSValue value) : context_{context}, value_{value} {}

    ~Held() { JS_FreeValue(context_, value_); }

    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

    JSValueConst get() const { return value_; }

    bool failed() const { return JS_IsException(value_) != 0; }

    JSValue release() { return std::exchange(value_, JS_UNDEFINED); }

  private:
    JSContext* context_;
    JSValue value_;
};

}  // namespace ainit::script
