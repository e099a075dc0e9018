"""A request and an answer, without the machine that carries them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from shared.errors import Conflict, CourierError, Terminal

#: What every answer says: no frame, no guess of types, nothing loaded from elsewhere, nothing kept by others.
SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
#: A form or a JSON body of a person is short; what is longer is not read.
MOST_BODY_BYTES = 64 * 1024


class Refused(Exception):
    """The request is answered with this status and sentence, whatever it asked for."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status
        self.said = said


def refusal_of(error: CourierError) -> Refused:
    """What an error of the engine means for who asked: cannot be done, look again, or ask again."""
    if isinstance(error, Terminal):
        return Refused(422, str(error))
    if isinstance(error, Conflict):
        return Refused(409, f"{error}; look again, then decide")
    return Refused(503, str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked. `path` is without the prefix and its slashes; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def segments(self) -> tuple[str, ...]:
        """The parts of the path."""
        return tuple(part for part in self.path.split("/") if part)

    def form(self) -> dict[str, str]:
        """The fields of a posted form; of fields with one name the last. Raises Refused when it is too long."""
        text = self._text()
        return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}

    def json(self) -> dict[str, object]:
        """The posted object. Raises Refused for anything else."""
        if not self.headers.get("content-type", "").startswith("application/json"):
            raise Refused(415, "send application/json")
        try:
            told = json.loads(self._text() or "{}")
        except ValueError as error:
            raise Refused(400, "the body is no JSON") from error
        if not isinstance(told, dict):
            raise Refused(400, "the body is no JSON object")
        return told

    def cookie(self, name: str) -> str:
        """The value of a cookie; empty when there is none."""
        pairs = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return next((value for key, _, value in pairs if key == name), "")

    def _text(self) -> str:
        if len(self.body) > MOST_BODY_BYTES:
            raise Refused(413, "the body is too long")
        try:
            return self.body.decode()
        except UnicodeDecodeError as error:
            raise Refused(400, "the body is no UTF-8") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered, with the safe headers beside its own."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def all_headers(self) -> dict[str, str]:
        """Every header but the content type."""
        return {**SAFE_HEADERS, **self.headers}


def as_json(told: object, status: int = 200) -> Answer:
    """An answer for scripts."""
    return Answer(status=status, body=(json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode())


def to(place: str, headers: Mapping[str, str] | None = None) -> Answer:
    """The browser goes on to another page, with GET."""
    return Answer(status=303, headers={"Location": place, **(headers or {})}, content_type="text/plain")
