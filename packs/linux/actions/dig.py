"""linux.dig: look up a name."""

import random
import subprocess

from st2common.runners.base_action import Action


class Dig(Action):
    def run(self, hostname, nameserver="", count=0, queryopts="short", querytype="", rand=False):
        if hostname.startswith(("-", "+", "@")):
            return False, 'hostname: "%s" is not a name.' % hostname
        command = ["dig"]
        if nameserver:
            command.append("@" + nameserver)
        command.append(hostname)
        if querytype:
            command += ["-t", querytype]
        command += ["+" + option.strip() for option in queryopts.split(",") if option.strip()]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        except FileNotFoundError:
            return False, "The program dig is not on this host; install it (Debian: bind9-dnsutils, EL: bind-utils)."
        answers = [line for line in done.stdout.splitlines() if line.strip()]
        if done.returncode:
            return False, done.stderr.strip() or done.stdout.strip()
        if rand:
            random.shuffle(answers)
        return answers[:count] if count else answers
