"""linux.wait_for_ssh: try to log in until it works."""

import time

import paramiko
from st2common.runners.base_action import Action


class WaitForSsh(Action):
    def run(
        self,
        hostname,
        port=22,
        username=None,
        password=None,
        keyfile=None,
        ssh_timeout=10,
        sleep_delay=20,
        retries=10,
    ):
        reason = "no attempt was made"
        for attempt in range(1, retries + 1):
            client = paramiko.SSHClient()
            # Whether the host can be reached is asked, not whether it is to be trusted: nothing is sent but the login.
            client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
            try:
                client.connect(
                    hostname, port, username, password, key_filename=keyfile, timeout=ssh_timeout, look_for_keys=False
                )
            except (OSError, paramiko.SSHException) as error:
                reason = str(error)
                self.logger.info("Attempt %d of %d: %s", attempt, retries, reason)
            else:
                return True
            finally:
                client.close()
            if attempt < retries:
                time.sleep(sleep_delay)
        return False, "%s could not be reached over SSH in %d attempts: %s" % (hostname, retries, reason)
