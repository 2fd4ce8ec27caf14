"""A server of OpenAI's audio API on this machine, with the habits of real ones.

It hears nothing: it says what it was given to say, and keeps what it was asked. Its refusals are
those of real servers: https://platform.openai.com/docs/guides/error-codes (OpenAI), FastAPI's 422
(speaches), https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html (vLLM).
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler

from loopback import listening

SEGMENT = {
    "seek": 0,
    "tokens": [50364, 2425, 50414],
    "temperature": 0.0,
    "avg_logprob": -0.25,
    "compression_ratio": 1.5,
    "no_speech_prob": 0.01,
}
# What it says by default: two segments of whisper-1, with words as OpenAI tells them.
SPOKEN = {
    "task": "transcribe",
    "language": "english",
    "duration": 2.0,
    "text": "Hello, dear world. (Yes!)",
    "segments": [
        {"id": 0, "start": 0.0, "end": 1.5, "text": " Hello, dear world.", **SEGMENT},
        {"id": 1, "start": 1.5, "end": 2.0, "text": " (Yes!)", **SEGMENT},
    ],
}
WORDS = [
    {"word": "Hello", "start": 0.0, "end": 0.5},
    {"word": "dear", "start": 0.5, "end": 0.8},
    {"word": "world", "start": 0.8, "end": 1.4},
    {"word": "Yes", "start": 1.6, "end": 2.0},
]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request for a transcript."""

    path: str
    token: str | None
    fields: Mapping[str, list[str]]
    sound: bytes
    chunked: bool


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An answer that is none of 2xx, or a page where JSON should be."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def error(status: int, message: str, code: str = "", **headers: str) -> Refusal:
    """A refusal of OpenAI's form; ``Retry_After`` is a header."""
    body = json.dumps({"error": {"message": message, "type": "x", "param": None, "code": code}})
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Refusal(status=status, body=body, headers=named)


NO_VERBOSE = error(
    400,
    "response_format 'verbose_json' is not compatible with model 'gpt-4o-transcribe-api-ev3'. "
    "Use 'json' or 'text' instead.",
    "unsupported_value",
)


class SpeechServer:
    """Change it while it runs.

    ``answers``: for the next requests, one each; then ``answer``. ``plain``: it has no
    ``verbose_json``. ``models``: what it lists; None: it has no list. ``include``: what it says
    there that it can add to an answer. ``token``: asked of everyone.
    ``gate``: closed, an answer waits. ``breaks``: how many connections it breaks off.
    """

    def __init__(self) -> None:
        self.answer: object = SPOKEN
        self.answers: list[object] = []
        self.plain = False
        self.models: list[str] | None = ["base", "whisper-1"]
        self.include: list[str] | None = None
        self.token: str | None = None
        self.asked: list[Asked] = []
        self.listed = 0
        self.breaks = 0
        self.gate = threading.Event()
        self.gate.set()
        self.waiting = threading.Event()
        self.hung_up = threading.Event()
        self.url = ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: SpeechServer

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""

    def do_GET(self) -> None:
        """The list of models."""
        self.state.listed += 1
        if not self._welcome():
            return
        if self.path != "/v1/models" or self.state.models is None:
            self._refuse(error(404, "not found"))
            return
        more = {} if self.state.include is None else {"include": self.state.include}
        data = [{"id": name, "object": "model", **more} for name in self.state.models]
        self._json(200, {"object": "list", "data": data})

    def do_POST(self) -> None:
        """A transcript."""
        state = self.state
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if state.breaks:
            state.breaks -= 1
            self.close_connection = True
            self.connection.close()
            return
        asked = self._asked(body)
        state.asked.append(asked)
        if not self._welcome():
            return
        if not state.gate.is_set():
            state.waiting.set()
            while not state.gate.wait(0.05):
                if self._gone():
                    state.hung_up.set()
                    self.close_connection = True
                    return
        verbose = asked.fields["response_format"] == ["verbose_json"]
        if state.plain and verbose:
            self._refuse(NO_VERBOSE)
            return
        answer = state.answers.pop(0) if state.answers else state.answer
        if isinstance(answer, Refusal):
            self._refuse(answer)
            return
        if isinstance(answer, dict):
            if not verbose:
                answer = {"text": answer["text"]}
            elif answer is SPOKEN and "word" in asked.fields.get("timestamp_granularities[]", []):
                answer = {**SPOKEN, "words": WORDS}
        self._json(200, answer)

    def _gone(self) -> bool:
        """Whether the client hung up."""
        self.connection.settimeout(0.01)
        try:
            return not self.connection.recv(1)
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            self.connection.settimeout(None)

    def _asked(self, body: bytes) -> Asked:
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        fields: dict[str, list[str]] = {}
        sound = b""
        message = BytesParser().parsebytes(head + body)
        assert message.is_multipart(), "a form was expected"
        for part in message.walk():
            content = part.get_payload(decode=True)
            if not isinstance(content, bytes):
                continue  # the form itself
            name = part.get_param("name", header="Content-Disposition")
            if name == "file":
                sound = content
            else:
                fields.setdefault(str(name), []).append(content.decode())
        return Asked(
            path=self.path,
            token=(self.headers.get("Authorization") or "").removeprefix("Bearer ") or None,
            fields=fields,
            sound=sound,
            chunked="Transfer-Encoding" in self.headers,
        )

    def _welcome(self) -> bool:
        wanted = self.state.token
        if wanted is None or self.headers.get("Authorization") == f"Bearer {wanted}":
            return True
        self._refuse(error(401, "Incorrect API key provided", "invalid_api_key"))
        return False

    def _refuse(self, refusal: Refusal) -> None:
        self._send(refusal.status, refusal.body.encode(), refusal.headers)

    def _json(self, status: int, content: object) -> None:
        self._send(status, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def speech_server(port: int = 0) -> Iterator[SpeechServer]:
    """Runs until the end of the block. ``port`` 0: any that is free."""
    state = SpeechServer()
    handler = type("Handler", (_Handler,), {"state": state})
    with listening(handler, port) as address:
        state.url = f"{address}/v1"
        try:
            yield state
        finally:
            state.gate.set()
