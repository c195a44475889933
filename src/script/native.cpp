// SPDX-License-Identifier: Apache-2.0
// Functions of C++ that scripts call, and promises that C++ settles.
#include "script/realm.h"

namespace ainit::script {
namespace {

JSClassID native_class() {
    static const JSClassID id = [] {
        JSClassID fresh = 0;
        return JS_NewClassID(&fresh);
    }();
    return id;
}

void end_native(JSRuntime*, JSValue value) {
    delete static_cast<Native*>(JS_GetOpaque(value, native_class()));
}

JSValue call_native(
    JSContext* context, JSValueConst self, int count, JSValueConst* arguments, int, JSValue* data) {
    Realm& realm = Realm::of(context);
    // A copy: the function may be the last to know its own closure.
    const Value holder = realm.share(data[0]);
    const auto& native = *static_cast<Native*>(JS_GetOpaque(data[0], native_class()));
    std::vector<Value> given;
    given.reserve(static_cast<std::size_t>(count));
    for (int at = 0; at < count; ++at) given.push_back(realm.share(arguments[at]));
    const Value on = realm.share(self);
    auto answer = native(Call{*realm.engine, on, given});
    return answer ? realm.give(*answer) : realm.raise(answer.error());
}

}  // namespace

Value Realm::function(const std::string& name, Native native) {
    const JSClassID id = native_class();
    if (JS_IsRegisteredClass(runtime, id) == 0) {
        constexpr JSClassDef kClass{"Native", end_native, nullptr, nullptr, nullptr};
        JS_NewClass(runtime, id, &kClass);
    }
    const Held holder{context, JS_NewObjectProtoClass(context, JS_NULL, id)};
    if (holder.failed()) return own(JS_UNDEFINED);
    JS_SetOpaque(holder.get(), new Native{std::move(native)});
    JSValueConst data[] = {holder.get()};
    const JSValue made = JS_NewCFunctionData(context, call_native, 0, 0, 1, data);
    if (JS_IsException(made) == 0) {
        JS_DefinePropertyValueStr(context,
                                  made,
                                  "name",
                                  JS_NewStringLen(context, name.data(), name.size()),
                                  JS_PROP_CONFIGURABLE);
    }
    return JS_IsException(made) != 0 ? own(JS_UNDEFINED) : own(made);
}

void Deferred::resolve(const Value& value) const {
    const Value arguments[] = {value};
    if (!resolve_function.nullish()) static_cast<void>(resolve_function.call(arguments));
}

void Deferred::reject(const Exception& exception) const {
    const Value arguments[] = {exception.value};
    if (!reject_function.nullish()) static_cast<void>(reject_function.call(arguments));
}

}  // namespace ainit::script
