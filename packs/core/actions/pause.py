"""core.pause: wait."""

import random as dice
import time

from st2common.runners.base_action import Action


class Pause(Action):
    def run(self, max_pause, random=False):
        seconds = dice.randint(0, max_pause) if random else max_pause
        self.logger.info("Waiting for %d seconds.", seconds)
        time.sleep(seconds)
        return seconds
