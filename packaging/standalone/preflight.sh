#!/bin/sh
# shellcheck disable=SC2154,SC2034  # Part of install.sh, which sets the variables and reads some.
# What is looked at before a standalone installation, and the moment when changes begin.

look_closely() {
    bind_error=
    need_memory MemAvailable 256
    check_home
    choose_bind
    if [ -z "$python" ]; then return 0; fi
    check_port
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        problem "$python has no venv module. Debian, Ubuntu: apt-get install python3-venv."
    fi
}

check_home() {
    parent=$home
    while [ ! -d "$parent" ]; do parent=$(dirname "$parent"); done
    need_room 400 "$parent"
    if [ ! -w "$parent" ]; then
        problem "$parent is not writable for $(id -un): choose another place with --home."
    elif [ -n "$(find "$parent" -prune ! -user "$(id -un)")" ] && [ "$(id -u)" -eq 0 ] && [ -n "${SUDO_USER:-}" ]; then
        problem "$parent belongs to another user than root: run this without sudo, or choose a place with --home."
    fi
    if [ -e "$home" ] && [ ! -f "$home/.st2lite" ]; then
        if [ ! -d "$home" ] || [ -n "$(ls -A "$home" 2>/dev/null)" ]; then
            problem "$home exists and is not an installation of st2lite: move it away or choose another --home."
        fi
    fi
    case $home in
    *[!A-Za-z0-9/._@+-]*) problem "$home: only letters, digits and . _ @ + - may be in the path, choose another --home." ;;
    esac
}

# --bind, else what an earlier installation uses, else the default.
choose_bind() {
    if [ -z "$bind" ] && [ -f "$home/bind" ]; then bind=$(cat "$home/bind"); fi
    bind=${bind:-127.0.0.1:9101}
    port=${bind##*:}
    case $bind in
    ?*:[1-9]*) ;;
    *) port=none ;;
    esac
    case $port in
    *[!0-9]* | ??????*) bind_error=1 ;;
    *) if [ "$port" -gt 65535 ]; then bind_error=1; fi ;;
    esac
    if [ -n "$bind_error" ]; then problem "--bind must be HOST:PORT with a port from 1 to 65535, not \"$bind\"."; fi
}

check_port() {
    if [ -n "$bind_error" ]; then return 0; fi
    if "$home/bin/st2lite-ctl" status >/dev/null 2>&1 && [ "$(cat "$home/bind" 2>/dev/null)" = "$bind" ]; then
        return 0 # the port is taken by what is about to be upgraded
    fi
    if ! reason=$("$python" - "$bind" <<'PYTHON' 2>&1
import socket, sys
host, _, port = sys.argv[1].rpartition(":")
try:
    family, kind, protocol, _, address = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
except OSError as error:
    sys.exit(error.strerror or str(error))
PYTHON
    ); then
        problem "cannot listen on $bind: $reason. Choose another address with --bind 127.0.0.1:PORT."
    fi
}

describe_standalone() {
    say "This host is ready. install.sh would install st2lite $wanted_version into $home with $python,"
    say "listen on $bind, and run core.local. Nothing was changed."
}

# From here on something is changed.
begin_standalone() {
    mkdir -p "$home/log" "$home/venvs"
    printf 'standalone\n' >"$home/.st2lite"
    lock=$home/.installing
    if ! mkdir "$lock" 2>/dev/null; then
        other=$(cat "$lock/pid" 2>/dev/null || :)
        if [ -n "$other" ] && kill -0 "$other" 2>/dev/null; then
            lock=''
            step_number=0
            complain "another installation into $home is running (process $other)."
            exit 1
        fi
    fi
    printf '%s\n' $$ >"$lock/pid"
    kept_log=$home/log/install-$(date +%Y%m%d-%H%M%S).log
    cat "$log" >"$kept_log"
    log=$kept_log
    begun=1
}
