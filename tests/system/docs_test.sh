#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# docs/manual.md shows the program's own help texts, and no link between the documents leads nowhere.
#
#   tests/system/docs_test.sh PATH-OF-ALKEMIO-INIT
#
# matrix: no
set -euo pipefail

binary=$(realpath "${1:?the path of alkemio-init}")
cd "$(dirname "$0")/../.."
scripts/update-docs --inside --check --binary "$binary"

broken=0
for document in README.md docs/*.md; do
  while read -r target; do
    [[ -e $(dirname "$document")/$target ]] || { echo "docs_test: $document links to $target, which does not exist" >&2; broken=1; }
  done < <(grep -oE '\]\([^)#]+' "$document" | cut -c3- | grep -v '://')
done
exit "$broken"
