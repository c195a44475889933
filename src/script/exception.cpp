// SPDX-License-Identifier: Apache-2.0
// What scripts throw, as C++ sees it, and back.
#include <charconv>
#include <stdexcept>

#include <fmt/format.h>

#include "base/text.h"
#include "script/realm.h"
#include "script/source_map.h"

namespace ainit::script {
namespace {

/// The number at the end of `text` after a colon, which is cut off; 0 if there is none.
int cut_number(std::string_view& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return 0;
    int number = 0;
    const std::string_view digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty()) return 0;
    text = text.substr(0, colon);
    return number;
}

/// `    at name (file:line:column)`, or without the name; empty for what has no file.
std::optional<Frame> frame_of(std::string_view line) {
    line = trim(line);
    if (!line.starts_with("at ")) return {};
    line.remove_prefix(3);
    Frame frame;
    const std::size_t open = line.find(" (");
    if (open != std::string_view::npos && line.ends_with(')')) {
        frame.function = line.substr(0, open);
        line = line.substr(open + 2, line.size() - open - 3);
    }
    if (line == "native") return {};
    const int last = cut_number(line);
    const int first = cut_number(line);
    frame.where = {std::string{line}, first != 0 ? first : last, first != 0 ? last : 0};
    if (frame.where.line == 0) return {};
    if (frame.function == "<anonymous>" || frame.function == "<eval>") frame.function.clear();
    return frame;
}

std::string text_property(const Value& value, std::string_view name) {
    auto found = value.get(name);
    if (!found || found->nullish() || found->is(Kind::function)) return {};
    return found->text();
}

bool ours(const Frame& frame) {
    return !frame.where.file.starts_with('/');
}

}  // namespace

Exception Realm::caught() {
    Value thrown = own(JS_GetException(context));
    if (was_interrupted) {
        // What it threw is uncatchable, and so must what is thrown in its place be.
        JS_ResetUncatchableError(context);
        return interrupted();
    }
    return exception_of(std::move(thrown));
}

Exception Realm::exception_of(Value thrown) {
    Exception exception;
    if (thrown.is(Kind::error)) {
        exception.name = text_property(thrown, "name");
        exception.message = text_property(thrown, "message");
        if (auto stack = thrown.get("stack"); stack && stack->string()) {
            exception.stack = frames_of(*stack->string());
        }
    } else {
        exception.message = thrown.text();
    }
    // QuickJS throws null when there is not even memory for the error.
    if (heap.refused && (exception.name == "InternalError" || thrown.is(script::Kind::null))) {
        exception.kind = Exception::Kind::memory;
        exception.name = "Error";
        exception.message = fmt::format("the script needs more than its {} MB of memory",
                                        options.memory_limit >> 20U);
    }
    heap.refused = false;
    exception.value = std::move(thrown);
    return exception;
}

Exception Realm::interrupted() {
    Exception exception;
    exception.kind = Exception::Kind::interrupted;
    exception.name = "Error";
    exception.message = options.stop.failure(Code::internal, "").because;
    exception.stop = options.stop;
    return exception;
}

JSValue Realm::raise(const Exception& exception) {
    if (exception.kind == Exception::Kind::interrupted) {
        JS_ThrowInternalError(context, "interrupted");
        const Held pending{context, JS_GetException(context)};
        JS_SetUncatchableError(context, pending.get(), 1);
        return JS_Throw(context, JS_DupValue(context, pending.get()));
    }
    if (realm_of(exception.value) != nullptr) return JS_Throw(context, give(exception.value));
    return JS_ThrowTypeError(context, "%s", exception.message.c_str());
}

std::vector<Frame> Realm::frames_of(std::string_view stack) {
    std::vector<Frame> frames;
    for (const std::string& line : split(stack, '\n')) {
        if (auto frame = frame_of(line)) frames.push_back(original(*this, std::move(*frame)));
    }
    return frames;
}

std::string Realm::stack() {
    const Held global{context, JS_GetGlobalObject(context)};
    const Held constructor{context, JS_GetPropertyStr(context, global.get(), "Error")};
    auto made = answer(JS_CallConstructor(context, constructor.get(), 0, nullptr));
    if (!made) return {};
    const Value here = std::move(*made);
    auto stack = here.get("stack");
    return stack && stack->string() ? *stack->string() : std::string{};
}

Origin Exception::where() const {
    for (const Frame& frame : stack) {
        if (!ours(frame)) return frame.where;
    }
    return {};
}

std::string Exception::text() const {
    if (name.empty()) return message;
    return message.empty() ? name : name + ": " + message;
}

std::string Exception::property(std::string_view wanted) const {
    return value.is(script::Kind::error) || value.is(script::Kind::object)
               ? text_property(value, wanted)
               : std::string{};
}

std::string Exception::report() const {
    std::string out = text();
    for (const Frame& frame : stack) {
        out += frame.function.empty()
                   ? fmt::format("\n    at {}", frame.where.text())
                   : fmt::format("\n    at {} ({})", frame.function, frame.where.text());
    }
    return out;
}

Failure Exception::failure(Code code, Code timed_out, std::string what) const {
    Failure failure;
    if (kind == Kind::interrupted) {
        failure = stop.failure(timed_out, std::move(what));
    } else {
        failure.code = code;
        failure.what = std::move(what);
        failure.because = text();
    }
    failure.where = where();
    if (!stack.empty()) failure.excerpt = report();
    return failure;
}

void throw_exception_from_error(const Exception& exception, const boost::source_location& where) {
    throw std::logic_error("unexamined exception at " + where.to_string() + ": " +
                           exception.text());
}

}  // namespace ainit::script
