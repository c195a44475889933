// SPDX-License-Identifier: Apache-2.0
#include "script/realm.h"

#include <cstdlib>
#include <cstring>

#include <malloc.h>

namespace ainit::script {
namespace {

Heap& heap_of(JSMallocState* state) {
    return *static_cast<Heap*>(state->opaque);
}

/// Whether the heap may grow from `before` to `after` bytes of one block.
bool fits(Heap& heap, std::size_t before, std::size_t after) {
    const std::size_t rest = heap.used - before;
    if (after <= heap.limit && rest <= heap.limit - after) return true;
    heap.refused = true;
    return false;
}

// QuickJS reads malloc_size for its reports and for the pace of its collector.
void count(JSMallocState* state, Heap& heap, std::size_t before, std::size_t after) {
    heap.used = heap.used - before + after;
    state->malloc_size = heap.used;
    if (before == 0) ++state->malloc_count;
    if (after == 0) --state->malloc_count;
}

void* allocate(JSMallocState* state, std::size_t size) {
    Heap& heap = heap_of(state);
    if (!fits(heap, 0, size)) return nullptr;
    void* block = std::malloc(size);
    if (block == nullptr) heap.refused = true;
    if (block != nullptr) count(state, heap, 0, ::malloc_usable_size(block));
    return block;
}

void release(JSMallocState* state, void* block) {
    if (block == nullptr) return;
    count(state, heap_of(state), ::malloc_usable_size(block), 0);
    std::free(block);
}

void* reallocate(JSMallocState* state, void* block, std::size_t size) {
    if (block == nullptr) return size == 0 ? nullptr : allocate(state, size);
    if (size == 0) {
        release(state, block);
        return nullptr;
    }
    Heap& heap = heap_of(state);
    const std::size_t before = ::malloc_usable_size(block);
    if (!fits(heap, before, size)) return nullptr;
    void* grown = std::realloc(block, size);
    if (grown == nullptr) heap.refused = true;
    if (grown != nullptr) count(state, heap, before, ::malloc_usable_size(grown));
    return grown;
}

std::size_t size_of(const void* block) {
    return ::malloc_usable_size(const_cast<void*>(block));
}

constexpr JSMallocFunctions kAllocator{allocate, release, reallocate, size_of};

int interrupt(JSRuntime*, void* opaque) {
    auto& realm = *static_cast<Realm*>(opaque);
    if (!realm.options.stop.over()) return 0;
    realm.was_interrupted = true;
    return 1;
}

void on_rejection(
    JSContext* context, JSValueConst promise, JSValueConst reason, JS_BOOL handled, void*) {
    Realm& realm = Realm::of(context);
    if (handled != 0) {
        realm.loop->handled(realm.share(promise));
    } else {
        realm.loop->rejected(realm.share(promise), realm.share(reason));
    }
}

JSValue stored(const std::array<std::byte, 16>& raw) {
    static_assert(sizeof(JSValue) <= sizeof raw);
    JSValue value;
    std::memcpy(&value, raw.data(), sizeof value);
    return value;
}

}  // namespace

Realm::Realm(Options given) : options{std::move(given)} {
    heap.limit = options.memory_limit;
    ring.before_ = ring.after_ = &ring;
}

bool Realm::open() {
    runtime = JS_NewRuntime2(&kAllocator, &heap);
    if (runtime == nullptr) return false;
    JS_SetRuntimeOpaque(runtime, this);
    JS_SetMaxStackSize(runtime, options.stack_limit);
    JS_SetInterruptHandler(runtime, interrupt, this);
    JS_SetHostPromiseRejectionTracker(runtime, on_rejection, this);
    JS_SetCanBlock(runtime, 0);
    // Sources are kept by nobody: files are read again when an error is shown.
    JS_SetStripInfo(runtime, JS_STRIP_SOURCE);
    context = JS_NewContext(runtime);
    if (context == nullptr) return false;
    JS_SetContextOpaque(context, this);
    loop = std::make_unique<Loop>(*this);
    return true;
}

Realm::~Realm() {
    loop.reset();
    modules.clear();
    core = Value{};
    // Freeing one may end others: a native's closure holds Values too.
    while (ring.after_ != &ring) unlink(*ring.after_);
    if (context != nullptr) JS_FreeContext(context);
    if (runtime != nullptr) JS_FreeRuntime(runtime);
    ring.before_ = ring.after_ = nullptr;
}

Realm& Realm::of(JSContext* context) {
    return *static_cast<Realm*>(JS_GetContextOpaque(context));
}

Realm* Realm::realm_of(const Value& value) {
    return value.realm_;
}

JSValueConst Realm::raw(const Value& value) {
    return value.realm_ == nullptr ? JS_UNDEFINED : stored(value.raw_);
}

JSValue Realm::give(const Value& value) {
    return JS_DupValue(context, raw(value));
}

void Realm::link(Value& value, Realm* realm, JSValue owned) {
    std::memcpy(value.raw_.data(), &owned, sizeof owned);
    value.realm_ = realm;
    value.before_ = &realm->ring;
    value.after_ = realm->ring.after_;
    value.after_->before_ = &value;
    realm->ring.after_ = &value;
}

void Realm::unlink(Value& value) {
    Realm* realm = std::exchange(value.realm_, nullptr);
    if (realm == nullptr) return;
    value.before_->after_ = value.after_;
    value.after_->before_ = value.before_;
    value.before_ = value.after_ = nullptr;
    JS_FreeValue(realm->context, stored(value.raw_));
}

void Realm::move(Value& from, Value& to) {
    to.raw_ = from.raw_;
    to.realm_ = std::exchange(from.realm_, nullptr);
    if (to.realm_ == nullptr) return;
    to.before_ = std::exchange(from.before_, nullptr);
    to.after_ = std::exchange(from.after_, nullptr);
    to.before_->after_ = &to;
    to.after_->before_ = &to;
}

Value Realm::own(JSValue value) {
    Value made;
    link(made, this, value);
    return made;
}

Value Realm::share(JSValueConst value) {
    return own(JS_DupValue(context, value));
}

Answer<Value> Realm::answer(JSValue value) {
    if (JS_IsException(value)) return caught();
    return own(value);
}

Answer<void> Realm::answer(int result) {
    if (result < 0) return caught();
    return done();
}

}  // namespace ainit::script
