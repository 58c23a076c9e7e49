#!/usr/bin/env bash
# Runs once, on an empty cluster: for each service a database, its owner (for migrations only) and the role of the service,
# which reads and writes rows and nothing else.
set -euo pipefail

: "${SERVICE_PASSWORD:?}" "${OWNER_PASSWORD:?}"

for service in identity listings bookings payments reviews sandbox; do
  psql --no-psqlrc -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set role="roost_$service" --set owner="roost_${service}_owner" \
    --set password="$SERVICE_PASSWORD" --set owner_password="$OWNER_PASSWORD" <<'SQL'
CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"owner";
REVOKE ALL ON DATABASE :"role" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"role" TO :"role";
SQL
done
