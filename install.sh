#!/bin/sh
# Install st2lite. Run it from a checkout or a release archive, or pipe it into a shell:
#
#   curl -fsSL https://github.com/st2lite/st2lite/releases/latest/download/install.sh | sudo sh
#   ./install.sh --standalone
#
# Everything is inside functions, and the last line calls main: a download that was cut short does nothing.
# What is done once the release is there lies in packaging/host/install.sh and packaging/standalone/install.sh.

# shellcheck disable=SC2034  # The files that take over once the release is there read further variables.

set -eu
umask 077

VERSION=0.1.0

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

say() {
    printf '%s\n' "$*"
    if [ -n "$log" ]; then printf '%s\n' "$*" >>"$log"; fi
}

complain() {
    printf 'install.sh: %s\n' "$*" >&2
    if [ -n "$log" ]; then printf 'install.sh: %s\n' "$*" >>"$log"; fi
}

refuse() {
    complain "$1"
    printf '%s\n' "Try: install.sh --help" >&2
    exit 2
}

# A numbered step; the remedy is printed if anything fails before the next one.
step() {
    step_number=$((step_number + 1))
    step_name=$1
    remedy=$2
    say "[$step_number/$steps] $step_name ($(($(date +%s) - started)) s)"
}

# Run a command with its output in the log only.
run() {
    printf '+ %s\n' "$*" >>"$log"
    last_output=$scratch/output
    if "$@" </dev/null >"$last_output" 2>&1; then
        cat "$last_output" >>"$log"
        return 0
    fi
    cat "$last_output" >>"$log"
    failed_command=$*
    exit 1
}

finish() {
    status=$?
    trap - EXIT
    if [ -n "$child" ] && kill "$child" 2>/dev/null; then wait "$child" || :; fi
    if [ "$status" -ne 0 ] && [ "$step_number" -gt 0 ]; then
        complain "step $step_number, \"$step_name\", failed."
        if [ -n "$failed_command" ]; then complain "command: $failed_command"; fi
        if [ -n "$last_output" ] && [ -s "$last_output" ]; then
            complain "its last output:"
            tail -n 15 "$last_output" | sed 's/^/    /' >&2
        fi
        complain "remedy: $remedy"
        if [ -n "$log" ]; then complain "log: $log"; fi
    fi
    if [ -n "$bundle_copy" ]; then rm -rf "$bundle_copy"; fi
    if [ -n "$lock" ]; then rm -rf "$lock"; fi
    if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
    exit "$status"
}

interrupted() {
    if [ -n "$child" ] && [ -s "$scratch/steps" ]; then # the steps of Ansible
        step_number=$(sed -n 's/^number //p' "$scratch/steps")
        step_name=$(sed -n 's/^step //p' "$scratch/steps")
    fi
    remedy="it was interrupted: run it again"
    exit 130
}

# ---------------------------------------------------------------- options

# Print 1 for yes and nothing for no; $1 is the value, $2 the variable's name.
truth() {
    case $1 in
    '' | 0 | no | false) ;;
    1 | yes | true) printf 1 ;;
    *) refuse "$2 must be 1 or 0, not \"$1\"." ;;
    esac
}

