#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The checks of a converged stack as a shell script makes them, for comparison.
#
#   checks.sh each|batch FOLDER      each: a psql for each question, as such scripts are; batch: a psql for each login
set -euo pipefail

mode=$1 folder=$2
superuser=$PGUSER superuser_password=$PGPASSWORD

die() { echo "checks.sh: $*" >&2; exit 1; }
ask() { psql -XqAt -v ON_ERROR_STOP=1 -c "$1"; }
want() { [[ $(ask "$2") == "$3" ]] || die "$1"; }
as_owner() { export PGUSER=$1 PGPASSWORD; PGPASSWORD=$(<"$folder/secrets/$1"); export PGDATABASE=$1; }
as_superuser() { export PGUSER=$superuser PGPASSWORD=$superuser_password PGDATABASE=postgres; }
sql_list() { local IFS=,; local out=; for name in $1; do out+=${out:+,}"'$name'"; done; echo "${out:-''}"; }
count() { local names; IFS=, read -ra names <<<"$1"; echo ${#names[@]}; }

extensions_query() { echo "SELECT count(*) FROM pg_extension WHERE extname IN ($(sql_list "$1"))"; }
tables_query() {
  echo "SELECT count(*) FROM pg_tables WHERE tablename IN ($(sql_list "$1"))" \
    "AND has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT')"
}

# What the ledger must hold: a line "name checksum" for each file.
expected_ledger() {
  for file in "$folder/$1"/*.sql; do
    [[ -e $file ]] || continue
    sum=$(sha256sum "$file"); echo "$(basename "$file") ${sum%% *}"
  done
}

readonly ledger_query="SELECT name || ' ' || checksum FROM bench_ledger ORDER BY name"

check_each() {
  local name=$1 locale=$2 extensions=$3 tables=$4
  as_superuser
  want "role $name" "SELECT rolcanlogin FROM pg_roles WHERE rolname = '$name'" t
  want "database $name" "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '$name'" "$name"
  [[ -z $locale ]] || want "locale of $name" "SELECT datcollate FROM pg_database WHERE datname = '$name'" "$locale"
  as_owner "$name"
  want "CREATE in public" "SELECT has_schema_privilege('public', 'CREATE')" t
  [[ -z $extensions ]] || want "extensions of $name" "$(extensions_query "$extensions")" "$(count "$extensions")"
  [[ -z $tables ]] || want "tables of $name" "$(tables_query "$tables")" "$(count "$tables")"
  [[ -z $tables ]] || [[ $(ask "$ledger_query") == "$(expected_ledger "$name")" ]] || die "migrations of $name"
}

check_batch() {
  local name=$1 locale=$2 extensions=$3 tables=$4
  as_owner "$name"
  local wanted answer
  wanted="t|$(count "$extensions")|$(count "$tables")"
  answer=$(psql -XqAt -v ON_ERROR_STOP=1 \
    -c "SELECT has_schema_privilege('public', 'CREATE'), ($(extensions_query "$extensions")), ($(tables_query "$tables"))" \
    ${tables:+-c "$ledger_query"})
  if [[ -n $tables ]]; then wanted+=$'\n'$(expected_ledger "$name"); fi
  [[ $answer == "$wanted" ]] || die "database $name: $answer"
}

if [[ $mode == batch ]]; then
  as_superuser
  seen=$(ask "SELECT d.datname, r.rolname, r.rolcanlogin, d.datcollate FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba ORDER BY 1")
  while IFS='|' read -r name locale _ _; do
    [[ $seen == *"$name|$name|t|${locale}"* ]] || die "database $name"
  done <"$folder/databases"
fi
while IFS='|' read -r name locale extensions tables; do
  "check_$mode" "$name" "$locale" "$extensions" "$tables" </dev/null
done <"$folder/databases"
