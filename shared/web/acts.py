"""What may be done to a job or a feed by its name, the same for the page and the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shared.ports import Stored
from shared.web.http import Refused
from shared.wiring import Engine

_Act = Callable[[Engine, str, str, str, Mapping[str, str]], Stored]


def _replay(app: Engine, job_id: str, why: str, actor: str, more: Mapping[str, str]) -> Stored:
    return app.handwork.replay(job_id, why, actor, again=more.get("again") in {"yes", "true", "True"})


def _adopt(app: Engine, job_id: str, why: str, actor: str, more: Mapping[str, str]) -> Stored:
    ids = {name: more.get(name, "").strip() for name in ("message_id", "execution_id")}
    return app.handwork.adopt(job_id, why, actor, **ids)


#: Act -> what it does. The further fields are `again` for replay, `message_id` or `execution_id` for adopt.
ACTS: dict[str, _Act] = {
    "replay": _replay,
    "adopt": _adopt,
    "resend": lambda app, job_id, why, actor, _: app.handwork.resend(job_id, why, actor),
    "close": lambda app, job_id, why, actor, _: app.handwork.close(job_id, why, actor),
    "refetch": lambda app, job_id, why, actor, _: app.handwork.refetch(job_id, why, actor),
    "release": lambda app, job_id, why, actor, _: app.releasing.release(job_id, why, actor),
    "skip": lambda app, job_id, why, actor, _: app.releasing.skip(job_id, why, actor),
}
FEED_ACTS = ("pause", "resume")


def on_job(app: Engine, job_id: str, act: str, actor: str, fields: Mapping[str, str]) -> Stored:
    """Do it. Raises Refused for an unknown act or a missing reason, and what the act raises."""
    if act not in ACTS:
        raise Refused(404, f"there is no act {act}; there are {', '.join(ACTS)}")
    return ACTS[act](app, job_id, reason_in(fields), actor, fields)


def on_feed(app: Engine, feed: str, act: str, actor: str, fields: Mapping[str, str]) -> None:
    """Pause or resume a feed. Raises as `on_job` does."""
    if act not in FEED_ACTS or feed not in app.feeds.feeds:
        raise Refused(404, "there is no such feed, or no such act; feeds can be paused and resumed")
    getattr(app.handwork, act)(feed, reason_in(fields), actor)


def reason_in(fields: Mapping[str, str]) -> str:
    """The reason that every act needs."""
    why = fields.get("why", "").strip()
    if not why:
        raise Refused(400, "say why: the reason is kept on the timeline")
    return why[:500]
