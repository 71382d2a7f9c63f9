"""packs.restart_component: restart a service of this host, where an init system manages it."""

import os
import shutil
import subprocess

from st2common.runners.base_action import Action


class RestartComponent(Action):
    def run(self, servicename):
        if not os.path.isdir("/run/systemd/system") or shutil.which("systemctl") is None:
            return False, "This host does not run under systemd: restart %s as it was started." % servicename
        command = ["systemctl", "restart", servicename]
        if os.geteuid() != 0:
            command = ["sudo", "-n", *command]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return False, done.stderr.strip() or "systemctl failed with exit code %d." % done.returncode
        return True, "%s was restarted." % servicename
