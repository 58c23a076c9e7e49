#!/usr/bin/env bash
# What the entry point of the official image does, as far as Roost uses it: the first start makes the cluster, the role, the
# database, and runs /docker-entrypoint-initdb.d.
set -euo pipefail

from_file() {
  local file="$1_FILE"
  [ -z "${!file:-}" ] || export "$1=$(<"${!file}")"
}

# The programs look the user up; Kubernetes may choose one without an entry.
name_user() {
  getent passwd "$(id -u)" >/dev/null && return
  NSS_WRAPPER_PASSWD=$(mktemp) NSS_WRAPPER_GROUP=$(mktemp)
  echo "postgres:x:$(id -u):$(id -g):PostgreSQL:/var/lib/postgresql:/bin/false" >"$NSS_WRAPPER_PASSWD"
  echo "postgres:x:$(id -g):" >"$NSS_WRAPPER_GROUP"
  export NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP LD_PRELOAD=libnss_wrapper.so
}

create_cluster() {
  if [ -z "${POSTGRES_PASSWORD:-}" ] && [ "${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
    echo 'The database is empty and POSTGRES_PASSWORD is not set: set it, or POSTGRES_PASSWORD_FILE.' >&2
    exit 1
  fi
  # shellcheck disable=SC2086  # the arguments are words
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:-}") ${POSTGRES_INITDB_ARGS:-}
  printf '\nhost all all all %s\n' "${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >>"$PGDATA/pg_hba.conf"
}

run_scripts() {
  local psql=(psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER") script
  if [ "$POSTGRES_DB" != postgres ]; then
    "${psql[@]}" --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
  fi
  for script in /docker-entrypoint-initdb.d/*; do
    # shellcheck source=/dev/null
    case $script in
      *.sh) if [ -x "$script" ]; then "$script"; else . "$script"; fi ;;
      *.sql) "${psql[@]}" --dbname "$POSTGRES_DB" --file "$script" ;;
    esac
  done
}

[ "${1:0:1}" != - ] || set -- postgres "$@"
if [ "$1" = postgres ]; then
  if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    chown -R postgres "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
  fi
  name_user
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA" || true
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    from_file POSTGRES_PASSWORD
    from_file POSTGRES_USER
    from_file POSTGRES_DB
    export POSTGRES_USER=${POSTGRES_USER:-postgres}
    export POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
    create_cluster
    # No TCP before the scripts have ended, so that no client takes it for ready.
    PGUSER=$POSTGRES_USER pg_ctl --wait --options "-c listen_addresses=''" start
    PGPASSWORD=${POSTGRES_PASSWORD:-} run_scripts
    pg_ctl --wait --mode fast stop
  fi
fi
exec "$@"
