#!/bin/sh
# Install st2lite. Run it from a checkout or a release archive, or pipe it into a shell:
#
#   curl -fsSL https://github.com/st2lite/st2lite/releases/latest/download/install.sh | sudo sh
#   ./install.sh --standalone
#
# Everything is inside functions, and the last line calls main: a download that was cut short does nothing.
# Here is what can be done without a release: options, a first look at the host, fetching and checking the release.
# The rest lies in the release, in packaging/host and packaging/standalone.

# shellcheck disable=SC1090,SC1091,SC2034,SC2154  # Options are set by name; what is in the release reads more.

set -eu
umask 077

VERSION=0.1.0

# How many steps there are, those of the playbooks included: a unit test counts them.
SITE_STEPS=11 UPGRADE_STEPS=9 REMOVAL_STEPS=5 STANDALONE_STEPS=6

# Each option --a-b is the variable a_b, and ST2_A_B in the environment.
VALUES='user password password_file mongodb_uri_file vars set offline home bind wait version python release_url release_key'
SWITCHES='no_mongodb no_rabbitmq no_postgresql no_nginx check upgrade downgrade standalone dry_run uninstall purge yes'

usage() {
    cat <<'HELP'
Usage: install.sh [options]                  this host: database, broker, services, web server (as root)
       install.sh --standalone [options]     one process for one user, in one directory
       install.sh --upgrade [options]        a backup, then the new release; back again if it fails
       install.sh --uninstall [--purge]      remove the programs; with --purge the data as well

Running it again repairs; data, passwords, keys and what it was told before are kept.

The host:
  --user NAME              the first login [st2admin]                    ST2_USER
  --password-file FILE     its password; - is standard input             ST2_PASSWORD_FILE
  --password VALUE         the same, but others see it in process lists  ST2_PASSWORD
  --no-mongodb             leave MongoDB to somebody else                ST2_NO_MONGODB=1
  --no-rabbitmq            leave RabbitMQ to somebody else               ST2_NO_RABBITMQ=1
  --no-postgresql          do without PostgreSQL                         ST2_NO_POSTGRESQL=1
  --no-nginx               do without a web server                       ST2_NO_NGINX=1
  --mongodb-uri-file FILE  holds mongodb://USER:PASSWORD@HOST/…          ST2_MONGODB_URI_FILE
  --vars FILE              YAML with further variables of the roles      ST2_VARS
  --set NAME=VALUE         one variable of the roles; repeatable         ST2_SET (one a line)
  --offline BUNDLE         take everything from this bundle, no network  ST2_OFFLINE
  --check                  say what a run would change, task by task     ST2_CHECK=1
  --upgrade                see above                                     ST2_UPGRADE=1
  --downgrade              install a release although a newer one runs   ST2_DOWNGRADE=1

Standalone:
  --standalone             see above                                     ST2_STANDALONE=1
  --home DIR               where everything goes [~/.st2lite]            ST2_HOME
  --bind HOST:PORT         address to listen on [127.0.0.1:9101]         ST2_BIND
  --wait SECONDS           how long to wait for readiness [60]           ST2_WAIT

Both:
  --version=X.Y.Z          install that release                          ST2_VERSION
  --python PROGRAM         CPython 3.10 to 3.13 for the installer        ST2_PYTHON
  --release-url URL        https:// or file:// folder of a release       ST2_RELEASE_URL
  --release-key FILE       OpenPGP public key the release must bear      ST2_RELEASE_KEY
  --dry-run                check the host, say what would be done        ST2_DRY_RUN=1
  --uninstall              see above                                     ST2_UNINSTALL=1
  --purge                  with --uninstall: remove the data as well     ST2_PURGE=1
  --yes                    ask nothing                                   ST2_YES=1
  --version                print the version of this installer
  --help                   print this text

Proxies are taken from http_proxy, https_proxy and no_proxy, package indexes from pip's own configuration.
HELP
}

# ---------------------------------------------------------------- talking

say() { printf '%s\n' "$*" && note "$*"; }
complain() { printf 'install.sh: %s\n' "$*" >&2 && note "install.sh: $*"; }
note() { if [ -n "$log" ]; then printf '%s\n' "$*" 2>/dev/null >>"$log" || :; fi; }

refuse() {
    complain "$1"
    printf '%s\n' "Try: install.sh --help" >&2
    exit 2
}

