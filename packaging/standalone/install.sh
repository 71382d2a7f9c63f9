#!/bin/sh
# shellcheck disable=SC2154,SC2034  # Part of install.sh, which sets the variables and reads some.
# What a standalone installation does once the release is there ($source).

# shellcheck source=/dev/null
. "$source/packaging/wheels.sh"
# shellcheck source=/dev/null
. "$source/packaging/standalone/preflight.sh"

install_packages() {
    venv=$home/venvs/$wanted
    if [ -f "$venv/.complete" ]; then
        say "      already there"
        return 0
    fi
    collect_wheels
    say "      making the virtualenv; each package is checked against its hash"
    rm -rf "$venv"
    run "$python" -m venv "$venv"
    pip_install "$venv" --require-hashes -r "$source/requirements/st2lite.lock"
    pip_install "$venv" --no-index --no-deps "$scratch"/wheels/*.whl
    run "$venv/bin/python" -m pip check
    : >"$venv/.complete"
}

# Point the installation at the new virtualenv and settings; note whether anything is different now.
activate() {
    changed=
    if [ "$(readlink "$home/venv" 2>/dev/null)" != "venvs/$wanted" ]; then
        ln -sfn "venvs/$wanted" "$home/venv"
        changed=1
    fi
    if [ "$(cat "$home/bind" 2>/dev/null)" != "$bind" ]; then
        printf '%s\n' "$bind" >"$home/bind"
        changed=1
    fi
    mkdir -p "$home/bin"
    install_file "$source/packaging/standalone/st2lite-ctl" "$home/bin/st2lite-ctl"
    install_file "$source/packaging/standalone/st2" "$home/bin/st2"
}

# Replace $2 by $1 in one move, so that a running script is never half old and half new.
install_file() {
    cp "$1" "$2.new"
    chmod 700 "$2.new"
    mv "$2.new" "$2"
}

start_service() {
    state=0
    "$home/bin/st2lite-ctl" status >/dev/null 2>&1 || state=$?
    if [ "$state" -eq 0 ] && [ -z "$changed" ]; then
        say "      already running, nothing changed"
    elif [ "$state" -eq 3 ]; then
        run "$home/bin/st2lite-ctl" start --wait "$wait_seconds"
    else
        run "$home/bin/st2lite-ctl" restart --wait "$wait_seconds"
    fi
}

# Virtualenvs of earlier versions; nothing runs from them any more.
remove_old_versions() {
    for old in "$home"/venvs/*; do
        if [ "$old" != "$home/venvs/$wanted" ]; then rm -rf "$old"; fi
    done
}

smoke_test() {
    run "$home/bin/st2" run core.local cmd='echo st2lite works' -j
    if ! grep -q '"status": "succeeded' "$last_output" || ! grep -q 'st2lite works' "$last_output"; then
        failed_command="st2 run core.local cmd='echo st2lite works'"
        exit 1
    fi
    say "      core.local: succeeded"
}

set_up_standalone() {
    begin_standalone
    on_failure=better_remedy
    step "Installing packages" "check the network, proxy (https_proxy) and pip's index configuration, then run this again"
    wanted=$(fingerprint)
    install_packages

    step "Setting up" "check that $home is writable, then run this again"
    activate

    step "Starting" "see $home/log/st2lite.log, then run this again"
    start_service

    step "Testing with a first action" "see $home/log/st2lite.log and: $home/bin/st2 execution list"
    smoke_test
    remove_old_versions

    elapsed=$(($(date +%s) - started))
    url=$("$home/bin/st2lite-ctl" url)
    say ""
    say "st2lite $wanted_version is running ($elapsed s)."
    say ""
    say "  URL        $url"
    say "  user       st2admin"
    say "  password   in $home/data/admin-password"
    say "  client     $home/bin/st2 run core.local date"
    say "  log        $home/bin/st2lite-ctl log"
    say "  stop       $home/bin/st2lite-ctl stop"
    say "  start      $home/bin/st2lite-ctl start"
    say "  upgrade    run the newer install.sh --standalone"
    say "  uninstall  $home/bin/st2lite-ctl uninstall    (--purge: with all data)"
    say ""
    case $bind in
    127.* | localhost:* | '[::1]:'*) ;;
    *) say "Note: $bind is reachable from other hosts, and st2lite speaks plain HTTP: put a TLS proxy before it." ;;
    esac
}
