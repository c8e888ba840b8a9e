#!/bin/sh
# workerd, deaf to signals that mean the whole group: Ctrl-C and a closed terminal. Whoever started it ends it, once its
# queue has handed on what it holds. Node gives its children the signals' defaults, so that a shell has to take them away.
trap '' INT HUP
exec "$MILLRACE_WORKERD" "$@"
