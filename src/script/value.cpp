// SPDX-License-Identifier: Apache-2.0
#include "script/value.h"

#include <cmath>

#include <fmt/format.h>

#include "script/realm.h"
#include "script/unicode.h"

namespace ainit::script {
namespace {

const Value kUndefined{};

/// The engine is gone, or the Value never had one: no scripts can throw, so C++ says it.
Exception no_engine(std::string_view doing) {
    Exception exception;
    exception.name = "TypeError";
    exception.message = fmt::format("cannot {} undefined", doing);
    return exception;
}

std::vector<JSValueConst> raw_all(std::span<const Value> values) {
    std::vector<JSValueConst> raw;
    raw.reserve(values.size());
    for (const Value& one : values) raw.push_back(Realm::raw(one));
    return raw;
}

/// The text of a string value; empty if there is no memory for it.
std::optional<std::string> text_of(JSContext* context, JSValueConst value) {
    std::size_t length = 0;
    const char* text = JS_ToCStringLen(context, &length, value);
    if (text == nullptr) return {};
    std::string copy = without_surrogates({text, length});
    JS_FreeCString(context, text);
    return copy;
}

Kind kind_of_object(JSContext* context, JSValueConst value) {
    if (JS_IsFunction(context, value)) return Kind::function;
    if (JS_IsError(context, value)) return Kind::error;
    // Not PromiseState first: it is -1 for what is none.
    if (static_cast<int>(JS_PromiseState(context, value)) >= 0) return Kind::promise;
    if (JS_IsArray(context, value) > 0) return Kind::array;
    return Kind::object;
}

/// The bytes behind an ArrayBuffer or a view of one, without throwing.
std::optional<std::span<const std::byte>> bytes_of(JSContext* context, JSValueConst value) {
    std::size_t length = 0;
    if (const std::uint8_t* data = JS_GetArrayBuffer(context, &length, value); data != nullptr) {
        return std::as_bytes(std::span{data, length});
    }
    JS_FreeValue(context, JS_GetException(context));
    std::size_t offset = 0;
    std::size_t size = 0;
    const Held buffer{context, JS_GetTypedArrayBuffer(context, value, &offset, &size, nullptr)};
    if (buffer.failed()) {
        JS_FreeValue(context, JS_GetException(context));
        return {};
    }
    const std::uint8_t* data = JS_GetArrayBuffer(context, &length, buffer.get());
    if (data == nullptr) JS_FreeValue(context, JS_GetException(context));
    if (data == nullptr || offset + size > length) return std::span<const std::byte>{};
    return std::as_bytes(std::span{data + offset, size});
}

}  // namespace

Value::Value() noexcept = default;

Value::~Value() {
    Realm::unlink(*this);
}

Value::Value(const Value& other) {
    Realm* realm = Realm::realm_of(other);
    if (realm != nullptr) Realm::link(*this, realm, realm->give(other));
}

Value::Value(Value&& other) noexcept {
    Realm::move(other, *this);
}

Value& Value::operator=(const Value& other) {
    if (this != &other) *this = Value{other};
    return *this;
}

Value& Value::operator=(Value&& other) noexcept {
    if (this != &other) {
        // Last, since freeing the old value may run finalizers that come back here.
        Value old;
        Realm::move(*this, old);
        Realm::move(other, *this);
    }
    return *this;
}

Kind Value::kind() const {
    const JSValueConst value = Realm::raw(*this);
    if (JS_IsUndefined(value) != 0) return Kind::undefined;
    if (JS_IsNull(value) != 0) return Kind::null;
    if (JS_IsBool(value) != 0) return Kind::boolean;
    if (JS_IsNumber(value) != 0) return Kind::number;
    if (JS_IsBigInt(realm_->context, value) != 0) return Kind::bigint;
    if (JS_IsString(value) != 0) return Kind::string;
    if (JS_IsSymbol(value) != 0) return Kind::symbol;
    const Kind object = kind_of_object(realm_->context, value);
    return object == Kind::object && bytes() ? Kind::bytes : object;
}

bool Value::nullish() const {
    const JSValueConst value = Realm::raw(*this);
    return JS_IsUndefined(value) != 0 || JS_IsNull(value) != 0;
}

std::optional<bool> Value::boolean() const {
    const JSValueConst value = Realm::raw(*this);
    if (JS_IsBool(value) == 0) return {};
    return JS_VALUE_GET_BOOL(value) != 0;
}

std::optional<double> Value::number() const {
    const JSValueConst value = Realm::raw(*this);
    double number = 0;
    if (JS_IsNumber(value) == 0 || JS_ToFloat64(realm_->context, &number, value) != 0) return {};
    return number;
}

std::optional<std::int64_t> Value::integer() const {
    constexpr double kSafe = 9007199254740992.0;
    const JSValueConst value = Realm::raw(*this);
    if (const auto plain = number()) {
        if (std::trunc(*plain) != *plain || std::abs(*plain) >= kSafe) return {};
        return static_cast<std::int64_t>(*plain);
    }
    std::int64_t wide = 0;
    if (realm_ == nullptr || JS_IsBigInt(realm_->context, value) == 0) return {};
    if (JS_ToBigInt64(realm_->context, &wide, value) != 0) return {};
    // QuickJS takes the low 64 bits; a number that has more is not ours to cut.
    const Held again{realm_->context, JS_NewBigInt64(realm_->context, wide)};
    if (JS_SameValue(realm_->context, again.get(), value) == 0) return {};
    return wide;
}

std::optional<std::string> Value::string() const {
    const JSValueConst value = Realm::raw(*this);
    if (JS_IsString(value) == 0) return {};
    return text_of(realm_->context, value);
}

std::optional<std::span<const std::byte>> Value::bytes() const {
    const JSValueConst value = Realm::raw(*this);
    if (JS_IsObject(value) == 0) return {};
    return bytes_of(realm_->context, value);
}

std::string Value::text() const {
    if (realm_ == nullptr) return "undefined";
    if (is(Kind::symbol)) return "a symbol";
    if (auto text = text_of(realm_->context, Realm::raw(*this))) return *text;
    JS_FreeValue(realm_->context, JS_GetException(realm_->context));
    return "an object without text";
}

bool Value::truthy() const {
    return realm_ != nullptr && JS_ToBool(realm_->context, Realm::raw(*this)) > 0;
}

Answer<Value> Value::get(std::string_view name) const {
    if (realm_ == nullptr) return no_engine(fmt::format("read \"{}\" of", name));
    const JSAtom atom = JS_NewAtomLen(realm_->context, name.data(), name.size());
    const JSValue value = JS_GetProperty(realm_->context, Realm::raw(*this), atom);
    JS_FreeAtom(realm_->context, atom);
    return realm_->answer(value);
}

Answer<Value> Value::get(std::uint32_t index) const {
    if (realm_ == nullptr) return no_engine(fmt::format("read [{}] of", index));
    return realm_->answer(JS_GetPropertyUint32(realm_->context, Realm::raw(*this), index));
}

Answer<void> Value::set(std::string_view name, const Value& value) const {
    if (realm_ == nullptr) return no_engine(fmt::format("set \"{}\" of", name));
    const JSAtom atom = JS_NewAtomLen(realm_->context, name.data(), name.size());
    const int result =
        JS_SetProperty(realm_->context, Realm::raw(*this), atom, realm_->give(value));
    JS_FreeAtom(realm_->context, atom);
    return realm_->answer(result);
}

Answer<void> Value::set(std::uint32_t index, const Value& value) const {
    if (realm_ == nullptr) return no_engine(fmt::format("set [{}] of", index));
    return realm_->answer(
        JS_SetPropertyUint32(realm_->context, Realm::raw(*this), index, realm_->give(value)));
}

Answer<std::vector<std::string>> Value::names() const {
    if (realm_ == nullptr) return no_engine("read the names of");
    JSContext* context = realm_->context;
    if (JS_IsObject(Realm::raw(*this)) == 0) return std::vector<std::string>{};
    JSPropertyEnum* table = nullptr;
    std::uint32_t count = 0;
    constexpr int kWanted = JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY;
    if (JS_GetOwnPropertyNames(context, &table, &count, Realm::raw(*this), kWanted) < 0)
        return realm_->caught();
    std::vector<std::string> names;
    for (std::uint32_t at = 0; at < count; ++at) {
        const Held name{context, JS_AtomToString(context, table[at].atom)};
        if (auto text = text_of(context, name.get())) names.push_back(std::move(*text));
        JS_FreeAtom(context, table[at].atom);
    }
    js_free(context, table);
    return names;
}

Answer<std::vector<Value>> Value::elements() const {
    if (!is(Kind::array)) return no_engine("list the elements of what is no array,");
    auto length = get("length");
    if (!length) return std::move(length).error();
    std::vector<Value> all;
    const auto count = static_cast<std::uint32_t>(length->integer().value_or(0));
    for (std::uint32_t at = 0; at < count; ++at) {
        auto one = get(at);
        if (!one) return std::move(one).error();
        all.push_back(std::move(*one));
    }
    return all;
}

Answer<std::string> Value::json() const {
    if (realm_ == nullptr) return std::string{"null"};
    auto text = realm_->answer(
        JS_JSONStringify(realm_->context, Realm::raw(*this), JS_UNDEFINED, JS_UNDEFINED));
    if (!text) return std::move(text).error();
    return text->string().value_or("null");
}

Answer<Value> Value::call(std::span<const Value> arguments) const {
    return call_on(kUndefined, arguments);
}

Answer<Value> Value::call_on(const Value& self, std::span<const Value> arguments) const {
    if (realm_ == nullptr) return no_engine("call");
    std::vector<JSValueConst> raw = raw_all(arguments);
    return realm_->answer(JS_Call(realm_->context,
                                  Realm::raw(*this),
                                  Realm::raw(self),
                                  static_cast<int>(raw.size()),
                                  raw.data()));
}

Answer<Value> Value::construct(std::span<const Value> arguments) const {
    if (realm_ == nullptr) return no_engine("construct");
    std::vector<JSValueConst> raw = raw_all(arguments);
    return realm_->answer(JS_CallConstructor(
        realm_->context, Realm::raw(*this), static_cast<int>(raw.size()), raw.data()));
}

Answer<Value> Value::invoke(std::string_view name, std::span<const Value> arguments) const {
    auto method = get(name);
    if (!method) return std::move(method).error();
    return method->call_on(*this, arguments);
}

Promised Value::promised() const {
    if (!is(Kind::promise)) return Promised::no_promise;
    switch (JS_PromiseState(realm_->context, Realm::raw(*this))) {
        case JS_PROMISE_FULFILLED:
            return Promised::fulfilled;
        case JS_PROMISE_REJECTED:
            return Promised::rejected;
        case JS_PROMISE_PENDING:
            return Promised::pending;
    }
    return Promised::no_promise;
}

Value Value::promised_value() const {
    if (promised() == Promised::no_promise) return {};
    return realm_->own(JS_PromiseResult(realm_->context, Realm::raw(*this)));
}

bool Value::same(const Value& other) const {
    if (realm_ == nullptr || other.realm_ == nullptr) return kind() == other.kind();
    return JS_StrictEq(realm_->context, Realm::raw(*this), Realm::raw(other)) != 0;
}

const Value& Call::operator[](std::size_t index) const {
    return index < arguments.size() ? arguments[index] : kUndefined;
}

}  // namespace ainit::script
