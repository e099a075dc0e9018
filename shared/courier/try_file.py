"""`python -m shared.courier try FILE --feed NAME`: what would become of this file? Sends it only with --send.

Shows where the file has to land, what the check before sending finds, and the request that would be made. With --send
the file goes to the environment of the app settings (D365_...), past landing and ledger: nothing follows it.
Ends with 0 when the file is fit (and sent, if asked), 1 when it is not, 2 when files, feeds or settings are wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from shared.courier.trial import NO_BASE_URL, Trial, production_doubt, trial_of
from shared.courier.validate import finding_lines
from shared.domain.feed import Feed, FeedBook
from shared.domain.outcomes.record import finding_record
from shared.domain.sizes import size_text
from shared.errors import AnswerLost, CourierError, FaultyConfiguration
from shared.feeds.loading import load_feeds
from shared.feeds.offline import NotReadable, feed_of, load_offline, read_text
from shared.ports import ErpGateway
from shared.settings import ErpSettings
from shared.wiring import gateway

FIT, UNFIT, WRONG = 0, 1, 2


def main(
    arguments: Sequence[str],
    environ: Mapping[str, str] = os.environ,
    way_in: Callable[[ErpSettings], ErpGateway] = gateway,
) -> int:
    """Try one file and show what would become of it."""
    told = _parser().parse_args(arguments)
    try:
        return _sent(told, environ, way_in) if told.send else _tried(told, environ)
    except (FaultyConfiguration, NotReadable) as fault:
        print(fault, file=sys.stderr)
        return WRONG


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m shared.courier try", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--feed", required=True, help="name of the feed in the feeds file")
    parser.add_argument("--company", default="", help="legal entity, where the path names it (the feed's first)")
    parser.add_argument("--feeds", type=Path, default=Path("feeds.yaml"), help="the feeds file (feeds.yaml)")
    parser.add_argument("--json", action="store_true", help="tell it as JSON")
    parser.add_argument("--send", action="store_true", help="send the file, if it is fit")
    parser.add_argument("--production", action="store_true", help="send it even where that may be production")
    return parser


def _tried(told: argparse.Namespace, environ: Mapping[str, str]) -> int:
    base_url = environ.get("D365_BASE_URL", "").rstrip("/") or NO_BASE_URL
    trial = _trial(told, load_offline(told.feeds, environ), base_url)
    _show(trial, told, {})
    return FIT if trial.is_fit else UNFIT


def _sent(told: argparse.Namespace, environ: Mapping[str, str], way_in: Callable[[ErpSettings], ErpGateway]) -> int:
    """Send the file where the app's settings say, with the feeds that are meant for there."""
    erp = ErpSettings.from_environ(environ)
    doubt = production_doubt(erp)
    if doubt and not told.production:
        print(f"Not sent: this may be production, for {doubt}. Say --production if you mean it.", file=sys.stderr)
        return WRONG
    trial = _trial(told, load_feeds(read_text(told.feeds), environ, erp.environment, str(told.feeds)), erp.base_url)
    if not trial.is_fit:
        _show(trial, told, {"sent": False})
        return UNFIT
    outcome = _outcome_of_sending(way_in(erp), trial)
    _show(trial, told, outcome)
    return FIT if outcome["sent"] else UNFIT


def _outcome_of_sending(erp: ErpGateway, trial: Trial) -> dict[str, object]:
    if trial.content is None:
        return {"sent": False, "why": "it goes with the other files of its bundle; write them all to landing"}
    try:
        message_id = erp.enqueue(trial.outgoing, trial.content)
    except AnswerLost as lost:
        return {"sent": False, "in_doubt": True, "why": f"{lost}; F&O may have it, so look before you send again"}
    except CourierError as refused:
        return {"sent": False, "why": str(refused)}
    return {"sent": True, "message_id": message_id}


def _trial(told: argparse.Namespace, book: FeedBook, base_url: str) -> Trial:
    feed: Feed = feed_of(book, told.feed, told.feeds)
    return trial_of(book, feed, told.file, told.company, base_url, datetime.now(UTC))


def _show(trial: Trial, told: argparse.Namespace, outcome: Mapping[str, object]) -> None:
    if told.json:
        print(json.dumps(_as_record(trial) | dict(outcome), indent=2, ensure_ascii=False))
    else:
        print("\n".join([*_screen(trial), *_ending(trial, outcome)]))


def _screen(trial: Trial) -> list[str]:
    """The trial as lines for a person."""
    source = trial.job.source
    findings = finding_lines(trial.findings) or ["nothing is wrong with it"]
    return [
        f"File      {trial.file}  ({size_text(source.size_bytes)}, SHA-256 {source.etag[:12]}...)",
        f"Lands as  {source.path}",
        f"Feed      {trial.feed.name}: {trial.feed.entity or 'data package'}",
        f"For       {trial.legal_entity or 'no legal entity'}",
        "Check     " + "\n          ".join(findings),
        f"Goes out  {trial.sent_as}",
        f"Request   POST {trial.url}",
        *(f"          {name}: {value}" for name, value in trial.headers.items()),
        "          Authorization: Bearer [not shown]",
        "Counts    " + ", ".join(f"{_cap_name(name)} (at most {most})" for name, most in trial.caps.items()),
    ]


def _cap_name(name: str) -> str:
    return {"env": "environment", "act": "activity", "ser": "serial key"}[name.partition(".")[0]]


def _ending(trial: Trial, outcome: Mapping[str, object]) -> list[str]:
    if outcome.get("sent"):
        return ["", f"Sent. F&O's message ID is {outcome['message_id']}. Nothing follows this file; look in F&O."]
    if "why" in outcome:
        return ["", f"Not sent: {outcome['why']}"]
    if not trial.is_fit:
        return ["", "It would be rejected, and nothing would be sent."]
    return ["", "Nothing is sent: say --send to send it to the environment of the app settings."]


def _as_record(trial: Trial) -> dict[str, object]:
    return {
        "file": str(trial.file),
        "size_bytes": trial.job.source.size_bytes,
        "sha256": trial.job.source.etag,
        "feed": trial.feed.name,
        "landing_path": trial.job.source.path,
        "legal_entity": trial.legal_entity,
        "is_fit": trial.is_fit,
        "sent_as": trial.sent_as,
        "findings": [finding_record(finding) for finding in trial.findings],
        "request": {"method": "POST", "url": trial.url, "headers": dict(trial.headers)},
        "caps": dict(trial.caps),
    }