read_environment() {
    standalone=$(truth "${ST2_STANDALONE:-}" ST2_STANDALONE)
    check=$(truth "${ST2_CHECK:-}" ST2_CHECK)
    dry_run=$(truth "${ST2_DRY_RUN:-}" ST2_DRY_RUN)
    upgrade=$(truth "${ST2_UPGRADE:-}" ST2_UPGRADE)
    uninstall=$(truth "${ST2_UNINSTALL:-}" ST2_UNINSTALL)
    purge=$(truth "${ST2_PURGE:-}" ST2_PURGE)
    yes=$(truth "${ST2_YES:-}" ST2_YES)
    left_out=
    for part in mongodb rabbitmq postgresql nginx; do
        variable=ST2_NO_$(printf %s "$part" | tr '[:lower:]' '[:upper:]')
        if [ -n "$(truth "$(eval "printf %s \"\${$variable:-}\"")" "$variable")" ]; then left_out="$left_out $part"; fi
    done
    user=${ST2_USER:-} password=${ST2_PASSWORD:-} password_file=${ST2_PASSWORD_FILE:-}
    mongodb_uri_file=${ST2_MONGODB_URI_FILE:-} vars_file=${ST2_VARS:-} settings=${ST2_SET:-} offline=${ST2_OFFLINE:-}
    home=${ST2_HOME:-} bind=${ST2_BIND:-} wait_seconds=${ST2_WAIT:-60}
    python=${ST2_PYTHON:-} version=${ST2_VERSION:-} release_url=${ST2_RELEASE_URL:-} release_key=${ST2_RELEASE_KEY:-}
    unset ST2_PASSWORD # nothing that is started has to know it
    host_only=
}

read_options() {
    read_environment
    while [ $# -gt 0 ]; do
        option=$1
        shift
        value=
        case $option in
        --version=*)
            version=${option#*=}
            continue
            ;;
        --home=* | --bind=* | --python=* | --wait=* | --release-url=* | --release-key=* | --user=* | --password=* | \
            --password-file=* | --mongodb-uri-file=* | --vars=* | --set=* | --offline=*)
            value=${option#*=}
            option=${option%%=*}
            ;;
        --home | --bind | --python | --wait | --release-url | --release-key | --user | --password | \
            --password-file | --mongodb-uri-file | --vars | --set | --offline)
            if [ $# -eq 0 ]; then refuse "$option needs a value."; fi
            value=$1
            shift
            ;;
        esac
        case $option in
        --user | --password* | --no-* | --mongodb-uri-file | --vars | --set | --offline | --check | --upgrade) host_only=$option ;;
        esac
        case $option in
        --standalone) standalone=1 ;;
        --check) check=1 ;;
        --dry-run) dry_run=1 ;;
        --upgrade) upgrade=1 ;;
        --uninstall) uninstall=1 ;;
        --purge) purge=1 ;;
        --yes) yes=1 ;;
        --no-mongodb | --no-rabbitmq | --no-postgresql | --no-nginx) left_out="$left_out ${option#--no-}" ;;
        --user) user=$value ;;
        --password)
            password=$value
            complain "a password in the arguments is seen by everybody on this host: better use --password-file."
            ;;
        --password-file) password_file=$value ;;
        --mongodb-uri-file) mongodb_uri_file=$value ;;
        --vars) vars_file=$value ;;
        --set)
            settings="$settings
$value"
            ;;
        --offline) offline=$value ;;
        --home) home=$value ;;
        --bind) bind=$value ;;
        --python) python=$value ;;
        --wait) wait_seconds=$value ;;
        --release-url) release_url=$value ;;
        --release-key) release_key=$value ;;
        --help) usage && exit 0 ;;
        --version) printf 'st2lite installer %s\n' "$VERSION" && exit 0 ;;
        *) refuse "unknown option \"$option\"." ;;
        esac
    done
    check_options
}

