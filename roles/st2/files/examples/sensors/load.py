"""The load of this host as an event, each time that it rises above the number of processors."""

import os

from st2reactor.sensor.base import PollingSensor


class LoadSensor(PollingSensor):
    def setup(self):
        self.was_high = False

    def poll(self):
        load, processors = os.getloadavg()[0], os.cpu_count() or 1
        is_high = load > processors
        if is_high and not self.was_high:
            self.sensor_service.dispatch("examples.load_is_high", {"load": load, "processors": processors})
        self.was_high = is_high

    def cleanup(self):
        pass

    def add_trigger(self, trigger):
        pass

    def update_trigger(self, trigger):
        pass

    def remove_trigger(self, trigger):
        pass
