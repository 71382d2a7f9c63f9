#!/bin/sh
# Starts or stops the workers of st2actionrunner.service: instances 1 to $WORKERS of st2actionrunner@.service.
#
#   runners.sh start     starts them, and stops those with a higher number
#   runners.sh stop      stops all there are, however many are wanted now
#
# Exit codes: 0 done; 1 a worker could not be started or stopped; 99 called in another way, or WORKERS is no number.
set -u

unit=st2actionrunner@

fail() {
    echo "runners.sh: $1" >&2
    exit 99
}

# The numbers of the instances that systemd knows, running or not.
known() {
    systemctl list-units --all --plain --no-legend --full "$unit*.service" |
        sed -n "s/^[[:space:]]*$unit\([0-9]*\)\.service[[:space:]].*/\1/p"
}

stop_above() {
    units=
    for number in $(known); do
        if [ "$number" -gt "$1" ]; then
            units="$units $unit$number.service"
        fi
    done
    # shellcheck disable=SC2086 # a list of names without blanks
    [ -z "$units" ] || systemctl stop $units
}

start_up_to() {
    units=
    number=1
    while [ "$number" -le "$1" ]; do
        units="$units $unit$number.service"
        number=$((number + 1))
    done
    # shellcheck disable=SC2086 # a list of names without blanks
    systemctl start $units
}

main() {
    command -v systemctl >/dev/null || fail "there is no systemctl; start st2actionrunner yourself, once per worker."
    case ${1:-} in
    start)
        workers=${WORKERS:-1}
        case $workers in
        '' | *[!0-9]* | 0*) fail "WORKERS is \"$workers\"; it must be a number from 1 on." ;;
        esac
        stop_above "$workers" && start_up_to "$workers" || exit 1
        ;;
    stop) stop_above 0 || exit 1 ;;
    *) fail "call it with start or stop." ;;
    esac
}

main "$@"