# A numbered step; the remedy is printed if anything fails before the next one.
step() {
    step_number=$((step_number + 1)) step_name=$1 remedy=$2 last_output='' failed_command=''
    say "[$step_number/$steps] $step_name ($(($(date +%s) - started)) s)"
}

# Run a command with its output in the log only.
run() {
    last_output=$scratch/output
    failed_command=$*
    if "$@" </dev/null >"$last_output" 2>&1; then failed_command=''; fi
    { printf '+ %s\n' "$*" && cat "$last_output"; } 2>/dev/null >>"$log" || :
    if [ -n "$failed_command" ]; then exit 1; fi
}

finish() {
    status=$?
    trap - EXIT
    if [ -n "$child" ] && kill "$child" 2>/dev/null; then wait "$child" || :; fi
    if [ "$status" -ne 0 ] && [ -n "$on_failure" ]; then "$on_failure"; fi # of the release
    if [ "$status" -ne 0 ] && [ "$step_number" -gt 0 ]; then
        complain "step $step_number, \"$step_name\", failed."
        if [ -n "$failed_command" ]; then complain "command: $(printf '%s' "$failed_command" | head -n 1)"; fi
        if [ -n "$last_output" ] && [ -s "$last_output" ]; then
            complain "its last output:"
            tail -n 15 "$last_output" | sed 's/^/    /' >&2
        fi
        complain "remedy: $remedy"
        if [ -n "$problems" ]; then complain "Besides:$problems"; fi
        if [ -z "$begun" ]; then complain "Nothing was changed."; else complain "log: $log"; fi
    fi
    rm -rf ${lock:+"$lock"} ${scratch:+"$scratch"}
    exit "$status"
}

interrupted() {
    if [ -n "$child" ] && [ -s "$scratch/steps" ]; then # the steps of Ansible
        step_number=$(sed -n 's/^number //p' "$scratch/steps")
        step_name=$(sed -n 's/^step //p' "$scratch/steps")
    fi
    last_output='' failed_command='' remedy="it was interrupted: run it again"
    if [ -n "$child" ]; then complain "ending; what is being installed at this moment comes to its end first."; fi
    exit 130
}

# ---------------------------------------------------------------- options

# Set the switch $1 from $2; $3 is what the user calls it.
switch() {
    case $2 in
    '' | 0 | no | false) eval "$1=" ;;
    1 | yes | true) eval "$1=1" ;;
    *) refuse "$3 must be 1 or 0, not \"$2\"." ;;
    esac
}

read_environment() {
    for name in $VALUES $SWITCHES; do
        variable=ST2_$(printf %s "$name" | tr '[:lower:]' '[:upper:]')
        eval "value=\${$variable:-}"
        unset -v "$name" # of an exported one, every child would see what it is set to
        case " $SWITCHES " in
        *" $name "*) switch "$name" "$value" "$variable" ;;
        *) eval "$name=\$value" ;;
        esac
    done
    unset ST2_PASSWORD # nothing that is started has to know it
}

read_options() {
    read_environment
    while [ $# -gt 0 ]; do
        option=${1%%=*} value=${1#*=} has_value=
        case $1 in *=*) has_value=1 ;; esac
        word=$1
        shift
        case $option in
        --*[!a-z-]* | -- | [!-]* | -[!-]* | '') refuse "unknown option \"$word\"." ;;
        esac
        name=$(printf %s "${option#--}" | tr - _)
        case " $VALUES | $SWITCHES | help " in
        *" $name "*'|'*'|'*)
            if [ "$word" = --version ]; then printf 'st2lite installer %s\n' "$VERSION" && exit 0; fi
            if [ -z "$has_value" ]; then
                if [ $# -eq 0 ]; then refuse "$option needs a value."; fi
                value=$1
                shift
            fi
            if [ "$name" = set ]; then
                set="$set
$value"
            else
                eval "$name=\$value"
            fi
            ;;
        *'|'*" $name "*)
            if [ -n "$has_value" ]; then refuse "unknown option \"$word\"."; fi
            if [ "$name" = help ]; then usage && exit 0; fi
            eval "$name=1"
            ;;
        *) refuse "unknown option \"$word\"." ;;
        esac
        case $name in
        user | password* | no_* | mongodb_uri_file | vars | set | offline | check | *grade) host_only=$option ;;
        home | bind | wait) standalone_only=$option ;;
        esac
        if [ "$option" = --password ]; then
            complain "a password in the arguments is seen by everybody on this host: better use --password-file."
        fi
    done
    vars_file=$vars settings=$set wait_seconds=${wait:-60} left_out=
    for part in mongodb rabbitmq postgresql nginx; do
        eval "left_out=\$left_out\${no_$part:+ $part}"
    done
    check_options
}

