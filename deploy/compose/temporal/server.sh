#!/bin/sh
# Starts the Temporal server with the password of its database, which the image
# takes from a variable only. The broadcast address is what the parts of the
# server find each other at.
set -eu
POSTGRES_PWD=$(cat /run/secrets/postgres-password)
TEMPORAL_BROADCAST_ADDRESS=$(getent hosts "$(hostname)" | awk '{print $1; exit}')
export POSTGRES_PWD TEMPORAL_BROADCAST_ADDRESS
exec temporal-server start
