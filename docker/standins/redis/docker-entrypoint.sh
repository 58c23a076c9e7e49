#!/bin/sh
set -e
# "--appendonly yes" alone means redis-server with it, as in the official image.
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then set -- redis-server "$@"; fi
if [ "$1" = redis-server ]; then
  # Reachable from other containers, as the official image is built.
  set -- "$@" --protected-mode no --bind '* -::*'
  if [ "$(id -u)" = 0 ]; then
    chown -R redis /data
    exec setpriv --reuid=redis --regid=redis --clear-groups "$@"
  fi
fi
exec "$@"