check_options() {
    case $wait_seconds in *[!0-9]*) refuse "--wait must be a whole number of seconds, not \"$wait_seconds\"." ;; esac
    case $version in *[!0-9a-z.]*) refuse "--version must be like $VERSION, not \"$version\"." ;; esac
    if [ -n "$purge" ] && [ -z "$uninstall" ]; then refuse "--purge goes with --uninstall."; fi
    if [ -n "$upgrade" ] && [ -n "$uninstall" ]; then refuse "--upgrade and --uninstall exclude each other."; fi
    if [ -n "$check" ] && [ -n "$upgrade$uninstall$dry_run" ]; then refuse "--check stands alone."; fi
    if [ -n "$standalone" ] && [ -n "$host_only" ]; then refuse "$host_only does not go with --standalone."; fi
    if [ -z "$standalone$uninstall" ] && [ -n "$standalone_only" ]; then refuse "$standalone_only goes with --standalone."; fi
    if [ -n "$offline" ] && [ -n "$release_url" ]; then refuse "--offline and --release-url exclude each other."; fi
    if [ -n "$password" ] && [ -n "$password_file" ]; then refuse "give the password once: --password or --password-file."; fi
    if [ "$password_file" = - ] && [ ! -f "$0" ]; then
        refuse "standard input is the script itself: run install.sh from a file for --password-file -."
    fi
    if bad=$(printf '%s\n' "$settings" | grep -v -e '^$' -e '^[a-z][a-z0-9_]*='); then
        refuse "--set must be NAME=VALUE, not \"$(printf '%s' "$bad" | head -n 1)\"."
    fi
    wanted_version=${version:-$VERSION}
    release_url=${release_url:-https://github.com/st2lite/st2lite/releases/download/v$wanted_version}
    # One host has one place; somebody's standalone installation is none of its business.
    place=/opt/stackstorm/installer
    if [ -z "$standalone$uninstall" ]; then host=1; fi
    if [ -n "$uninstall" ] && [ -z "$standalone$home" ] && { [ -e "$place" ] || [ -e /etc/st2/installer.yml ]; }; then
        if [ "$(id -u)" -eq 0 ]; then host=1; fi
        if [ "$(id -u)" -ne 0 ] && [ ! -e "${HOME:-}/.st2lite" ]; then refuse "the host is uninstalled as root: sudo $0 --uninstall."; fi
    fi
    if [ -n "$host" ]; then kind=host scratch_folder=/var/tmp && return 0; fi
    scratch_folder=${TMPDIR:-/tmp}
    if [ -z "$home${HOME:-}" ]; then refuse "HOME is not set: say where to install with --home DIR."; fi
    home=${home:-$HOME/.st2lite}
    case $home in /*) ;; *) home=$PWD/$home ;; esac
}

# ---------------------------------------------------------------- the first look: finds all problems, changes nothing

problem() {
    problems="$problems
  - $*"
}

find_python() {
    asked=$python
    # Neither a shim, whose version depends on the directory, nor a virtualenv, which somebody may remove.
    for candidate in "$asked" python3 python3.13 python3.12 python3.11 python3.10; do
        if python=$([ -n "$candidate" ] && "$candidate" -c 'import sys
print(getattr(sys, "_base_executable", "") or sys.executable)
sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null); then break; fi
        python=
        if [ -n "$candidate" ] && [ "$candidate" = "$asked" ]; then
            problem "$asked is not a CPython 3.10 to 3.13. Name another one with --python, or leave it out."
        fi
    done
    if [ -z "$python" ]; then
        problem "no CPython 3.10 to 3.13 found. Install one (Debian, Ubuntu: apt-get install python3; Fedora, Red Hat:" \
            "dnf install python3.12) or name it with --python."
    fi
}

# The memory must be $2 MiB, by line $1 of /proc/meminfo.
need_memory() {
    memory=$(sed -n "s/^$1: *\([0-9]*\) kB/\1/p" /proc/meminfo 2>/dev/null || :)
    memory=$((${memory:-99999999} / 1024))
    if [ "$memory" -lt "$2" ]; then problem "there are $memory MiB of memory, $2 are needed: add memory, or stop something."; fi
}

# $1: MiB that have to be free in each of the folders that follow; those on one file system need the sum.
need_room() {
    sizes=$1
    shift
    shortage=$(df -Pk "$@" 2>/dev/null | awk -v sizes="$sizes" -v names="$*" '
        BEGIN { split(sizes, size, " "); split(names, name, " ") }
        NR > 1 { free[$6] = int($4 / 1024); needed[$6] += size[NR - 1]; on[$6] = on[$6] (on[$6] ? " and " : "") name[NR - 1] }
        END { for (disk in free) if (free[disk] < needed[disk]) {
            printf "%s%s: %d MiB are free, %d are needed: make room.", between, on[disk], free[disk], needed[disk]
            between = "\n  - " } }')
    if [ -n "$shortage" ]; then problem "$shortage"; fi
}

check_machine() {
    [ "$(uname -s)" = Linux ] || problem "this is $(uname -s): st2lite runs on Linux."
    case $(uname -m) in x86_64 | aarch64) ;; *) problem "this machine is $(uname -m): there are packages for x86_64 and aarch64 only." ;; esac
    for program in tar ${release_key:+gpg} ${host:+flock}; do
        command -v "$program" >/dev/null || problem "$program is missing: install it with the package manager."
    done
    for file in "$vars_file" "$mongodb_uri_file" "$release_key" "$(printf %s "$password_file" | sed 's/^-$//')"; do
        if [ -n "$file" ] && { [ ! -r "$file" ] || [ -d "$file" ]; }; then problem "cannot read $file."; fi
    done
}

check_host() {
    if [ "$(id -u)" -ne 0 ]; then
        problem "a host is installed as root: sudo ./install.sh, or curl … | sudo sh. (--standalone needs no root.)"
    fi
    system=$(sed -n -e "s/[\"']//g" -e 's/^ID=//p' -e 's/^VERSION_ID=//p' /etc/os-release 2>/dev/null | LC_ALL=C sort -r | tr '\n' ' ')
    system=${system% }
    case $system in
    'debian 12' | 'debian 13' | 'ubuntu 22.04' | 'ubuntu 24.04') ;;
    'rhel 9'* | 'rocky 9'* | 'almalinux 9'* | 'centos 9'* | 'ol 9'*) ;;
    *) problem "\"$system\" is not supported: take Debian 12 or 13, Ubuntu 22.04 or 24.04, or the Red Hat family's" \
        "release 9; or install with --standalone." ;;
    esac
    [ -d /run/systemd/system ] || problem "systemd is not running here: take a host (or a container) that boots with it."
    need_memory MemTotal "$(setting preflight_memory_mb 900)"
    if [ -z "$(setting preflight_disk_mb '')" ]; then need_room "1000 1500 100" /opt /var /var/tmp; fi
    for folder in /etc /opt /usr /var/lib /var/log /var/tmp /tmp; do
        if [ "$(id -u)" -eq 0 ] && ! [ -w "$folder" ]; then
            problem "$folder cannot be written: mount its file system for writing, look at the kernel's log for errors."
        fi
    done
    if [ -n "$offline" ] && [ ! -f "$offline" ] && [ ! -f "$offline/SHA256SUMS" ]; then
        problem "$offline is not a bundle: packaging/bundle makes one."
        no_bundle=1 offline=
    fi
}

# The value of a role's variable that was given by --set, by --vars, or to an earlier run; $2 is its default.
setting() {
    found=$({
        cat /etc/st2/installer.yml "${vars_file:-/dev/null}" 2>/dev/null || :
        printf '%s\n' "$settings" | sed 's/=/: /'
    } | sed -n -e "s/^$1: *['\"]\{0,1\}\([^'\"#]*[^'\" #]\).*/\1/p" -e "s/^$1:\$/{}/p" | tail -n 1)
    printf %s "${found:-$2}"
}

