// SPDX-License-Identifier: Apache-2.0
// What our part of Node's modules (src/script/javascript/node) gets from C++: one object of small
// functions and constants.
#pragma once

#include "script/realm.h"

namespace ainit::script {

/// The object `host` that the boot script is called with.
Value make_host(Realm& realm);

// Each adds the functions of its subject.
void add_files(Realm& realm, const Value& host);
void add_modules(Realm& realm, const Value& host);
void add_loop(Realm& realm, const Value& host);
void add_system(Realm& realm, const Value& host);
void add_crypto(Realm& realm, const Value& host);
void add_text(Realm& realm, const Value& host);

/// Sets a function of the host.
void define(Realm& realm, const Value& host, const char* name, Native native);

/// QuickJS asks these when ES modules are linked.
void set_module_loader(Realm& realm);

/// Writes what is left of a console line without an end.
void flush_console(Realm& realm);

}  // namespace ainit::script
