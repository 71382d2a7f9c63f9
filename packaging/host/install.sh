#!/bin/sh
# shellcheck disable=SC2154,SC2034  # Part of install.sh, which sets the variables and reads some.
# What the installation, the upgrade, the check and the removal of a whole host do once the release is there ($source).

# shellcheck source=/dev/null
. "$source/packaging/wheels.sh"
# shellcheck source=/dev/null
. "$source/packaging/host/preflight.sh"

set_up_host() {
    begin_host
    if [ -n "$check" ]; then place=$scratch/installer; fi
    untried='' on_failure=put_back
    make_place
    reach_out
    if [ -z "$uninstall" ]; then keep_release; fi
    step "Preparing Ansible" "check the network, proxy (https_proxy) and pip's index configuration, then run this again"
    prepare_ansible
    write_variables
    if [ -n "$uninstall" ]; then
        play uninstall
        remove_place
        say ""
        say "st2lite is removed ($(elapsed) s)."
        if [ -z "$purge" ]; then say "Data, settings and passwords are still there; install.sh goes on with them."; fi
    elif [ -n "$check" ]; then
        play site --check
        say ""
        say "A run would change $(changes) things; they are in $log. Nothing was changed."
    else
        if [ -n "$upgrade" ]; then play upgrade; else play site; fi
        rm -rf "$release.before"
        summary
    fi
}

elapsed() { printf %s "$(($(date +%s) - started))"; }

# ---------------------------------------------------------------- the installer's own place

# /opt/stackstorm/installer: for root alone, but programs in it may be run by others.
make_place() {
    fresh=
    if [ ! -e "$place" ]; then fresh=1; fi
    mkdir -p "$place"
    chmod 755 "$(dirname "$place")" "$place"
}

# Keep the release, whole or not at all: upgrade and removal need it when its source is gone. In a checkout the wheels
# and the collections have to be made first. The release before stays: going back starts from it. So does the one
# before that until all is well.
keep_release() {
    release=$place/release
    digest=$(fingerprint roles playbooks packaging requirements install.sh ansible.cfg)
    if [ "$(cat "$release/.digest" 2>/dev/null)" = "$digest" ] || [ "$source" = "$release" ]; then return 0; fi
    remedy="look at the disk and the rights of $place, then run this again"
    rm -rf "$release.new"
    mkdir "$release.new"
    for part in requirements packaging pip roles playbooks collections ansible.cfg install.sh README.md LICENSE CHANGELOG.md; do
        if [ -e "$source/$part" ]; then run cp -R "$source/$part" "$release.new"; fi
    done
    if [ ! -d "$source/wheels" ]; then bring_venv_module; fi
    collect_wheels
    run cp -R "$scratch/wheels" "$release.new"
    printf '%s\n' "$digest" >"$release.new/.digest"
    chmod -R u=rwX,go=rX "$release.new"
    if never_ran || { [ -e /var/lib/st2lite/upgrade/from ] && [ -e "$release.previous" ]; }; then
        rm -rf "$release" # of an upgrade that was interrupted; the one before ran
    elif [ -e "$release" ]; then
        rm -rf "$release.before"
        if [ -e "$release.previous" ]; then mv "$release.previous" "$release.before"; fi
        mv "$release" "$release.previous"
    fi
    mv "$release.new" "$release"
    untried=1
}

