#!/usr/bin/env bash
# Does what the entrypoint of the real image promises: a cluster on the first start, with a server that only the socket
# reaches while /docker-entrypoint-initdb.d is worked through, and POSTGRES_USER, _PASSWORD, _DB, _INITDB_ARGS and their _FILE.
set -euo pipefail

readonly programs=${PROGRAMS:?}
server() { LD_LIBRARY_PATH=$programs/lib "$programs/bin/$1" "${@:2}"; }

value_of() {  # VARIABLE [DEFAULT]
  local file=$1_FILE
  if [[ -n ${!1:-} && -n ${!file:-} ]]; then echo "error: both $1 and $file are set" >&2; exit 1; fi
  if [[ -n ${!file:-} ]]; then cat "${!file}"; else echo "${!1:-${2:-}}"; fi
}

if [[ ${1:-postgres} != postgres ]]; then exec "$@"; fi
if ((EUID == 0)); then
  install -d -o postgres -g postgres -m 700 "$PGDATA"
  chown -R postgres "$PGDATA"
  install -d -o postgres -g postgres -m 3777 /var/run/postgresql
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

POSTGRES_USER=$(value_of POSTGRES_USER postgres)
POSTGRES_PASSWORD=$(value_of POSTGRES_PASSWORD)
POSTGRES_DB=$(value_of POSTGRES_DB "$POSTGRES_USER")
export POSTGRES_USER POSTGRES_PASSWORD POSTGRES_DB
if [[ ! -s $PGDATA/PG_VERSION ]]; then
  [[ -n $POSTGRES_PASSWORD || ${POSTGRES_HOST_AUTH_METHOD:-} == trust ]] ||
    { echo 'Error: Database is uninitialized and superuser password is not specified.' >&2; exit 1; }
  read -ra more <<<"${POSTGRES_INITDB_ARGS:-}"
  server initdb -D "$PGDATA" --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${more[@]}"
  printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
  server pg_ctl -D "$PGDATA" -o '-c listen_addresses= -c unix_socket_directories=/var/run/postgresql' -w start
  export PGHOST=/var/run/postgresql PGPASSWORD=$POSTGRES_PASSWORD
  [[ $POSTGRES_DB == postgres ]] ||
    psql -q -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d postgres -v "name=$POSTGRES_DB" <<<'CREATE DATABASE :"name"'
  for script in /docker-entrypoint-initdb.d/*.sh; do
    # shellcheck disable=SC1090
    if [[ -x $script ]]; then "$script"; elif [[ -e $script ]]; then source "$script"; fi
  done
  unset PGHOST PGPASSWORD
  server pg_ctl -D "$PGDATA" -m fast -w stop
  echo 'PostgreSQL init process complete; ready for start up.'
fi
shift || :
export LD_LIBRARY_PATH=$programs/lib
exec "$programs/bin/postgres" -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql "$@"