check_options() {
    case $wait_seconds in
    '' | *[!0-9]*) refuse "--wait must be a whole number of seconds, not \"$wait_seconds\"." ;;
    esac
    case $version in
    *[!0-9a-z.]*) refuse "--version must be like $VERSION, not \"$version\"." ;;
    esac
    if [ -n "$purge" ] && [ -z "$uninstall" ]; then refuse "--purge goes with --uninstall."; fi
    if [ -n "$upgrade" ] && [ -n "$uninstall" ]; then refuse "--upgrade and --uninstall exclude each other."; fi
    if [ -n "$check" ] && [ -n "$upgrade$uninstall" ]; then refuse "--check stands alone."; fi
    if [ -n "$standalone" ] && [ -n "$host_only" ]; then refuse "$host_only does not go with --standalone."; fi
    if [ -n "$password" ] && [ -n "$password_file" ]; then refuse "give the password once: --password or --password-file."; fi
    if [ "$password_file" = - ] && [ ! -f "$0" ]; then
        refuse "standard input is the script itself: run install.sh from a file for --password-file -."
    fi
    if bad=$(printf '%s\n' "$settings" | grep -v -e '^$' -e '^[a-z][a-z0-9_]*='); then
        refuse "--set must be NAME=VALUE, not \"$bad\"."
    fi
    wanted_version=${version:-$VERSION}
    release_url=${release_url:-https://github.com/st2lite/st2lite/releases/download/v$wanted_version}
    # One host has one place; somebody's standalone installation is none of its business.
    place=/opt/stackstorm/installer
    if [ -n "$uninstall" ] && [ -z "$standalone" ] && [ -z "$home" ]; then
        if [ "$(id -u)" -eq 0 ] && { [ -e "$place" ] || [ -e /etc/st2/installer.yml ]; }; then host=1; fi
    elif [ -z "$standalone" ] && [ -z "$uninstall" ]; then
        host=1
    fi
    if [ -n "$host" ]; then return 0; fi
    if [ -z "$home" ]; then
        if [ -z "${HOME:-}" ]; then refuse "HOME is not set: say where to install with --home DIR."; fi
        home=$HOME/.st2lite
    fi
    case $home in
    /*) ;;
    *) home=$PWD/$home ;;
    esac
}

# ---------------------------------------------------------------- preflight: finds all problems, changes nothing

problem() {
    problems="$problems
  - $*"
}

supported_python() {
    "$1" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

find_python() {
    if [ -n "$python" ]; then
        if ! supported_python "$python"; then
            problem "$python is not a CPython 3.10 to 3.13. Name another one with --python, or leave it out."
            python=
        fi
        return 0
    fi
    for candidate in python3 python3.13 python3.12 python3.11 python3.10; do
        if supported_python "$candidate"; then
            python=$candidate
            return 0
        fi
    done
    problem "no CPython 3.10 to 3.13 found. Install one (Debian, Ubuntu: apt-get install python3 python3-venv;" \
        "Fedora, RHEL: dnf install python3.12) or name it with --python."
}

check_python() {
    find_python
    if [ -z "$python" ]; then return 0; fi
    python=$("$python" -c 'import sys; print(sys.executable)') # not a shim, whose version depends on the directory
    if [ -z "$host" ] && ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        problem "$python has no venv module. Debian, Ubuntu: apt-get install python3-venv."
    fi
    if [ -n "$host" ]; then check_resources; else check_port; fi
    check_release
}

# The nearest existing directory at or above $1.
existing_parent() {
    directory=$1
    while [ ! -d "$directory" ]; do directory=$(dirname "$directory"); done
    printf '%s' "$directory"
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

check_release() {
    if [ -n "$source$offline" ]; then return 0; fi
    command -v tar >/dev/null || problem "tar is missing: apt-get install tar."
    if [ -n "$release_key" ]; then
        [ -r "$release_key" ] || problem "cannot read the release key $release_key."
        command -v gpg >/dev/null || problem "gpg is missing, it checks the signature: apt-get install gpg."
    fi
    if ! reason=$("$python" - "$release_url" <<'PYTHON' 2>&1
import os, socket, sys, urllib.parse, urllib.request
url = urllib.parse.urlsplit(sys.argv[1])
if url.scheme == "file":
    if not os.path.isdir(urllib.request.url2pathname(url.path)):
        sys.exit("there is no such directory")
elif url.scheme != "https" or not url.hostname:
    sys.exit("only https:// and file:// are accepted")
elif not urllib.request.getproxies().get("https"):
    try:
        socket.getaddrinfo(url.hostname, url.port or 443)
    except OSError as error:
        sys.exit(f"the name {url.hostname} cannot be resolved ({error.strerror})")
PYTHON
    ); then
        problem "cannot take the release from $release_url: $reason. Set --release-url, or run install.sh from a checkout."
    fi
}

check_machine() {
    [ "$(uname -s)" = Linux ] || problem "this is $(uname -s): st2lite runs on Linux."
    case $(uname -m) in
    x86_64 | aarch64) ;;
    *) problem "this machine is $(uname -m): there are packages for x86_64 and aarch64 only." ;;
    esac
}

check_home() {
    available=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo 2>/dev/null || :)
    if [ "${available:-9999}" -lt 256 ]; then
        problem "only $available MiB of memory are available, 256 are needed: stop something or add swap."
    fi
    parent=$(existing_parent "$home")
    free=$(df -Pk "$parent" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }')
    if [ "${free:-9999}" -lt 400 ]; then
        problem "only $free MiB are free below $parent, 400 are needed: make room or choose another place with --home."
    fi
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

# What has to be true before anything can be done; the roles look closer once Ansible is there.
check_host() {
    if [ "$(id -u)" -ne 0 ]; then
        problem "a host is installed as root: sudo ./install.sh, or curl … | sudo sh. (--standalone needs no root.)"
    fi
    system=$(sed -n -e 's/"//g' -e 's/^ID=//p' -e 's/^VERSION_ID=//p' /etc/os-release 2>/dev/null | LC_ALL=C sort -r | tr '\n' ' ')
    system=${system% }
    case $system in
    'debian 12' | 'debian 13' | 'ubuntu 22.04' | 'ubuntu 24.04') ;;
    'rhel 9'* | 'rocky 9'* | 'almalinux 9'* | 'centos 9'* | 'ol 9'*) ;;
    *) problem "\"$system\" is not supported: take Debian 12 or 13, Ubuntu 22.04 or 24.04, or the Red Hat family's" \
        "release 9; or install with --standalone." ;;
    esac
    [ -d /run/systemd/system ] || problem "systemd is not running here: take a host (or a container) that boots with it."
    for program in tar flock; do
        command -v "$program" >/dev/null || problem "$program is missing: install it with the package manager."
    done
    for file in "$vars_file" "$mongodb_uri_file" "$release_key" "$(printf %s "$password_file" | sed 's/^-$//')"; do
        if [ -n "$file" ] && [ ! -r "$file" ]; then problem "cannot read $file."; fi
    done
    if [ -n "$offline" ] && [ ! -f "$offline" ] && [ ! -f "$offline/SHA256SUMS" ]; then
        problem "$offline is not a bundle: packaging/bundle makes one."
    fi
    if [ -e /opt/stackstorm/st2 ] && [ ! -L /opt/stackstorm/st2 ]; then
        problem "/opt/stackstorm/st2 is there already and not ours: take another host, or remove StackStorm first" \
            "(docs/how-to/move-from-stackstorm.md)."
    fi
    if [ -n "$upgrade" ] && [ ! -L /opt/stackstorm/st2 ]; then
        problem "there is nothing to upgrade here: run install.sh without --upgrade."
    fi
}

# The value of a role's variable that was given by --set, by --vars, or to an earlier run; $2 is its default.
setting() {
    found=$({
        cat /etc/st2/installer.yml "${vars_file:-/dev/null}" 2>/dev/null || :
        printf '%s\n' "$settings" | sed 's/=/: /'
    } | sed -n "s/^$1: *['\"]\{0,1\}\([^'\"#]*[^'\" #]\).*/\1/p" | tail -n 1)
    printf %s "${found:-$2}"
}

