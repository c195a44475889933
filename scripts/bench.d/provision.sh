#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The first provisioning of the stack as a shell script does it with psql, one thing after the other.
#
#   provision.sh FOLDER
set -euo pipefail

folder=$1
superuser=$PGUSER superuser_password=$PGPASSWORD

run() { psql -XqAt -v ON_ERROR_STOP=1 "$@" >/dev/null; }
exists() { [[ $(psql -XqAt -v ON_ERROR_STOP=1 -c "$1") == 1 ]]; }

provision() {
  local name=$1 locale=$2 extensions=$3 password extension applied file sum
  password=$(<"$folder/secrets/$name")
  [[ -z $locale ]] || locale="LOCALE '$locale'"
  export PGUSER=$superuser PGPASSWORD=$superuser_password PGDATABASE=postgres
  exists "SELECT 1 FROM pg_roles WHERE rolname = '$name'" ||
    run -c "CREATE ROLE \"$name\" LOGIN PASSWORD '$password'"
  exists "SELECT 1 FROM pg_database WHERE datname = '$name'" ||
    run -c "CREATE DATABASE \"$name\" OWNER \"$name\" TEMPLATE template0 ENCODING 'UTF8' $locale"
  export PGDATABASE=$name
  for extension in ${extensions//,/ }; do
    run -c "CREATE EXTENSION IF NOT EXISTS \"$extension\""
  done
  export PGUSER=$name PGPASSWORD=$password
  run -c "CREATE TABLE IF NOT EXISTS bench_ledger (name text PRIMARY KEY, checksum text NOT NULL, applied timestamptz DEFAULT now())"
  applied=$(psql -XqAt -v ON_ERROR_STOP=1 -c "SELECT name FROM bench_ledger")
  for file in "$folder/$name"/*.sql; do
    [[ -e $file && $'\n'$applied$'\n' != *$'\n'${file##*/}$'\n'* ]] || continue
    sum=$(sha256sum "$file")
    run -1 -f "$file" -c "INSERT INTO bench_ledger VALUES ('${file##*/}', '${sum%% *}')"
  done
}

while IFS='|' read -r name locale extensions _; do
  provision "$name" "$locale" "$extensions" </dev/null
done <"$folder/databases"
