"""examples.greet: greet somebody, in the words that the configuration of the pack has."""

from st2common.runners.base_action import Action


class Greet(Action):
    def run(self, name):
        return "{}, {}!".format(self.config.get("greeting", "Hello"), name)
