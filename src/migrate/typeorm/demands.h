// SPDX-License-Identifier: Apache-2.0
// What the journal must know of a statement before it is sent.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace ainit::migrate::typeorm {

struct Demands {
    /// It matters to its session or its transaction alone (SET, SAVEPOINT, COMMIT …): a session that goes on where another
    /// one ended needs it again.
    bool again{false};
    /// COMMIT alone.
    bool commits{false};
    /// Several statements, of which some begin or end a transaction.
    bool controls{false};
    /// It cannot, or must not, be put into a transaction of its own.
    bool loose{false};
    /// It asks, and as far as can be seen changes nothing.
    bool asks{false};
};

Demands demands_of(const std::string& text);

/// Whether this ends a transaction by rolling it back: ROLLBACK and ABORT, and not those to a savepoint or of a prepared one.
bool rolls_back(const std::string& text);

/// The first two words of a statement in small letters; empty where there is none.
std::array<std::string, 2> first_words(std::string_view text);

/// Whether more than blanks and comments follow a semicolon, wherever that stands.
bool may_be_several(std::string_view text);

/// Whether a COMMIT, or what is one by another name, is among its statements; one in the body of a function is none.
bool commits(const std::string& text);

/// Of several statements in one string: those that matter to the session alone.
std::vector<std::string> settings_in(const std::string& text);

/// A statement's title with its literals left out, so that it can be kept and shown.
std::string bare(const std::string& title);

}  // namespace ainit::migrate::typeorm
