// What only OpenSSL can say about the files that a configuration names.
#pragma once

#include "config/load.hpp"

namespace wsrelay {

/// Returns what a start would find in files of certificates that are there: the
/// `tls` of a cluster.node, the `ca` of an endpoint. That one is out of date is
/// a warning. For `load_config`. Blocks.
more_findings check_files(const relay_config& config);

} // namespace wsrelay
