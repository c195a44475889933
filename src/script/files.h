// SPDX-License-Identifier: Apache-2.0
// Reading files as scripts may: below the project's folder and the declared ones, by their real
// paths, so that neither ".." nor a link leads out. Errors are errno's numbers; EACCES where a path
// leads out.
#pragma once

#include <string>
#include <vector>

#include <boost/system/result.hpp>
#include <sys/stat.h>

#include "script/realm.h"

namespace ainit::script {

template <class T>
using Read = boost::system::result<T>;

/// The real path, if it lies below a folder that may be read.
Read<std::string> real_below(const Realm& realm, const std::string& path);
/// As real_below, but a link at the end stays one.
Read<std::string> place_below(const Realm& realm, const std::string& path);
Read<std::string> read_below(const Realm& realm, const std::string& path);
Read<struct stat> status_below(const Realm& realm, const std::string& path, bool follow);

struct Named {
    std::string name;
    std::string_view type;  ///< "file", "folder", "link", …
};

Read<std::vector<Named>> list_below(const Realm& realm, const std::string& path);
Read<std::string> link_below(const Realm& realm, const std::string& path);

}  // namespace ainit::script