# After a failure: what repairs and removes this host has to be of the version that runs.
put_back() {
    better_remedy
    release=$place/release
    rm -rf "$release.new"
    if never_ran || { [ -n "$untried" ] && [ -e "$release.previous" ]; }; then
        rm -rf "$release"
        mv "$release.previous" "$release"
        if [ -e "$release.before" ]; then mv "$release.before" "$release.previous"; fi
    fi
    put_virtualenv_back
    # Half a version may be what has filled the disk, on which the one in use has to go on.
    for made in /opt/stackstorm/versions/*; do
        if [ -z "$check$uninstall" ] && [ ! -L "$made" ] && [ ! -e "$made/.installed" ]; then rm -rf "$made"; fi
    done
}

never_ran() { [ -e "$release" ] && ! in_use "$release" && in_use "$release.previous"; }

in_use() {
    for file in "$1"/wheels/st2lite-*.whl "$1/requirements/st2lite.lock"; do
        if ! [ -f "$file" ]; then return 1; fi
        grep -qsF "$(sha256sum <"$file" | cut -d ' ' -f 1)" /opt/stackstorm/st2/package.meta || return 1
    done
}

# Debian and Ubuntu keep half of Python's venv in a package of its own, which only a checkout needs here: a release
# carries pip. What came is recorded as the role "packages" does, so that the removal takes it away again.
bring_venv_module() {
    if "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then return 0; fi
    remedy="install Python's module venv (Debian, Ubuntu: apt-get install python3-venv), then run this again"
    if [ -n "$check" ] || ! command -v apt-get >/dev/null; then
        failed_command="$python -c 'import ensurepip, venv'"
        exit 1
    fi
    say "      installing python3-venv"
    export DEBIAN_FRONTEND=noninteractive
    records=/var/lib/st2lite/packages
    mkdir -p "$records"
    chmod 755 /var/lib/st2lite "$records"
    if [ ! -f "$records/installer.before" ]; then list_packages >"$records/installer.before"; fi
    wait_for_lock="--option=DPkg::Lock::Timeout=300"
    if ! apt-get install --assume-yes "$wait_for_lock" --no-install-recommends python3-venv </dev/null >>"$log" 2>&1; then
        run apt-get update
        run apt-get install --assume-yes "$wait_for_lock" --no-install-recommends python3-venv
    fi
    list_packages | LC_ALL=C comm -13 "$records/installer.before" - >"$records/installer"
    chmod 644 "$records/installer"
    rm "$records/installer.before"
}

list_packages() { dpkg-query --show --showformat='${db:Status-Abbrev} ${Package}\n' | sed -n 's/^ii *//p' | LC_ALL=C sort -u; }

prepare_ansible() {
    release=$place/release
    if [ ! -d "$release" ]; then release=$source; fi
    put_virtualenv_back
    lock_digest=$("$python" -V; sha256sum <"$release/requirements/ansible.lock")
    if [ "$(cat "$venv/.complete" 2>/dev/null)" = "$lock_digest" ]; then
        say "      already there"
    else
        rm -rf "$venv.previous"
        if [ -e "$venv" ]; then mv "$venv" "$venv.previous"; fi
        make_virtualenv
        pip_install "$venv" --no-compile --require-hashes -r "$release/requirements/ansible.lock"
        printf '%s\n' "$lock_digest" >"$venv/.complete"
        chmod -R go=rX "$venv"
    fi
    rm -rf "$venv.previous"
    if [ ! -d "$release/collections" ]; then
        say "      unpacking collections"
        run env PYTHON="$venv/bin/python" "$release/packaging/collections"
        chmod -R u=rwX,go=rX "$release/collections"
    fi
}

# A virtualenv works only where it was made, so the former one steps aside until the new one is complete.
put_virtualenv_back() {
    venv=$place/venv
    if [ ! -f "$venv/.complete" ]; then
        rm -rf "$venv"
        if [ -f "$venv.previous/.complete" ]; then mv "$venv.previous" "$venv"; fi
    fi
}

# With the pip that the release carries, so that nothing of the distribution changes before all problems are known.
make_virtualenv() {
    for pip in "$release"/pip/pip-*.whl; do
        if [ -f "$pip" ]; then
            run "$python" -m venv --without-pip "$venv"
            run "$venv/bin/python" "$pip/pip" install --disable-pip-version-check --no-index --no-compile "$pip"
            return 0
        fi
    done
    bring_venv_module
    run "$python" -m venv "$venv"
}

# Last of all when st2lite is removed. The folder is ours alone; the one above may have become empty.
remove_place() {
    rm -rf "$place"
    rmdir /opt/stackstorm 2>/dev/null || :
    if [ -n "$purge" ]; then
        rm -f /etc/st2/installer.yml "$log"
        rmdir /etc/st2 2>/dev/null || :
        log=
    fi
}

# ---------------------------------------------------------------- Ansible

# What the options say, for the roles; remembered in /etc/st2/installer.yml for the next run, but for the password.
write_variables() {
    remembered=/etc/st2/installer.yml
    if [ -z "$check$uninstall" ]; then mkdir -p /etc/st2; fi
    if [ "$password_file" = - ]; then
        IFS= read -r password || :
    elif [ -n "$password_file" ]; then
        IFS= read -r password <"$password_file" || :
    fi
    if [ -n "$password_file" ] && [ -z "$password" ]; then
        complain "there is no password in $password_file."
        exit 1
    fi
    if [ -f "$remembered" ]; then cp -p "$remembered" "$scratch/remembered.yml"; fi
    variables=$scratch/variables.yml
    remedy="look at --set and --vars, then run this again"
    {
        for part in $left_out; do printf '%s\0' "site_$part" false; done
        if [ -n "$mongodb_uri_file" ]; then printf '%s\0' mongodb_uri "$(cat "$mongodb_uri_file")"; fi
        if [ -n "$user" ]; then printf '%s\0' st2_auth_username "$user"; fi
        printf '%s\n' "$settings" | while IFS= read -r line; do
            if [ -n "$line" ]; then printf '%s\0' "${line%%=*}" "${line#*=}"; fi
        done
        if [ -n "$password" ]; then printf '%s\0' !st2_auth_password "$password"; fi
        if [ -n "${downgrade:-}" ]; then printf '%s\0' '!st2_downgrade' true; fi
        printf '%s\0' '!st2_release' "$release" '!uninstall_purge' "${purge:-0}"
        if [ -n "$bundle" ]; then
            printf '%s\0' '!preflight_offline' true '!st2_wheelhouse' "$bundle/wheels" \
                '!mongodb_repository_key_file' "$bundle/mongodb.asc"
            packs=
            for pack in "$bundle"/packs/*/pack.yaml; do
                if [ -f "$pack" ]; then packs="$packs${packs:+, }file://$(dirname "$pack")"; fi
            done
            if [ -n "$packs" ]; then printf '%s\0' '!st2_packs' "[$packs]"; fi
        fi
    } >"$scratch/options"
    run "$venv/bin/python" "$release/packaging/host/variables.py" --remembered "$remembered" ${check:+--forget} \
        ${uninstall:+--forget} ${vars_file:+--file "$vars_file"} --output "$variables" --options "$scratch/options"
}

# What Ansible and everything below it find in their environment.
environment_of_ansible() {
    export ANSIBLE_CONFIG="$release/ansible.cfg" ANSIBLE_HOME="$scratch/ansible" ANSIBLE_REMOTE_TEMP="$scratch/ansible"
    export ANSIBLE_LOCAL_TEMP="$scratch/ansible" ANSIBLE_PIPELINING=1 ANSIBLE_NOCOLOR=1
    export ANSIBLE_CALLBACK_PLUGINS="$release/packaging/host/callback" ANSIBLE_CALLBACKS_ENABLED=st2_steps,st2_module_server
    export ST2_MODULE_SERVER="$scratch/modules" # see module_server.py
    export ST2_STEPS_FILE="$scratch/steps" ST2_STEPS_DONE="$step_number" ST2_STEPS_STARTED="$started"
    export LC_ALL=C.UTF-8
}

# How this host's network is used, or the bundle instead.
reach_out() {
    if [ -n "${http_proxy:-}${https_proxy:-}" ]; then
        # The services of this host are asked through HTTP as well; that must not go out by a proxy.
        no_proxy=localhost,127.0.0.1,::1${no_proxy:+,$no_proxy}
        export no_proxy NO_PROXY="$no_proxy"
    fi
    if [ -n "$bundle" ]; then
        export PIP_NO_INDEX=1 PIP_FIND_LINKS="$bundle/wheels"
        offline_apt
    fi
}

# Let apt see the bundle alone, while this runs. What is in it was held against SHA256SUMS, by open_bundle.
offline_apt() {
    mkdir -p "$scratch/apt/lists/partial"
    printf 'deb [trusted=yes] file:%s/apt ./\n' "$bundle" >"$scratch/apt/sources.list"
    cat >"$scratch/apt/apt.conf" <<CONFIG
Dir::Etc::sourcelist "$scratch/apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$scratch/apt/lists";
APT::Sandbox::User "root";
CONFIG
    export APT_CONFIG="$scratch/apt/apt.conf"
    run apt-get update
}

# Run a playbook on this host. Its output goes to the log, its steps come to the screen by the callback.
play() {
    name=$1
    shift
    step_name="Ansible, playbooks/$name.yml"
    remedy="see the log, then run this again"
    last_output='' failed_command=''
    environment_of_ansible
    untried=
    # Roles give secrets their modes; what programs put down beside them, such as virtualenvs, is for others to read.
    umask 022
    # In the background: the shell would keep a signal back until the playbook has ended.
    "$venv/bin/python" "$release/packaging/host/keeper.py" $$ "$venv/bin/ansible-playbook" --inventory "$release/packaging/host/inventory.yml" --extra-vars "@$variables" "$@" "$release/playbooks/$name.yml" </dev/null 3>&1 >>"$log" 2>&1 &
    child=$!
    umask 077
    status=0
    wait "$child" || status=$?
    child=
    if [ "$status" -ne 0 ]; then explain_failure; fi
}

# The callback leaves a line for each thing that it knows: number, step, task, changed; and the message in a file.
fact() { sed -n "s/^$1 //p" "$scratch/steps" 2>/dev/null | tail -n 1; }

changes() { fact changed; }

explain_failure() {
    last_output=$scratch/steps.message
    if [ ! -s "$last_output" ]; then tail -n 15 "$log" >"$last_output"; fi # not a task: Ansible itself gave up
    if looked_only && [ "$name" != uninstall ]; then
        complain "this host is not ready:"
        sed -e 1d -e 's/^/  - /' "$last_output" >&2 # the first line is a heading of the role
        undo_preparation
        step_number=0
        exit 1
    fi
    number=$(fact number)
    step_number=${number:-$((step_number + 1))} # or Ansible did not come to a step
    step_name=$(fact step)
    step_name=${step_name:-Ansible}
    failed_command=
    # A task of the playbook itself, as the one that ends an upgrade, says all in its message.
    if [ -n "$(fact role)" ]; then failed_command="the task \"$(fact task)\" of playbooks/$name.yml"; fi
    remedy="$(remedy_of "$(fact cause)"), then run this again: it goes on where it has to"
    exit 1
}

# Whether Ansible came no further than the tasks that look for problems.
looked_only() {
    if [ "$(fact role)" = preflight ]; then return 0; fi
    case "$(fact step)" in
    "Look for problems" | "Report all of them, before anything is changed") ;;
    *) return 1 ;;
    esac
}

remedy_of() {
    case $1 in
    mongodb) printf %s "see journalctl -u mongod and /var/log/mongodb/mongod.log; mongodb_repository_url names the packages" ;;
    rabbitmq) printf %s "see journalctl -u rabbitmq-server and /var/log/rabbitmq" ;;
    postgresql) printf %s "see journalctl -u 'postgresql*' and /var/log/postgresql" ;;
    nginx) printf %s "see journalctl -u nginx and nginx -t" ;;
    st2) printf %s "see st2ctl status and /var/log/st2" ;;
    packages) printf %s "check that apt-get update (or dnf makecache) works" ;;
    *) printf %s "see the log" ;;
    esac
}

# What was said to this run may be what is wrong, and is forgotten. The host is as it was before, if it was the first run.
undo_preparation() {
    if [ -n "$check" ]; then return 0; fi
    rm -f /etc/st2/installer.yml
    if [ -f "$scratch/remembered.yml" ]; then cp -p "$scratch/remembered.yml" /etc/st2/installer.yml; fi
    if [ -z "$fresh" ] || [ -L /opt/stackstorm/st2 ]; then return 0; fi
    rm -rf "$place" /etc/st2/installer.yml
    rmdir /opt/stackstorm /etc/st2 2>/dev/null || :
    if [ -s /var/lib/st2lite/packages/installer ]; then
        # shellcheck disable=SC2046  # a list of words
        apt-get purge --assume-yes $(cat /var/lib/st2lite/packages/installer) </dev/null >>"$log" 2>&1 || :
    fi
    rm -f /var/lib/st2lite/packages/installer
    rmdir /var/lib/st2lite/packages /var/lib/st2lite 2>/dev/null || :
    mv "$log" /var/tmp && log=/var/tmp/${log##*/}
    rmdir /var/log/st2 2>/dev/null || :
    complain "Nothing was changed. The details are in $log."
}

# ---------------------------------------------------------------- the end

summary() {
    port=$(setting nginx_https_port 443)
    address=https://$(hostname -f 2>/dev/null || hostname)
    if [ "$port" != 443 ]; then address=$address:$port; fi
    case " $left_out " in *" nginx "*) address="http://127.0.0.1:9101 (no web server)" ;; esac
    say ""
    if [ -n "$upgrade" ] && [ "$(fact before)" != "$(fact after)" ]; then
        direction=${downgrade:+down}
        say "st2lite $(fact before) was ${direction:-up}graded to $(fact after) ($(elapsed) s)."
    elif [ "$(changes)" = 0 ]; then
        say "st2lite $wanted_version is as it should be; nothing was changed ($(elapsed) s)."
    else
        say "st2lite $wanted_version is running ($(elapsed) s)."
    fi
    say ""
    say "  URL        $address    (API: /api, client: st2)"
    say "  user       $(setting st2_auth_username st2admin)"
    say "  password   sudo cat /etc/st2/secrets/admin"
    say "  client     st2 run core.local date          (root is logged in)"
    say "  status     st2ctl status"
    say "  log        $log"
    say "  repair     $place/release/install.sh"
    say "  upgrade    the newer install.sh --upgrade"
    if [ -n "$upgrade" ] && [ -n "$(fact backup)" ]; then say "  backup     $(fact backup), from before the upgrade"; fi
    if [ -d "$place/release.previous" ]; then say "  go back    $place/release.previous/install.sh --downgrade"; fi
    say "  uninstall  $place/release/install.sh --uninstall    (--purge: with all data)"
    say ""
}
