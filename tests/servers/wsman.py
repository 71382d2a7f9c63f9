"""A WS-Management service, as far as remote command shells need one ([MS-WSMV]): what WinRM clients talk to.

with WsmanServer(lambda command: Program(stdout=b"hello")) as server:
    ... server.port ...
    assert server.commands == ["dir"]
"""

from __future__ import annotations

import base64
import os
import re
import struct
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import spnego

from tests.servers.certificates import Certificates
from tests.servers.web import Answer, Received, WebServer

USER, PASSWORD = "Administrator", "pässwörd"
_SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
_TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
_OPERATION_TIMEOUT = 2150858793
_BOUNDARY = b"--Encrypted Boundary"
_SEALED = 'multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"'


@dataclass
class Program:
    """What a command does: pieces of output as the client will receive them, one by one, then the exit code.

    With `hangs` it ends only when the client ends it.
    """

    pieces: list[tuple[str, bytes]] = field(default_factory=list)
    exit_code: int = 0
    hangs: bool = False
    ended: threading.Event = field(default_factory=threading.Event)


@dataclass
class Shell:
    """One shell as the client asked for it. Of `commands` both line and id are kept, in order."""

    working_directory: str | None
    environment: dict[str, str]
    codepage: str | None
    programs: dict[str, Program] = field(default_factory=dict)


class WsmanServer:
    """`authentication` is `basic` or `ntlm`; NTLM without TLS expects, as Windows does, encrypted messages.

    `behave` decides what a command line does. `commands`, `shells`, `signals` and `deleted` tell what the client did.
    """

    def __init__(
        self,
        behave: Callable[[str], Program],
        certificates: Certificates | None = None,
        authentication: str = "basic",
        ntlm_users: Path | None = None,
    ) -> None:
        self.commands: list[str] = []
        self.shells: dict[str, Shell] = {}
        self.signals: list[str] = []
        self.deleted: list[str] = []
        self.receiving = threading.Event()
        self._behave = behave
        self._authentication = authentication
        self._ntlm_users = ntlm_users
        self._contexts: dict[object, spnego.ContextProxy] = {}
        self._sealed = authentication == "ntlm" and certificates is None
        self._web = WebServer({"/wsman": self._answer}, certificates)

    def __enter__(self) -> WsmanServer:
        if self._ntlm_users is not None:
            self._ntlm_users.write_text(f":{USER}:{PASSWORD}\n")
            os.environ["NTLM_USER_FILE"] = str(self._ntlm_users)
        self._web.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for shell in self.shells.values():
            for program in shell.programs.values():
                program.ended.set()
        self._web.__exit__(kind, error, trace)
        os.environ.pop("NTLM_USER_FILE", None)

    @property
    def port(self) -> int:
        return self._web.port

    @property
    def requests(self) -> list[Received]:
        return self._web.received

    def scripts(self) -> list[str]:
        """The PowerShell that the command lines received so far carry."""
        lines = [line for line in self.commands if "-encodedcommand " in line]
        return [base64.b64decode(line.rpartition(" ")[2]).decode("utf-16-le") for line in lines]

    def _answer(self, request: Received) -> Answer:
        refusal = self._refuse(request)
        if refusal is not None:
            return refusal
        context = self._contexts.get(request.connection)
        if not request.body:
            return Answer(200)
        body = _unseal(context, request.body) if context and self._sealed else request.body
        status, text = self._act(ElementTree.fromstring(body))
        if context and self._sealed:
            return Answer(status, _seal(context, text.encode()), {"Content-Type": _SEALED})
        return Answer(status, text.encode(), {"Content-Type": "application/soap+xml;charset=UTF-8"})

    def _refuse(self, request: Received) -> Answer | None:
        scheme, _, token = (request.headers.get("Authorization") or "").partition(" ")
        if self._authentication == "basic":
            expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            good = scheme == "Basic" and token == expected
            return None if good else Answer(401, b"", {"WWW-Authenticate": 'Basic realm="WSMAN"'})
        context = self._contexts.get(request.connection)
        if context is not None and context.complete and not token:
            return None
        if not token:
            return Answer(401, b"", {"WWW-Authenticate": "Negotiate, NTLM"})
        if context is None or context.complete:
            context = self._contexts[request.connection] = spnego.server(protocol="ntlm")
        try:
            answer = context.step(base64.b64decode(token))
        except spnego.exceptions.SpnegoError:
            del self._contexts[request.connection]
            return Answer(401, b"", {"WWW-Authenticate": "Negotiate, NTLM"})
        if context.complete:
            return None
        challenge = base64.b64encode(answer or b"").decode()
        return Answer(401, b"", {"WWW-Authenticate": f"{scheme} {challenge}"})

    def _act(self, envelope: ElementTree.Element) -> tuple[int, str]:
        action = _text(envelope, "Action")
        relates = f"<a:RelatesTo>{_text(envelope, 'MessageID')}</a:RelatesTo>"
        if action == f"{_TRANSFER}/Create":
            return 200, _envelope(relates, self._create(envelope))
        shell_id = next((node.text or "" for node in _all(envelope, "Selector")), "")
        shell = self.shells.get(shell_id)
        if shell is None or shell_id in self.deleted:
            return 500, _fault(relates, 2150858843, "The shell was not found on the server.")
        if action == f"{_SHELL}/Command":
            return 200, _envelope(relates, self._command(shell, envelope))
        if action == f"{_SHELL}/Signal":
            command_id = next(_all(envelope, "Signal")).get("CommandId") or ""
            self.signals.append(command_id)
            shell.programs[command_id].ended.set()
            return 200, _envelope(relates, "<rsp:SignalResponse/>")
        if action == f"{_SHELL}/Receive":
            return self._receive(shell, envelope, relates)
        if action == f"{_TRANSFER}/Delete":
            self.deleted.append(shell_id)
            return 200, _envelope(relates, "")
        return 500, _fault(relates, 2150858752, f"Unknown action {action}")

    def _create(self, envelope: ElementTree.Element) -> str:
        shell_id = str(uuid.uuid4()).upper()
        options = {node.get("Name"): node.text for node in _all(envelope, "Option")}
        self.shells[shell_id] = Shell(
            working_directory=_text(envelope, "WorkingDirectory") or None,
            environment={node.get("Name") or "": node.text or "" for node in _all(envelope, "Variable")},
            codepage=options.get("WINRS_CODEPAGE"),
        )
        return (
            "<x:ResourceCreated><a:ReferenceParameters><w:SelectorSet>"
            f'<w:Selector Name="ShellId">{shell_id}</w:Selector>'
            "</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
        )

    def _command(self, shell: Shell, envelope: ElementTree.Element) -> str:
        line = _text(envelope, "Command")
        self.commands.append(line)
        command_id = str(uuid.uuid4()).upper()
        shell.programs[command_id] = self._behave(line)
        return f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"

    def _receive(self, shell: Shell, envelope: ElementTree.Element, relates: str) -> tuple[int, str]:
        command_id = next(_all(envelope, "DesiredStream")).get("CommandId") or ""
        program = shell.programs[command_id]
        streams = ""
        if program.pieces:
            name, data = program.pieces.pop(0)
            encoded = base64.b64encode(data).decode()
            streams = f'<rsp:Stream Name="{name}" CommandId="{command_id}">{encoded}</rsp:Stream>'
        elif program.hangs:
            self.receiving.set()
            seconds = float(re.sub(r"[^\d.]", "", _text(envelope, "OperationTimeout")))
            if not program.ended.wait(seconds):
                return 500, _fault(relates, _OPERATION_TIMEOUT, "The operation timed out.")
            return 500, _fault(relates, 995, "The I/O operation has been aborted.")
        state, code = "Running", ""
        if not program.pieces and not program.hangs:
            state, code = "Done", f"<rsp:ExitCode>{program.exit_code}</rsp:ExitCode>"
        uri = f"{_SHELL}/CommandState/{state}"
        command_state = f'<rsp:CommandState CommandId="{command_id}" State="{uri}">{code}</rsp:CommandState>'
        return 200, _envelope(relates, f"<rsp:ReceiveResponse>{streams}{command_state}</rsp:ReceiveResponse>")


