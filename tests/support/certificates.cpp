// SPDX-License-Identifier: Apache-2.0
#include "support/certificates.h"

#include <stdexcept>

#include <fmt/format.h>

#include "base/child.h"

namespace ainit::test {
namespace {

using namespace std::chrono_literals;

void openssl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    std::string output;
    const auto ending = ainit::run({arguments, {"PATH=/usr/local/bin:/usr/bin:/bin"}, "/"}, Stop{}.within(60s), 1s,
                                   [&](Stream, std::string_view line) { output += std::string{line} + "\n"; });
    if (!ending || ending->status != 0) throw std::runtime_error{"openssl failed:\n" + output};
}

}  // namespace

Authority::Authority(const ScratchFolder& folder, const std::string& name)
    : folder_{folder},
      name_{name},
      certificate_{folder.path() + "/" + name + ".crt"},
      key_{folder.path() + "/" + name + ".key"} {
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=" + name, "-keyout", key_, "-out", certificate_});
}

Authority::Pair Authority::sign(const std::string& subject, const std::string& alternative) const {
    const std::string stem = fmt::format("{}/{}-{}", folder_.path(), name_, subject);
    const std::string request = stem + ".csr";
    Pair pair{stem + ".crt", stem + ".key"};
    openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + subject,
             "-keyout", pair.key, "-out", request});
    std::vector<std::string> sign{"x509", "-req", "-in", request, "-CA", certificate_, "-CAkey", key_, "-days", "2",
                                  "-out", pair.certificate};
    if (!alternative.empty()) {
        const std::string extensions =
            folder_.write(name_ + "-" + subject + ".ext", "subjectAltName = " + alternative + "\n");
        sign.insert(sign.end(), {"-extfile", extensions});
    }
    openssl(sign);
    return pair;
}

}  // namespace ainit::test