not_ready() {
    if [ -z "$problems" ]; then return 0; fi
    complain "this host is not ready, and nothing was changed:$problems"
    step_number=0
    exit 1
}

# The release, and all that is wrong with this host.
look() {
    check_machine
    if [ -n "$host" ]; then check_host; fi
    get_release
    step "Checking the host" "see the messages above"
    . "$source/packaging/$kind/install.sh"
    look_closely
    not_ready
    say "      $(uname -m), $("$python" --version)${system:+, $system}"
}

# ---------------------------------------------------------------- getting the files

# Make $source the release or the checkout. Without Python or room for it, tell what is known to be wrong by then.
get_release() {
    find_python
    find_source
    if scratch=$(mktemp -d "$scratch_folder/st2lite.XXXXXX" 2>/dev/null) && echo $$ 2>/dev/null >"$scratch/pid"; then
        log=$scratch/log
    else
        problem "no file can be made in $scratch_folder: look at the rights and the room there."
    fi
    if [ -z "$source" ] && { [ -z "$python" ] || [ -z "$log" ] || [ -n "$no_bundle" ]; }; then not_ready; fi
    if [ -n "$offline" ]; then open_bundle; fi
    count_steps
    step "Getting st2lite $wanted_version" "check the network and proxy (https_proxy), or run install.sh from a checkout"
    if [ -z "$source" ]; then fetch_release; fi
    say "      from $source"
}

