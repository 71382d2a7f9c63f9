#!/bin/sh
# shellcheck disable=SC2154,SC2034  # Part of install.sh, which sets the variables and reads some.
# What a whole host is looked at for once the release is there ($source), and the moment when changes begin.

# Ports, names, and what is in the way. An installation that is there holds its ports itself.
look_closely() {
    if [ -e /opt/stackstorm/st2 ] && [ ! -L /opt/stackstorm/st2 ]; then
        problem "/opt/stackstorm/st2 is there already and not ours: take another host, or remove StackStorm first" \
            "(docs/how-to/move-from-stackstorm.md)."
    fi
    if [ -n "$upgrade" ] && [ ! -L /opt/stackstorm/st2 ]; then
        problem "there is nothing to upgrade here: run install.sh without --upgrade."
    fi
    if [ -n "$upgrade" ] && [ "${former:-$wanted_version}" != "$wanted_version" ]; then
        say "      st2lite $former is in use, and is taken to $wanted_version"
    fi
    wanted_ports=
    if [ ! -L /opt/stackstorm/st2 ] && [ ! -e "$place/release" ]; then
        wanted_ports="st2auth=9100 st2api=9101 st2stream=9102"
        for pair in nginx=nginx_http_port:80 nginx=nginx_https_port:443 mongod=mongodb_port:27017 \
            beam.smp=rabbitmq_port:5672 epmd=rabbitmq_epmd_port:4369 beam.smp=rabbitmq_distribution_port:25672 \
            postgres=postgresql_port:5432; do
            variable=${pair#*=}
            case " $left_out " in
            *" ${variable%%_*} "*) continue ;;
            esac
            wanted_ports="$wanted_ports ${pair%%=*}=$(setting "${variable%:*}" "${variable#*:}")"
        done
    fi
    if [ -z "$python" ]; then return 0; fi
    # shellcheck disable=SC2086  # a list of words
    found_problems=$("$python" "$source/packaging/host/preflight.py" ${bundle:+--offline} $wanted_ports 2>&1) || :
    while IFS= read -r line; do
        if [ -n "$line" ]; then problem "$line"; fi
    done <<FOUND
$found_problems
FOUND
}

describe_host() {
    say "This host is ready. install.sh would ${upgrade:+back it up, then }install st2lite $wanted_version from" \
        "${offline:-$release_url}"
    for part in mongodb rabbitmq postgresql st2 nginx; do
        case " $left_out " in
        *" $part "*) say "  $part       left out" ;;
        *) say "  $part" ;;
        esac
    done
    say "and run actions to test it. (--check tells what would change, task by task.) Nothing was changed."
}

describe_removal() {
    say "install.sh would remove st2lite and what came with it${purge:+, with all data}. Nothing was changed."
}

# From here on the host is changed.
begin_host() {
    if [ -n "$purge" ] && [ -z "$yes" ]; then confirm_purge; fi
    lock_host
    remove_stale
    moment=$(date +%Y%m%d-%H%M%S)
    if [ -n "$check" ]; then
        kept_log=/var/tmp/st2lite-check-$moment.log
    elif [ -n "$uninstall" ]; then
        kept_log=/var/log/st2lite-uninstall-$moment.log
    else
        if [ ! -d /var/log/st2 ]; then mkdir -m 755 /var/log/st2; fi
        kept_log=/var/log/st2/install-$moment.log
    fi
    cat "$log" >"$kept_log"
    log=$kept_log
    begun=1
    say "      log: $log"
}

confirm_purge() {
    if [ ! -t 0 ] || [ ! -t 1 ]; then
        step_number=0
        refuse "--purge removes all data: say --yes."
    fi
    printf 'Remove st2lite with its database, packs, keys and passwords? [y/N] '
    read -r answer
    case $answer in
    y | Y | yes) ;;
    *)
        say "Nothing was changed."
        step_number=0
        exit 1
        ;;
    esac
}

# One run at a time: an open file that the shell and all that it starts share. It is held as long as any of them lives.
lock_host() {
    exec 9<>/run/st2lite-installer
    if ! flock -n 9; then
        if kill -0 "$(cat /run/st2lite-installer)" 2>/dev/null; then
            step_number=0
            complain "another run of install.sh is at work on this host: wait until it has ended."
            exit 1
        fi
        say "      an earlier run was killed; waiting for what it started to end"
        if ! flock -w 600 9; then
            remedy="see which processes have /run/st2lite-installer open (lsof), or reboot"
            exit 1
        fi
    fi
    printf '%s\n' $$ >/run/st2lite-installer
}

# What runs that were killed have left may hold secrets.
remove_stale() {
    for folder in /var/tmp/st2lite.??????; do
        if [ "$folder" != "$scratch" ] && [ -O "$folder" ] && [ ! -L "$folder" ]; then
            if ! kill -0 "$(cat "$folder/pid" 2>/dev/null)" 2>/dev/null; then rm -rf "$folder"; fi
        fi
    done
}