# Memory, disks, ports and names. An installation that is there holds its ports itself.
check_resources() {
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
    # shellcheck disable=SC2086  # a list of words
    found_problems=$("$python" - "${offline:+offline}" "$(setting preflight_memory_mb 900)" $wanted_ports <<'PYTHON' 2>&1
import glob, os, socket, subprocess, sys, urllib.parse, urllib.request

offline, memory, ports = sys.argv[1], int(sys.argv[2]), dict(reversed(word.split("=")) for word in sys.argv[3:])
have = next(int(line.split()[1]) // 1024 for line in open("/proc/meminfo") if line.startswith("MemTotal:"))
if have < memory:
    print(f"the host has {have} MiB of memory, {memory} are needed: add memory.")
needs = {}
for folder, size in (("/opt", 1000), ("/var", 1500)):
    needs.setdefault(os.stat(folder).st_dev, []).append((folder, size))
for entries in needs.values():
    folders, size = " and ".join(folder for folder, _ in entries), sum(size for _, size in entries)
    disk = os.statvfs(entries[0][0])
    if disk.f_bavail * disk.f_frsize < size << 20:
        print(f"{folders}: {disk.f_bavail * disk.f_frsize >> 20} MiB are free, {size} are needed: make room.")
for folder in ("/etc", "/opt", "/usr", "/var/lib", "/var/log", "/tmp"):
    if os.geteuid() == 0 and not os.access(folder, os.W_OK):
        print(f"{folder} cannot be written: mount its file system for writing, look at the kernel's log for errors.")
listening, holders = {}, {}
for table in ("/proc/net/tcp", "/proc/net/tcp6"):
    for words in map(str.split, open(table) if os.path.exists(table) else ()):
        if words[3] == "0A":
            listening[f"socket:[{words[9]}]"] = str(int(words[1].rpartition(":")[2], 16))
for link in glob.glob("/proc/[0-9]*/fd/*"):
    try:
        port = listening.get(os.readlink(link))
        if port in ports:
            holders.setdefault(port, set()).add(open(f"/proc/{link.split('/')[2]}/comm").read().strip())
    except OSError:
        continue
for port, wanted in ports.items():
    strangers = holders.get(port, {"another process"} if port in listening.values() else set()) - {wanted}
    if strangers:
        print(f"port {port}, wanted for {wanted}, is held by {', '.join(sorted(strangers))}: stop it, or see --set.")
if not offline and not urllib.request.getproxies():
    sites = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE)"], capture_output=True, text=True).stdout \
        if os.path.exists("/usr/bin/apt-get") else ""
    for name in sorted({urllib.parse.urlsplit(site).hostname or "" for site in sites.split()} - {""}):
        try:
            socket.getaddrinfo(name, 443)
        except OSError as error:
            print(f"the name {name} cannot be resolved ({error.strerror}): check the name server, or use --offline.")
PYTHON
    ) || :
    while IFS= read -r line; do
        if [ -n "$line" ]; then problem "$line"; fi
    done <<FOUND
$found_problems
FOUND
}

