#!/bin/sh
# Install st2lite. Run it from a checkout or a release archive, or pipe it into a shell:
#
#   ./install.sh --standalone
#   curl -fsSL https://github.com/st2lite/st2lite/releases/latest/download/install.sh | sh -s -- --standalone
#
# Everything is inside functions, and the last line calls main: a download that was cut short does nothing.

set -eu
umask 077

VERSION=0.1.0
STEPS=6

usage() {
    cat <<'HELP'
Usage: install.sh --standalone [options]
       install.sh --uninstall [--purge]

Installs st2lite for one user, in one directory, and starts it in one background process.
Running it again repairs or upgrades; data, passwords and keys are kept.

  --standalone       one process with an embedded store           ST2_STANDALONE=1
  --home DIR         where everything goes [~/.st2lite]           ST2_HOME
  --bind HOST:PORT   address to listen on [127.0.0.1:9101]        ST2_BIND
  --python PROGRAM   CPython 3.10 to 3.13 with venv               ST2_PYTHON
  --wait SECONDS     how long to wait for readiness [60]          ST2_WAIT
  --release-url URL  https:// or file:// folder of a release      ST2_RELEASE_URL
  --release-key FILE OpenPGP public key the release must bear     ST2_RELEASE_KEY
  --dry-run          check the host, say what would be done       ST2_DRY_RUN=1
  --uninstall        stop and remove; data stays                  ST2_UNINSTALL=1
  --purge            with --uninstall: remove the data as well    ST2_PURGE=1
  --yes              ask nothing                                  ST2_YES=1
  --version          print the version of this installer
  --help             print this text

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
    say "[$step_number/$STEPS] $step_name ($(($(date +%s) - started)) s)"
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
    if [ -n "$lock" ]; then rm -rf "$lock"; fi
    if [ -n "$scratch" ]; then rm -rf "$scratch"; fi
    exit "$status"
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

read_options() {
    standalone=$(truth "${ST2_STANDALONE:-}" ST2_STANDALONE)
    dry_run=$(truth "${ST2_DRY_RUN:-}" ST2_DRY_RUN)
    uninstall=$(truth "${ST2_UNINSTALL:-}" ST2_UNINSTALL)
    purge=$(truth "${ST2_PURGE:-}" ST2_PURGE)
    yes=$(truth "${ST2_YES:-}" ST2_YES)
    home=${ST2_HOME:-}
    bind=${ST2_BIND:-}
    python=${ST2_PYTHON:-}
    wait_seconds=${ST2_WAIT:-60}
    release_url=${ST2_RELEASE_URL:-https://github.com/st2lite/st2lite/releases/download/v$VERSION}
    release_key=${ST2_RELEASE_KEY:-}
    while [ $# -gt 0 ]; do
        option=$1
        shift
        case $option in
        --home=* | --bind=* | --python=* | --wait=* | --release-url=* | --release-key=*)
            value=${option#*=}
            option=${option%%=*}
            ;;
        --home | --bind | --python | --wait | --release-url | --release-key)
            if [ $# -eq 0 ]; then refuse "$option needs a value."; fi
            value=$1
            shift
            ;;
        *) value= ;;
        esac
        case $option in
        --standalone) standalone=1 ;;
        --dry-run) dry_run=1 ;;
        --uninstall) uninstall=1 ;;
        --purge) purge=1 ;;
        --yes) yes=1 ;;
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
    if [ -z "$home" ]; then
        if [ -z "${HOME:-}" ]; then refuse "HOME is not set: say where to install with --home DIR."; fi
        home=$HOME/.st2lite
    fi
    case $home in
    /*) ;;
    *) home=$PWD/$home ;;
    esac
    case $wait_seconds in
    '' | *[!0-9]*) refuse "--wait must be a whole number of seconds, not \"$wait_seconds\"." ;;
    esac
    if [ -n "$purge" ] && [ -z "$uninstall" ]; then refuse "--purge goes with --uninstall."; fi
    if [ -n "$uninstall" ] && [ -n "$standalone" ]; then
        standalone= # an environment that says "standalone" may say so for the removal too
    fi
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
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        problem "$python has no venv module. Debian, Ubuntu: apt-get install python3-venv."
    fi
    check_port
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
    if [ -n "$source" ]; then return 0; fi
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

check_host() {
    [ "$(uname -s)" = Linux ] || problem "this is $(uname -s): st2lite runs on Linux."
    case $(uname -m) in
    x86_64 | aarch64) ;;
    *) problem "this machine is $(uname -m): there are packages for x86_64 and aarch64 only." ;;
    esac
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

preflight() {
    problems='' bind_error=''
    check_host
    choose_bind
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
    archive=st2lite-$VERSION.tar.gz
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
    source=$scratch/st2lite-$VERSION
}

# What is to be installed, as one digest: equal digests mean that there is nothing to do.
fingerprint() {
    "$python" - "$source" <<'PYTHON'
import hashlib, pathlib, platform, sys
root = pathlib.Path(sys.argv[1])
digest = hashlib.sha256(f"{sys.executable} {platform.python_version()}".encode())
parts = ["requirements/st2lite.lock"]
parts += ["wheels"] if (root / "wheels").is_dir() else ["requirements/build.lock", "pyproject.toml", "src", "packs"]
for part in parts:
    for path in sorted([root / part, *(root / part).rglob("*")]):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(root)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
print(digest.hexdigest()[:16])
PYTHON
}

# pip of the virtualenv $1; nothing is ever built from source here.
pip_install() {
    environment=$1
    shift
    run "$environment/bin/python" -m pip install --disable-pip-version-check --no-input --only-binary :all: "$@"
}

# ---------------------------------------------------------------- installing

# Fill $scratch/wheels: from the release, or built from the checkout without any compiler.
collect_wheels() {
    if [ -d "$source/wheels" ]; then
        cp -R "$source/wheels" "$scratch/wheels"
        return 0
    fi
    say "      building st2lite and its client from this checkout"
    run "$python" -m venv "$scratch/build"
    pip_install "$scratch/build" --require-hashes -r "$source/requirements/build.lock"
    # A copy is built, so that nothing is written into the checkout.
    mkdir "$scratch/tree"
    cp -R "$source/pyproject.toml" "$source/README.md" "$source/src" "$source/packs" "$scratch/tree"
    for project in "$scratch/tree" "$scratch/tree/src/st2client"; do
        run "$scratch/build/bin/python" -m build --wheel --no-isolation --outdir "$scratch/wheels" "$project"
    done
}

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
    started=$(date +%s)
    find_source
    preflight
    if [ -n "$dry_run" ]; then
        say "This host is ready. install.sh would install st2lite $VERSION from ${source:-$release_url}"
        say "into $home with $python, listen on $bind, and run core.local. Nothing was changed."
        return 0
    fi
    mkdir -p "$home/log" "$home/venvs"
    printf 'standalone\n' >"$home/.st2lite"
    take_lock
    scratch=$(mktemp -d)
    log=$home/log/install-$(date +%Y%m%d-%H%M%S).log
    # What the caller's shell is set up for must not steer this installation.
    unset PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX PIP_USER PIP_REQUIRE_HASHES PIP_REQUIRE_VIRTUALENV
    unset ST2_AUTH_TOKEN ST2_API_KEY ST2_CONFIG_FILE ST2_TOKEN_DIRECTORY

    step "Checking the host" "see the messages above"
    say "      $(uname -m), $("$python" --version), $home, $bind"

    step "Getting st2lite $VERSION" "check the network and proxy (https_proxy), or run install.sh from a checkout"
    if [ -z "$source" ]; then fetch_release; fi
    say "      from $source"

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
    say "st2lite $VERSION is running ($elapsed s)."
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

remove() {
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

main() {
    log='' lock='' scratch='' last_output='' failed_command='' step_name='' remedy='' step_number=0
    read_options "$@"
    trap finish EXIT
    trap 'remedy="it was interrupted: run it again"; exit 130' INT TERM HUP
    if [ -n "$uninstall" ]; then
        remove
    elif [ -n "$standalone" ]; then
        install_standalone
    else
        complain "only the one-process installation exists in this release: run install.sh --standalone."
        complain "Setting up a full host (database, broker, web server) comes with a later release."
        exit 3
    fi
}

{ main "$@"; }
