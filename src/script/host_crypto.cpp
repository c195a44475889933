// SPDX-License-Identifier: Apache-2.0
// Digests and random numbers, from OpenSSL.
#include <array>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "script/host.h"

namespace ainit::script {
namespace {

using Bytes = std::span<const std::byte>;

Bytes bytes_of(const Value& value) {
    return value.bytes().value_or(Bytes{});
}

const std::uint8_t* data_of(Bytes bytes) {
    static constexpr std::uint8_t kNothing = 0;
    return bytes.empty() ? &kNothing : reinterpret_cast<const std::uint8_t*>(bytes.data());
}

Answer<Value> digest(Realm& realm, const Call& call) {
    const EVP_MD* kind = EVP_get_digestbyname(call[0].text().c_str());
    const Bytes bytes = bytes_of(call[1]);
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> result{};
    unsigned size = 0;
    if (kind == nullptr ||
        EVP_Digest(data_of(bytes), bytes.size(), result.data(), &size, kind, nullptr) != 1) {
        return call.engine.error("Error", "OpenSSL has no digest " + call[0].text());
    }
    return realm.answer(JS_NewArrayBufferCopy(realm.context, result.data(), size));
}

Answer<Value> hmac(Realm& realm, const Call& call) {
    const EVP_MD* kind = EVP_get_digestbyname(call[0].text().c_str());
    const Bytes key = bytes_of(call[1]);
    const Bytes bytes = bytes_of(call[2]);
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> result{};
    unsigned size = 0;
    if (kind == nullptr || HMAC(kind,
                                data_of(key),
                                static_cast<int>(key.size()),
                                data_of(bytes),
                                bytes.size(),
                                result.data(),
                                &size) == nullptr) {
        return call.engine.error("Error", "OpenSSL has no HMAC by " + call[0].text());
    }
    return realm.answer(JS_NewArrayBufferCopy(realm.context, result.data(), size));
}

Answer<Value> random_bytes(Realm& realm, const Call& call) {
    const auto size = static_cast<std::size_t>(call[0].integer().value_or(0));
    if (size > realm.options.memory_limit)
        return call.engine.error("RangeError", "more random bytes than the script has memory");
    std::vector<std::uint8_t> bytes(size);
    if (RAND_bytes(bytes.data(), static_cast<int>(size)) != 1)
        return call.engine.error("Error", "OpenSSL has no random numbers");
    return realm.answer(JS_NewArrayBufferCopy(realm.context, bytes.data(), bytes.size()));
}

}  // namespace

void add_crypto(Realm& realm, const Value& host) {
    define(realm, host, "digest", [&realm](const Call& call) { return digest(realm, call); });
    define(realm, host, "hmac", [&realm](const Call& call) { return hmac(realm, call); });
    define(realm, host, "random", [&realm](const Call& call) { return random_bytes(realm, call); });
    define(realm, host, "equal", [](const Call& call) -> Answer<Value> {
        const Bytes left = bytes_of(call[0]);
        const Bytes right = bytes_of(call[1]);
        return call.engine.boolean(left.size() == right.size() &&
                                   CRYPTO_memcmp(data_of(left), data_of(right), left.size()) == 0);
    });
}

}  // namespace ainit::script