preflight() {
    problems='' bind_error=''
    check_machine
    if [ -n "$host" ]; then
        check_host
    else
        check_home
        choose_bind
    fi
    check_python
    if [ -n "$problems" ]; then
        complain "this host is not ready, and nothing was changed:$problems"
        exit 1
    fi
}

# ---------------------------------------------------------------- getting the files

# The directory of this script, if the rest of a checkout or release lies beside it.
find_source() {
    source=
    if [ -f "$0" ]; then
        beside=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
        if [ -f "$beside/requirements/st2lite.lock" ] && [ -f "$beside/packaging/standalone/st2lite-ctl" ]; then
            source=$beside
        fi
    fi
    if [ -n "$offline" ] || [ "$wanted_version" != "$VERSION" ]; then source=; fi
}

# Download $1 to $2. TLS is verified, and a redirection may not leave TLS.
download() {
    run "$python" -c '
import sys, urllib.request
class Strict(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, stream, code, reason, headers, url):
        if not url.startswith("https://"):
            raise OSError(f"redirected to {url}, which is not https")
        return super().redirect_request(request, stream, code, reason, headers, url)
url, target = sys.argv[1:]
try:
    with urllib.request.build_opener(Strict).open(url, timeout=60) as stream, open(target, "wb") as file:
        while block := stream.read(1 << 16):
            file.write(block)
except OSError as error:
    sys.exit(f"{url}: {error}")
' "$1" "$2"
}

