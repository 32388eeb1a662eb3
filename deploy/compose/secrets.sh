#!/bin/sh
# Makes the secrets that compose.yaml mounts, in secrets/ beside it. What is
# there already stays as it is. Keep a copy of secrets/master-key elsewhere:
# without it, sealed credentials cannot be opened.
set -eu
cd "$(dirname "$0")/.."
mkdir -p secrets
chmod 700 secrets

random() { od -An -v -tx1 -N "$1" /dev/urandom | tr -d ' \n'; }

# keep NAME writes standard input to secrets/NAME, all of it or nothing.
keep() {
  cat >"secrets/.$1"
  chmod 444 "secrets/.$1"
  mv "secrets/.$1" "secrets/$1"
  echo "made secrets/$1"
}

[ -e secrets/master-key ] || head -c 32 /dev/urandom | base64 | keep master-key
[ -e secrets/api-tokens ] || printf 'operator:change:%s\n' "$(random 32)" | keep api-tokens
for name in grafana-password postgres-password; do
  # No line end: not everybody who reads them cuts it off.
  [ -e "secrets/$name" ] || random 24 | keep "$name"
done
