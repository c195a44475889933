#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The demo takes an empty PostgreSQL to a provisioned stack, finds nothing to do afterwards, and leaves nothing behind.
#
#   tests/system/demo_test.sh PATH-OF-ALKEMIO-INIT
#
# matrix: no
set -euo pipefail

binary=$(realpath "${1:?the path of alkemio-init}")
cd "$(dirname "$0")/../.."
TMPDIR=$(mktemp -d /tmp/alkemio-init-demo-test.XXXXXX)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

fail() { echo "demo_test: $*" >&2; [[ ! -e $TMPDIR/output ]] || cat "$TMPDIR/output" >&2; exit 1; }
has() { grep -Eq -- "$1" "$TMPDIR/output" || fail "no line like: $1"; }

chmod 755 "$TMPDIR"
scripts/demo --inside --binary "$binary" >"$TMPDIR/output" 2>&1 || fail "the demo failed"

# In this order, each later than the one before.
awk '
  BEGIN { n = split("waits for it|refused|ready after|done: |Nothing to do|done: 0 changes|DATABASE|Done in", wanted, "|"); at = 1 }
  index($0, wanted[at]) { ++at }
  END { if (at <= n) { print "demo_test: not found in its place: " wanted[at]; exit 1 } }
' "$TMPDIR/output" || fail "something is missing"

for database in alkemio kratos hydra synapse; do
  has "^$database +exists +$database "
done
has '^synapse .* UTF8 C '
has '^kratos .*pg_trgm'
! grep -Eq 'pending; see|FAILED|error' "$TMPDIR/output" || fail "it speaks of something pending or failed"

[[ -z $(find "$TMPDIR" -maxdepth 1 -name 'alkemio-init-demo.*') ]] || fail "it left its scratch folder"

# A program that fails fails the demo, with the server's end and a clear last line.
printf '#!/bin/sh\nsleep 0.6\nexit 20\n' >"$TMPDIR/failing"
chmod 755 "$TMPDIR/failing"
# A slow start of the server: the demo's end must reach a server that does not listen to signals yet.
mkdir "$TMPDIR/slow"
printf '#!/bin/sh\nsleep 0.3\nexec %s "$@"\n' "$(command -v setsid)" >"$TMPDIR/slow/setsid"
chmod 755 "$TMPDIR/slow/setsid"
code=0
PATH=$TMPDIR/slow:$PATH timeout -k 5 60 scripts/demo --inside --binary "$TMPDIR/failing" >"$TMPDIR/output" 2>&1 || code=$?
[[ $code == 20 ]] || fail "a failing program must give the demo its exit code, not $code"
has '^demo: failed with exit code 20$'
[[ -z $(find "$TMPDIR" -maxdepth 1 -name 'alkemio-init-demo.*') ]] || fail "it left its scratch folder after a failure"
