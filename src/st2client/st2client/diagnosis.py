"""Why nobody answered, in words that lead to the remedy. Loaded only when something failed."""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPException
from urllib.parse import urlsplit

from st2client.connections import Verify


def explain(url: str, error: BaseException, verify: Verify) -> tuple[str, str]:
    """Return a message and a hint for an exception met while talking to ``url``."""
    parts = urlsplit(url)
    server = f"{parts.scheme}://{parts.netloc.rsplit('@', 1)[-1]}"
    point = "Point st2 at another server with --url, --api-url or ST2_API_URL (and the same for auth and stream)."
    if isinstance(error, ssl.SSLCertVerificationError):
        which = f'the CA file "{verify}"' if isinstance(verify, str) else "the CAs this machine trusts"
        return (
            f"The certificate of {server} is not accepted by {which}: {error.verify_message}",
            "Name the CA with --cacert FILE or ST2_CACERT=FILE. To connect without verification "
            "(anyone in between can read along): --cacert false or ST2_CACERT=false.",
        )
    if isinstance(error, ssl.SSLError):
        return (
            f"TLS with {server} failed: {error.reason or error}",
            "Does this port speak https? Try http:// in the URL.",
        )
    if isinstance(error, ConnectionRefusedError):
        return f"No server answers at {server}: connection refused.", f"Is the server running? {point}"
    if isinstance(error, socket.gaierror):
        return f'The host name "{parts.hostname}" of {server} is not known: {error.strerror}', point
    if isinstance(error, TimeoutError):
        return f"{server} did not answer in time.", f"Is the server running and reachable from here? {point}"
    if isinstance(error, HTTPException):
        detail = str(error) or type(error).__name__
        return f"{server} broke off or did not answer in HTTP: {detail}", "Does this port speak https? Check the URL."
    return f"Talking to {server} failed: {error}", point
