#!/bin/sh
# As the real image's start.py: as root it gives its folder to user 991 and goes on as that user.
set -eu
config=${SYNAPSE_CONFIG_PATH:-/data/homeserver.yaml}
[ -f "$config" ] || { echo "Config file '$config' does not exist." >&2; exit 2; }
chown 991:991 /data/media
exec setpriv --reuid=991 --regid=991 --clear-groups /synapse/bin/python -m synapse.app.homeserver --config-path "$config"
