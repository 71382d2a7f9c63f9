"""A host: made from a base image, booted by systemd-nspawn, reached by ssh, taken away without a trace."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TypedDict

import control_groups
import image
import mongodb_repository
import network
from places import CACHE, HOSTS, HostError, host_folder, locked, run

PROGRAMS = ("gpg", "dpkg-deb", "systemd-nspawn", "debootstrap", "nft", "ip", "ssh", "ssh-keygen", "tar")
_GONE = HOSTS / ".gone"
_CONTROL = "connection"
BOOT_SECONDS = 120
REBOOT_STATUS = 133  # systemd-nspawn's exit status when the host asked to be started again


class _Known(TypedDict):
    """What a host's folder says of it from its first moment on."""

    suite: str
    number: int


def obstacles() -> list[str]:
    """What keeps this machine from having hosts; empty if nothing does."""
    found = [f"{program} is not installed" for program in PROGRAMS if shutil.which(program) is None]
    if os.geteuid() != 0:
        found.append("only root can make hosts")
    elif subprocess.run(["unshare", "--mount", "--pid", "--net", "--fork", "true"], capture_output=True).returncode:
        found.append("the kernel grants no namespaces")
    if not control_groups.groups("any"):
        found.append("there is no control group tree at /sys/fs/cgroup")
    return found


def create(name: str, suite: str) -> None:
    """Make and boot the host `name`. Returns when its systemd says that all is up."""
    folder = host_folder(name)
    if found := obstacles():
        raise HostError("no test host can be made here: " + "; ".join(found))
    with locked(HOSTS / ".lock"):
        if folder.exists():
            raise HostError(f"host {name} exists: molecule/host/host destroy {name}")
        number = _free_number()
        folder.mkdir(mode=0o700)
        (folder / "host.json").write_text(json.dumps({"suite": suite, "number": number}))
    try:
        root = folder / "root"
        image.unpack(suite, root)
        mongodb_repository.make(suite)
        _personalise(name, number, folder, root)
        with locked(HOSTS / ".lock"):
            network.connect(name, number)
        _boot(name, folder)
        _wait(name, folder)
    except BaseException:
        destroy(name)
        raise


def destroy(name: str) -> None:
    """Take the host away, in whatever state it is; nothing happens if there is none."""
    folder = host_folder(name)
    control_groups.end(name)
    known = _known(folder)
    if (folder / _CONTROL).exists():
        subprocess.run(["ssh", "-o", f"ControlPath={folder / _CONTROL}", "-O", "exit", name], capture_output=True)
    root = folder / "root"
    if known and root.exists():
        image.keep_packages(known["suite"], root)
    for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
        target = line.split()[1]
        if Path(target).is_relative_to(folder):
            run("umount", "--lazy", target)
    with locked(HOSTS / ".lock"):
        last = not [other for other in HOSTS.glob("*/host.json") if other.parent != folder]
        network.disconnect(name, known["number"] if known else None, last)
        # Name and number are free for another host from here on, which need not wait for the deletion.
        _GONE.mkdir(exist_ok=True)
        if folder.exists():
            folder.rename(_GONE / f"{name}.{os.getpid()}")
    for gone in _GONE.iterdir():
        run("rm", "-rf", "--one-file-system", gone)


def hosts() -> list[dict[str, object]]:
    """All hosts with `name`, `suite`, `address`, `folder`."""
    found = []
    for file in sorted(HOSTS.glob("*/host.json")):
        known = json.loads(file.read_text())
        address = network.addresses(known["number"])[1]
        found.append(
            {"name": file.parent.name, "suite": known["suite"], "address": address, "folder": str(file.parent)}
        )
    return found


def inventory() -> dict[str, object]:
    """The hosts as Ansible wants to hear of them."""
    variables = {
        str(host["name"]): {
            "ansible_user": "root",
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_ssh_common_args": f"-F {host['folder']}/ssh_config",
            # In the host's folder, so that no later host of this name is sent to the connection of this one.
            "ansible_control_path": f"{host['folder']}/{_CONTROL}",
        }
        for host in hosts()
    }
    return {"all": {"hosts": list(variables)}, "_meta": {"hostvars": variables}}