# Another version than the one in use makes an upgrade of it.
count_steps() {
    steps=$STANDALONE_STEPS
    if [ -n "$host" ]; then
        former=$(readlink /opt/stackstorm/st2 2>/dev/null | sed -e 's,.*/,,' -e 's,-.*,,')
        if [ -z "$check$uninstall" ] && [ "${former:-$wanted_version}" != "$wanted_version" ]; then upgrade=1; fi
        steps=$SITE_STEPS
        if [ -n "$upgrade" ]; then steps=$UPGRADE_STEPS; fi
        if [ -n "$uninstall" ]; then steps=$REMOVAL_STEPS; fi
    fi
    if [ -n "$dry_run" ]; then steps=$((uninstall ? 1 : 2)); fi
}

# The directory of this script, if the rest of a checkout or release lies beside it.
find_source() {
    source=
    if [ -f "$0" ]; then
        beside=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
        if [ -f "$beside/requirements/st2lite.lock" ] && [ -d "$beside/packaging/standalone" ]; then source=$beside; fi
    fi
    if [ -n "$offline" ] || [ "$wanted_version" != "$VERSION" ]; then source=; fi
    if [ -d "$installed" ]; then source=$installed offline=; fi
}

# Fetch the release and hold it against its sums. TLS is verified, and a redirection may not leave TLS.
fetch_release() {
    archive=st2lite-$wanted_version.tar.gz
    cat >"$scratch/fetch.py" <<'PYTHON'
import hashlib, sys, urllib.parse, urllib.request

class Strict(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, stream, code, reason, headers, url):
        if not url.startswith("https://"):
            raise OSError(f"redirected to {url}, which is not https")
        return super().redirect_request(request, stream, code, reason, headers, url)

base, folder, archive, *others = sys.argv[1:]
opener = urllib.request.build_opener(Strict)
try:
    if urllib.parse.urlsplit(base).scheme not in ("https", "file"):
        raise OSError("only https:// and file:// are accepted")
    for name in ("SHA256SUMS", archive, *others):
        url = f"{base}/{name}"
        with opener.open(url, timeout=60) as stream, open(f"{folder}/{name}", "wb") as file:
            while block := stream.read(1 << 16):
                file.write(block)
except (OSError, ValueError) as error:
    sys.exit(f"cannot take the release from {base}: {error}")
sums = {name.lstrip("*"): digest for digest, name in (line.split() for line in open(f"{folder}/SHA256SUMS") if line.strip())}
found = hashlib.sha256(open(f"{folder}/{archive}", "rb").read()).hexdigest()
if sums.get(archive) != found:
    sys.exit(f"{archive}: sha256 is {found}, SHA256SUMS says {sums.get(archive)}: it is damaged, or not the genuine one")
PYTHON
    run "$python" "$scratch/fetch.py" "$release_url" "$scratch" "$archive" ${release_key:+SHA256SUMS.asc}
    if [ -n "$release_key" ]; then
        mkdir "$scratch/gnupg"
        run gpg --homedir "$scratch/gnupg" --batch --quiet --no-autostart --import "$release_key"
        run gpg --homedir "$scratch/gnupg" --batch --quiet --no-autostart --trust-model always \
            --verify "$scratch/SHA256SUMS.asc" "$scratch/SHA256SUMS"
        say "      checksum and signature are right"
    else
        say "      checksum is right; the signature was not checked (no --release-key given)"
    fi
    run tar -xzf "$scratch/$archive" -C "$scratch" --no-same-owner
    source=$scratch/st2lite-$wanted_version
}

