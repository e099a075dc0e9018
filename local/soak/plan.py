"""What a soak is made of: its feeds, activities and caps, and the faults of its F&O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: What the environment's cap admits at once: less than the feeds' caps together, so that both bind. A file in doubt
#: keeps its place for half an hour, so at a fault rate of 20 % many are taken by files that F&O has long ended.
ENVIRONMENT_CAP = 36
#: Share of the simulator's calls that fail while the soak lasts.
FAULT_RATE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakFeed:
    """One import feed. `entity` is empty for packages; with `looked_up` lost answers are searched for in F&O.

    `share` is its part of the files; of a feed whose files go one by one there are few, for each takes seconds.
    """

    name: str
    activity_id: str
    entity: str
    cap: int
    may_resend: bool = False
    looked_up: bool = False
    share: int = 1

    @property
    def data_project(self) -> str:
        """Its name in F&O."""
        return f"{self.name} project"


FEEDS = (
    SoakFeed(
        name="held", activity_id="11111111-1111-4111-8111-111111111111", entity="Customer groups", cap=18, share=12
    ),
    SoakFeed(
        name="resent",
        activity_id="22222222-2222-4222-8222-222222222222",
        entity="Vendor groups",
        cap=16,
        may_resend=True,
        share=12,
    ),
    SoakFeed(
        name="searched",
        activity_id="33333333-3333-4333-8333-333333333333",
        entity="Sales order headers V2",
        cap=16,
        looked_up=True,
        share=8,
    ),
    SoakFeed(name="single", activity_id="44444444-4444-4444-8444-444444444444", entity="Vendor invoice header", cap=1),
    SoakFeed(name="packaged", activity_id="55555555-5555-4555-8555-555555555555", entity="", cap=8, share=4),
)
#: Export feeds: name and activity. Their folder in the lake has the same name.
EXPORTS = {
    "groups-out": "66666666-6666-4666-8666-666666666666",
    "orders-out": "77777777-7777-4777-8777-777777777777",
}
COMPANIES = ("USMF", "DEMF")


def feeds_yaml() -> str:
    """The deployment's feeds file. `overdue_after` is longer than the simulated F&O ever takes for a file."""
    imports = "".join(_feed_yaml(feed) for feed in FEEDS)
    exports = "".join(
        f"  {name}:\n    activity_id: {activity}\n    lake: {name}\n" for name, activity in EXPORTS.items()
    )
    head = f"version: 1\nenvironment: local\nmax_in_flight: {ENVIRONMENT_CAP}\nfeeds:\n"
    return f"{head}{imports}exports:\n{exports}"


def _feed_yaml(feed: SoakFeed) -> str:
    keys = {
        "activity_id": feed.activity_id,
        "shape": "file" if feed.entity else "package",
        **({"entity": feed.entity} if feed.entity else {}),
        **({"data_project": feed.data_project} if feed.looked_up else {}),
        "companies": f"[{', '.join(COMPANIES)}]",
        "max_in_flight": feed.cap,
        "overdue_after": "30m",
        "lost_answer": "resend" if feed.may_resend else "hold",
    }
    return f"  {feed.name}:\n" + "".join(f"    {key}: {value}\n" for key, value in keys.items())


def caps() -> dict[str, int]:
    """Cap by activity ID, and that of the environment as `all`: the keys under which the simulator counts."""
    return {"all": ENVIRONMENT_CAP} | {feed.activity_id: feed.cap for feed in FEEDS}


_Fault = tuple[str, Mapping[str, Any]]
_LOST: tuple[_Fault, ...] = (("answer_lost_before_commit", {}), ("answer_lost_after_commit", {}))
_BUSY: tuple[_Fault, ...] = (
    ("throttle", {"retry_after": 20}),
    ("throttle", {"retry_after": 45, "as_date": True}),
    ("status", {"code": 503}),
    ("expired_token", {}),
)
_BROKEN: tuple[_Fault, ...] = (
    ("status", {"code": 500}),
    ("status", {"code": 502, "body": "<html>Bad Gateway</html>", "content_type": "text/html"}),
    ("status", {"code": 504}),
)
_CUT: tuple[_Fault, ...] = (("truncated_body", {"keep_bytes": 9}),)
_UNREADABLE: tuple[_Fault, ...] = (("html", {}), ("broken_json", {}))
_ASKING = (*_LOST, *_BUSY, *_BROKEN, *_CUT, *_UNREADABLE)

#: By call, the faults that it meets. Of an enqueue's, half leave it in doubt whether the file was taken.
FAULTS: dict[str, tuple[_Fault, ...]] = {
    "token": (("answer_lost_before_commit", {}), ("status", {"code": 503}), ("html", {})),
    "enqueue": (*_LOST, *_BROKEN, *_CUT, *_BUSY, *_BUSY[:2]),
    "jobstatus": (*_ASKING, ("odd_state", {"state": "Dreaming"})),
    "details": _ASKING,
    "dequeue": (*_LOST, *_BUSY, *_BROKEN, *_CUT, ("empty_200", {}), ("null_200", {}), ("old_build", {})),
    "download": (*_LOST, *_BUSY, *_BROKEN, *_CUT, ("truncated_body", {"keep_bytes": 400}), ("html", {})),
    "ack": (*_LOST, *_BUSY, *_BROKEN, *_CUT),
    "blob": (*_LOST, *_BUSY, *_CUT),
    **dict.fromkeys(
        (
            "action:GetMessageStatus",
            "action:GetExecutionIdByMessageId",
            "action:GetExecutionSummaryStatus",
            "action:GetExecutionSummaryPageUrl",
            "action:GenerateImportTargetErrorKeysFile",
            "action:GetImportTargetErrorKeysFileUrl",
            "action:GetImportStagingErrorFileUrl",
        ),
        _ASKING,
    ),
    "action:GetExecutionErrors": (*_ASKING, ("broken_inner_json", {})),
}


def fault_kinds() -> list[list[Any]]:
    """FAULTS as the simulator's control surface wants them."""
    return [[call, name, dict(params)] for call, faults in FAULTS.items() for name, params in faults]
