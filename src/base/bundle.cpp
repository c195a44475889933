// SPDX-License-Identifier: Apache-2.0
#include "base/bundle.h"

#include <link.h>
#include <nss.h>
#include <unistd.h>

#include <cstdlib>

namespace ainit {
namespace {

/// PT_INTERP of the first object, which is the program.
int interpreter_of(dl_phdr_info* object, std::size_t, void* found) {
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const auto& header = object->dlpi_phdr[i];
        if (header.p_type != PT_INTERP) continue;
        *static_cast<std::string*>(found) = reinterpret_cast<const char*>(object->dlpi_addr + header.p_vaddr);
    }
    return 1;
}

// Where distributions keep them: Debian and Alpine, Fedora and its like, openSUSE, Alpine's link of old.
constexpr const char* places[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                  "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

}  // namespace

std::string bundle() {
    std::string interpreter;
    dl_iterate_phdr(interpreter_of, &interpreter);
    const auto folder = interpreter.rfind("/lib/ld-linux");
    return folder == std::string::npos ? "" : interpreter.substr(0, folder);
}

void keep_to_own_resolver() {
    if (bundle().empty()) return;
    __nss_configure_lookup("hosts", "files dns");
    for (const char* database : {"passwd", "group", "services"}) __nss_configure_lookup(database, "files");
}

std::string authorities() {
    const std::string own = bundle();
    if (own.empty() || std::getenv("SSL_CERT_FILE") || std::getenv("SSL_CERT_DIR")) return "";
    for (const char* place : places) {
        if (access(place, R_OK) == 0) return place;
    }
    return own + "/etc/ssl/certs/ca-certificates.crt";
}

}  // namespace ainit