def _envelope(header: str, body: str) -> str:
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        f'xmlns:x="{_TRANSFER}" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:rsp="{_SHELL}">'
        f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )


def _fault(header: str, code: int, reason: str) -> str:
    return _envelope(
        header,
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>w:TimedOut</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{escape(reason)}</s:Text></s:Reason><s:Detail>'
        f'<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="{code}" Machine="test"/>'
        "</s:Detail></s:Fault>",
    )


def _all(envelope: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return (node for node in envelope.iter() if node.tag.rpartition("}")[2] == name)


def _text(envelope: ElementTree.Element, name: str) -> str:
    return next((node.text or "" for node in _all(envelope, name)), "")


def _unseal(context: spnego.ContextProxy, body: bytes) -> bytes:
    part = body.split(_BOUNDARY + b"\r\n")[2].removesuffix(_BOUNDARY + b"--\r\n")
    data = part.partition(b"octet-stream\r\n")[2]
    length = struct.unpack("<i", data[:4])[0]
    return context.unwrap_winrm(data[4 : 4 + length], data[4 + length :])


def _seal(context: spnego.ContextProxy, body: bytes) -> bytes:
    sealed = context.wrap_winrm(body)
    return (
        _BOUNDARY + b"\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
        b"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=" + str(len(body)).encode() + b"\r\n"
        + _BOUNDARY + b"\r\n\tContent-Type: application/octet-stream\r\n"
        + struct.pack("<i", len(sealed.header)) + sealed.header + sealed.data + _BOUNDARY + b"--\r\n"
    )  # fmt: skip
