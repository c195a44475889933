// SPDX-License-Identifier: Apache-2.0
// What the program has to see to itself where it travels with its own loader and libraries (scripts/bundle) into images
// that may have neither a resolver's configuration nor any authority's certificate.
#pragma once

#include <string>

namespace ainit {

/// The folder of the bundle that the program was started from, such as /opt/alkemio-init; empty if it uses the system's
/// own libraries. Told by its interpreter, so that /proc is not needed.
std::string bundle();

/// In a bundle: names of hosts and users are found by files and DNS alone, whatever /etc/nsswitch.conf says, for what
/// else it may name are libraries made for another libc. Before the first look-up and before any thread.
void keep_to_own_resolver();

/// The file with the certificates of authorities to trust where the system's are wanted: that of the image if it has
/// one, else the bundle's. Empty where OpenSSL's own place counts: outside of a bundle, and with SSL_CERT_FILE or
/// SSL_CERT_DIR set.
std::string authorities();

}  // namespace ainit
