#!/bin/sh
# Creates Temporal's two databases and their tables, or brings the tables up to
# the version of this image. Repeating it changes nothing.
set -eu
SQL_PASSWORD=$(cat /run/secrets/postgres-password)
SQL_PLUGIN=postgres12
export SQL_PASSWORD SQL_PLUGIN

for pair in temporal:temporal temporal_visibility:visibility; do
  database=${pair%:*}
  temporal-sql-tool --database "$database" create
  temporal-sql-tool --database "$database" setup-schema --version 0.0
  temporal-sql-tool --database "$database" update-schema --schema-name "postgresql/v12/${pair#*:}"
done
