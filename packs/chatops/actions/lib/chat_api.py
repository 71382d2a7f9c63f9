"""The API, for the actions of this pack."""

import os

from st2lite_actions.rest import RestClient


def connect():
    """A client that acts with the rights of the running action."""
    return RestClient(
        os.environ["ST2_ACTION_API_URL"], os.environ["ST2_ACTION_AUTH_TOKEN"], os.environ.get("ST2_CACERT")
    )