# A bundle is a folder or an archive of one; everything in it is held against its SHA256SUMS. Only then it is known which
# release it holds, and by that how many steps there are.
open_bundle() {
    bundle=$offline
    step_number=1 step_name="Opening the bundle" remedy="make the bundle again (packaging/bundle), or copy it again"
    if [ -f "$offline" ]; then
        bundle=$scratch/bundle
        mkdir "$bundle"
        run tar -xf "$offline" -C "$bundle" --no-same-owner --strip-components=1
    fi
    bundle=$(CDPATH='' cd -- "$bundle" && pwd)
    release_url=file://$bundle
    run sh -c 'cd "$1" && sha256sum --check --strict --quiet SHA256SUMS' sh "$bundle"
    in_bundle=$(sed -n 's/^[0-9a-f]* [ *]st2lite-\([0-9][^/]*\)\.tar\.gz$/\1/p' "$bundle/SHA256SUMS")
    if [ "${version:-$in_bundle}" != "$in_bundle" ]; then problem "the bundle holds $in_bundle, not $version." && not_ready; fi
    wanted_version=$in_bundle step_number=0
}

remove_standalone() {
    if [ ! -f "$home/.st2lite" ]; then
        complain "there is no installation of st2lite in $home. Name the place with --home."
        exit 1
    fi
    if [ ! -x "$home/bin/st2lite-ctl" ] && [ -z "$purge" ]; then
        say "Already uninstalled; the data is in $home/data (remove it with --uninstall --purge)."
    elif [ -n "$dry_run" ]; then
        say "install.sh would stop st2lite and remove $home${purge:+ with all data}. Nothing was changed."
    elif [ -x "$home/bin/st2lite-ctl" ]; then
        "$home/bin/st2lite-ctl" uninstall ${purge:+--purge} ${yes:+--yes}
    else
        rm -rf "$home"
        say "Removed $home."
    fi
}

remove_host() {
    # What installed this host knows best how to remove it.
    if [ -x "$place/venv/bin/ansible-playbook" ]; then installed=$place/release; fi
    get_release
    . "$source/packaging/host/install.sh"
    if [ -n "$dry_run" ]; then describe_removal; else set_up_host; fi
}

# What the caller's shell is set up for must not steer this installation.
own_environment() {
    unset PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX PIP_USER PIP_REQUIRE_HASHES PIP_REQUIRE_VIRTUALENV
    unset ST2_AUTH_TOKEN ST2_API_KEY ST2_CONFIG_FILE ST2_TOKEN_DIRECTORY
    # Proxies do: in capital letters, too, and those that an earlier run was told.
    for name in http_proxy https_proxy no_proxy proxy_ca_bundle_path; do
        eval "value=\${$name:-\${$(printf %s "$name" | tr '[:lower:]' '[:upper:]'):-}}"
        value=${value:-$(sed -n "s/^  $name: ['\"]\{0,1\}\([^'\"]*\).*/\1/p" /etc/st2/installer.yml 2>/dev/null || :)}
        if [ -n "$value" ]; then export "$name=$value"; fi
    done
}

main() {
    log='' lock='' scratch='' last_output='' failed_command='' step_name='' remedy='' step_number=0 steps=0
    on_failure='' host='' former='' kind=standalone system='' child='' bundle='' no_bundle='' source='' problems='' begun='' installed='' host_only='' standalone_only=''
    started=$(date +%s)
    read_options "$@"
    own_environment
    trap finish EXIT
    trap interrupted INT TERM HUP
    if [ -n "$uninstall" ]; then
        "remove_$kind"
    else
        look
        if [ -n "$dry_run" ]; then "describe_$kind"; else "set_up_$kind"; fi
    fi
}

{ main "$@"; }