fetch_release() {
    archive=st2lite-$wanted_version.tar.gz
    download "$release_url/SHA256SUMS" "$scratch/SHA256SUMS"
    download "$release_url/$archive" "$scratch/$archive"
    run "$python" -c '
import hashlib, pathlib, sys
archive, sums = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
wanted = {name.lstrip("*"): digest for digest, name in (line.split() for line in sums.read_text().splitlines() if line)}
found = hashlib.sha256(archive.read_bytes()).hexdigest()
if wanted.get(archive.name) != found:
    sys.exit(f"{archive.name}: sha256 is {found}, SHA256SUMS says {wanted.get(archive.name)}")
' "$scratch/$archive" "$scratch/SHA256SUMS"
    if [ -n "$release_key" ]; then
        download "$release_url/SHA256SUMS.asc" "$scratch/SHA256SUMS.asc"
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

# ---------------------------------------------------------------- installing

take_lock() {
    lock=$home/.installing
    if ! mkdir "$lock" 2>/dev/null; then
        other=$(cat "$lock/pid" 2>/dev/null || :)
        if [ -n "$other" ] && kill -0 "$other" 2>/dev/null; then
            lock=
            complain "another installation into $home is running (process $other)."
            exit 1
        fi
    fi
    printf '%s\n' $$ >"$lock/pid"
}

install_standalone() {
    steps=6
    find_source
    preflight
    if [ -n "$dry_run" ]; then
        say "This host is ready. install.sh would install st2lite $wanted_version from ${source:-$release_url}"
        say "into $home with $python, listen on $bind, and run core.local. Nothing was changed."
        return 0
    fi
    mkdir -p "$home/log" "$home/venvs"
    printf 'standalone\n' >"$home/.st2lite"
    take_lock
    scratch=$(mktemp -d)
    log=$home/log/install-$(date +%Y%m%d-%H%M%S).log
    own_environment

    step "Checking the host" "see the messages above"
    say "      $(uname -m), $("$python" --version), $home, $bind"

    step "Getting st2lite $wanted_version" "check the network and proxy (https_proxy), or run install.sh from a checkout"
    if [ -z "$source" ]; then fetch_release; fi
    say "      from $source"
    # shellcheck source=/dev/null
    . "$source/packaging/wheels.sh"
    # shellcheck source=/dev/null
    . "$source/packaging/standalone/install.sh"
    set_up_standalone
}

# What the caller's shell is set up for must not steer this installation.
own_environment() {
    unset PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX PIP_USER PIP_REQUIRE_HASHES PIP_REQUIRE_VIRTUALENV
    unset ST2_AUTH_TOKEN ST2_API_KEY ST2_CONFIG_FILE ST2_TOKEN_DIRECTORY
}

remove_standalone() {
    if [ ! -f "$home/.st2lite" ]; then
        complain "there is no installation of st2lite in $home. Name the place with --home."
        exit 1
    fi
    if [ ! -x "$home/bin/st2lite-ctl" ] && [ -z "$purge" ]; then
        say "Already uninstalled; the data is in $home/data (remove it with --uninstall --purge)."
        return 0
    fi
    if [ -n "$dry_run" ]; then
        say "install.sh would stop st2lite and remove $home${purge:+ with all data}. Nothing was changed."
        return 0
    fi
    if [ -x "$home/bin/st2lite-ctl" ]; then
        "$home/bin/st2lite-ctl" uninstall ${purge:+--purge} ${yes:+--yes}
    else
        rm -rf "$home"
        say "Removed $home."
    fi
}

# The whole host: what has to be known and there before packaging/host/install.sh takes over.
install_host() {
    find_source
    if [ -n "$uninstall" ] && [ -x "$place/venv/bin/ansible-playbook" ]; then source=$place/release; fi
    if [ -z "$uninstall" ]; then preflight; else find_python_for_removal; fi
    if [ -n "$dry_run" ]; then
        describe_host
        return 0
    fi
    if [ -n "$purge" ] && [ -z "$yes" ]; then confirm_purge; fi
    exec 9>/run/st2lite-installer
    if ! flock -n 9; then
        complain "another run of install.sh is at work on this host: wait until it has ended."
        exit 1
    fi
    # What a run that was killed has left there may hold secrets.
    find /var/tmp -maxdepth 1 -user root -name 'st2lite.??????' -exec rm -rf {} +
    scratch=$(mktemp -d /var/tmp/st2lite.XXXXXX)
    if [ -n "$uninstall" ]; then
        log=/var/log/st2lite-uninstall-$(date +%Y%m%d-%H%M%S).log
    else
        if [ ! -d /var/log/st2 ]; then mkdir -m 755 /var/log/st2; fi
        log=/var/log/st2/install-$(date +%Y%m%d-%H%M%S).log
    fi
    : >"$log"
    own_environment
    steps=3
    step "Checking the host" "see the messages above"
    say "      $system, $(uname -m), $("$python" --version); log: $log"
    step "Getting st2lite $wanted_version" "check the network and proxy (https_proxy), or run install.sh from a checkout"
    if [ -n "$offline" ]; then open_bundle; fi
    if [ -z "$source" ]; then fetch_release; fi
    say "      from $source"
    # shellcheck source=/dev/null
    . "$source/packaging/wheels.sh"
    # shellcheck source=/dev/null
    . "$source/packaging/host/install.sh"
    set_up_host
}

describe_host() {
    if [ -n "$uninstall" ]; then
        say "install.sh would remove st2lite and what came with it${purge:+, with all data}. Nothing was changed."
        return 0
    fi
    say "This host is ready. install.sh would ${upgrade:+back it up, then }install st2lite $wanted_version from" \
        "${offline:-${source:-$release_url}}"
    for part in mongodb rabbitmq postgresql st2 nginx; do
        case " $left_out " in
        *" $part "*) say "  $part       left out" ;;
        *) say "  $part" ;;
        esac
    done
    say "and run actions to test it. (--check tells what would change, task by task.) Nothing was changed."
}

