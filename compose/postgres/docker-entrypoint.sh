#!/bin/sh
# Makes the cluster, the user and the database at the first start; then runs what it was told to.
set -eu
if [ "${1:-}" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  user=${POSTGRES_USER:-postgres}
  secret=$(mktemp)
  printf '%s\n' "${POSTGRES_PASSWORD:?set a password}" > "$secret"
  initdb --username="$user" --pwfile="$secret" --auth-local=peer --auth-host=scram-sha-256 --encoding=UTF8 >/dev/null
  rm -f "$secret"
  printf "host all all all scram-sha-256\nlocal all all scram-sha-256\n" > "$PGDATA/pg_hba.conf"
  printf "listen_addresses = '*'\n" >> "$PGDATA/postgresql.conf"
  if [ "${POSTGRES_DB:-$user}" != postgres ]; then
    printf 'CREATE DATABASE "%s";\n' "${POSTGRES_DB:-$user}" | postgres --single -j postgres >/dev/null
  fi
fi
exec "$@"