def ssh_command(name: str, *command: str) -> list[str]:
    """Arguments of a program that runs `command` on the host, or a shell."""
    folder = host_folder(name)
    if not (folder / "ssh_config").exists():
        raise HostError(f"there is no host {name}: molecule/host/host create {name}")
    return ["ssh", "-F", str(folder / "ssh_config"), name, *command]


def supervise(name: str) -> int:
    """Run the host until it is shut down, over its reboots. This is the process that `create` leaves behind."""
    folder = host_folder(name)
    control_groups.enter(name)
    known = _known(folder)
    if known is None:
        raise HostError(f"there is no host {name}")
    repository = mongodb_repository.make(known["suite"])
    pip_cache = CACHE / "pip"
    pip_cache.mkdir(parents=True, exist_ok=True)
    command = [
        "systemd-nspawn", "--quiet", "--boot", f"--machine={name}", f"--directory={folder / 'root'}",
        "--register=no", "--keep-unit", "--link-journal=no", "--resolv-conf=off", "--timezone=off",
        f"--network-namespace-path=/run/netns/{network.namespace(name)}",
        f"--bind={pip_cache}:/var/cache/pip", f"--bind-ro={repository}:{mongodb_repository.IN_HOST}",
    ]  # fmt: skip
    status = REBOOT_STATUS
    while status == REBOOT_STATUS:
        status = subprocess.call(command)
    return status


def _boot(name: str, folder: Path) -> None:
    with (folder / "console.log").open("wb") as console:
        subprocess.Popen(
            [sys.executable, "-B", str(Path(__file__).with_name("cli.py")), "supervise", name],
            stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, cwd="/", start_new_session=True,
        )  # fmt: skip


def _wait(name: str, folder: Path) -> None:
    deadline = time.monotonic() + BOOT_SECONDS
    answer = "nothing"
    while time.monotonic() < deadline:
        done = subprocess.run(
            ssh_command(name, "systemctl is-system-running --wait; systemctl list-units --failed --plain --no-legend"),
            capture_output=True, text=True, timeout=BOOT_SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        answer = done.stdout or done.stderr
        if done.stdout == "running\n":
            return
        if done.stdout.startswith("degraded"):
            break
        time.sleep(0.2)
    console = (folder / "console.log").read_text(errors="replace")
    raise HostError(f"host {name} does not come up; it says: {answer}\n{console[-3000:]}")


def _personalise(name: str, number: int, folder: Path, root: Path) -> None:
    """Name, keys of its own, and the ssh configuration that reaches it."""
    address = network.addresses(number)[1]
    (root / "etc/hostname").write_text(f"{name}\n")
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n::1 localhost\n{address} {name}.example.org {name}\n")
    run("chroot", root, "ssh-keygen", "-A")
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "st2lite test host", "-f", folder / "key")
    authorized = root / "root/.ssh/authorized_keys"
    authorized.parent.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(folder / "key.pub", authorized)
    authorized.chmod(0o600)
    kind, key = (root / "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()[:2]
    (folder / "known_hosts").write_text(f"{name} {kind} {key}\n")
    (folder / "ssh_config").write_text(
        f"Host {name}\n"
        f"  HostName {address}\n  HostKeyAlias {name}\n  User root\n  IdentityFile {folder / 'key'}\n"
        f"  IdentitiesOnly yes\n  PasswordAuthentication no\n  UserKnownHostsFile {folder / 'known_hosts'}\n"
        "  StrictHostKeyChecking yes\n  ConnectTimeout 5\n  LogLevel ERROR\n"
        # Used by those who ask for it with ControlMaster, as Ansible and testinfra do.
        f"  ControlPath {folder / _CONTROL}\n"
    )


def _free_number() -> int:
    taken = {json.loads(file.read_text())["number"] for file in HOSTS.glob("*/host.json")}
    return next(number for number in range(1, 1000) if number not in taken)


def _known(folder: Path) -> _Known | None:
    file = folder / "host.json"
    known: _Known | None = json.loads(file.read_text()) if file.exists() else None
    return known
