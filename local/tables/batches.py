"""A transaction as the table service takes it: a batch of one change set, in multipart/mixed, both ways."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from local.tables.addresses import change_of
from local.tables.rows import Change

_CHANGE = re.compile(rb"(?:^|\r\n)(POST|PUT|PATCH|MERGE|DELETE) (\S+) HTTP/1\.1\r\n(.*?)\r\n\r\n(.*?)\r\n--", re.DOTALL)


def changes_in(body: bytes) -> tuple[str, list[Change]]:
    """(table, changes) of a batch. Raises ValueError for one that cannot be read."""
    found = _CHANGE.findall(body.replace(b"\r\n\r\n--", b"\r\n\r\n\r\n--"))
    if not found:
        raise ValueError("no change in the batch")
    told = [
        change_of(how.decode(), path.decode(), _headers(head), json.loads(content) if content.strip() else {})
        for how, path, head, content in found
    ]
    return told[0][0], [change for _, change in told]


def done(versions: Iterable[str]) -> tuple[str, bytes]:
    """(content type, body): each change with its new version."""
    return _wrapped([f"HTTP/1.1 204 No Content\r\n{f'ETag: {version}' if version else ''}" for version in versions])


def refused(status: int, code: str) -> tuple[str, bytes]:
    """(content type, body): the one answer of a transaction that changed nothing; the code begins with its number."""
    number, _, plain = code.partition(":")
    told = {"odata.error": {"code": plain, "message": {"lang": "en-US", "value": f"{number}:{plain}"}}}
    body = json.dumps(told)
    return _wrapped([f"HTTP/1.1 {status} Refused\r\nContent-Type: application/json\r\n\r\n{body}"])


def _wrapped(answers: list[str]) -> tuple[str, bytes]:
    head = "--changesetresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    inner = "".join(f"{head}{answer}\r\n\r\n" for answer in answers)
    text = (
        "--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n"
        f"{inner}--changesetresponse_1--\r\n--batchresponse_1--\r\n"
    )
    return "multipart/mixed; boundary=batchresponse_1", text.encode()


def _headers(head: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in head.decode().split("\r\n"))
    return {name.strip().lower(): value.strip() for name, _, value in lines}