find_python_for_removal() {
    problems='' system=removal
    find_python
    if [ -n "$problems" ]; then
        complain "cannot uninstall:$problems"
        exit 1
    fi
}

confirm_purge() {
    if [ ! -t 0 ] || [ ! -t 1 ]; then refuse "--purge removes all data: say --yes."; fi
    printf 'Remove st2lite with its database, packs, keys and passwords? [y/N] '
    read -r answer
    case $answer in
    y | Y | yes) ;;
    *)
        say "Nothing was changed."
        exit 1
        ;;
    esac
}

# A bundle is a folder or an archive of one; everything in it is held against its SHA256SUMS.
open_bundle() {
    bundle=$offline
    if [ -f "$offline" ]; then
        bundle_copy=$scratch/bundle
        mkdir "$bundle_copy"
        run tar -xf "$offline" -C "$bundle_copy" --no-same-owner --strip-components=1
        bundle=$bundle_copy
    fi
    bundle=$(CDPATH='' cd -- "$bundle" && pwd)
    release_url=file://$bundle
    wanted_version=$(sed -n 's/^[0-9a-f]* [ *]st2lite-\([0-9][^/]*\)\.tar\.gz$/\1/p' "$bundle/SHA256SUMS")
    run sh -c 'cd "$1" && sha256sum --check --strict --quiet SHA256SUMS' sh "$bundle"
}

main() {
    log='' lock='' scratch='' last_output='' failed_command='' step_name='' remedy='' step_number=0 steps=0
    host='' system='' child='' bundle='' bundle_copy='' source=''
    started=$(date +%s)
    read_options "$@"
    trap finish EXIT
    trap interrupted INT TERM HUP
    if [ -n "$host" ]; then
        install_host
    elif [ -n "$uninstall" ]; then
        remove_standalone
    else
        install_standalone
    fi
}

{ main "$@"; }
