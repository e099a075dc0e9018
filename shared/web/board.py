"""The status page, under `/api/board`: rendered here, complete without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from shared.domain.handwork import may_be_adopted
from shared.domain.job import Job, JobState
from shared.domain.naming import external_id
from shared.domain.pacing.releasing import HOLDS_OTHERS
from shared.errors import CourierError
from shared.services.people.answer_records import day_notes
from shared.web import many
from shared.web.acts import on_feed, on_job
from shared.web.asked import date_in, states_in
from shared.web.forms import PREFIX, must_be_ours, shown
from shared.web.http import Answer, Refused, Request, refusal_of, to
from shared.web.kept import REPORT, causes, kept_file, names
from shared.web.pages import html, static_file
from shared.web.principal import Principal, Role, must_be, principal_of
from shared.wiring import Engine

#: What may be done with a job in a state; what is not listed has no form.
_OFFERED: dict[JobState, tuple[str, ...]] = {
    JobState.IN_DOUBT: ("adopt", "resend", "close"),
    JobState.ENQUEUED: ("close",),
    JobState.RUNNING: ("close",),
    JobState.WAITING: ("release", "skip"),
    JobState.PARTIAL: ("replay", "refetch"),
    JobState.FAILED: ("replay", "refetch"),
    JobState.REJECTED: ("replay",),
    JobState.SUCCEEDED: ("replay",),
    JobState.CLOSED: ("replay",),
    JobState.SKIPPED: ("replay",),
}


def answer(app: Callable[[], Engine], request: Request, environ: Mapping[str, str]) -> Answer:
    """Answer a request for a page. The role is looked at before anything else, so a refusal tells nothing."""
    try:
        return _answered(app, request, principal_of(request, environ))
    except Refused as refused:
        return _sorry(refused)
    except CourierError as error:
        return _sorry(refusal_of(error))


def _answered(app: Callable[[], Engine], request: Request, who: Principal) -> Answer:
    if request.segments[:1] == ("static",):
        return static_file("/".join(request.segments[1:]))
    if request.method == "POST":
        must_be(who, Role.OPERATOR)
        return _done(app(), request, who)
    return _page(app(), request, who)


def _sorry(refused: Refused) -> Answer:
    return html("refused.html", {"status": refused.status, "said": refused.said, "who": None}, status=refused.status)


def _page(app: Engine, request: Request, who: Principal) -> Answer:
    match request.segments:
        case ("job", job_id):
            return _job(app, request, who, _found(app, job_id))
        case ("job", job_id, name):
            return kept_file(app, _found(app, job_id), name, who)
        case segments if "/".join(segments) in _PAGES:
            return _PAGES["/".join(segments)](app, request, who)
    raise Refused(404, "there is no such page")


def _today(app: Engine, request: Request, who: Principal) -> Answer:
    day = date_in(request.query)
    days = app.answers.today(day)
    notes = {each.feed: day_notes(each) for each in days}
    return shown(
        "today.html",
        request,
        who,
        day=day,
        days=days,
        notes=notes,
        feeds=app.feeds.feeds,
        environment=app.feeds.environment,
        timers=app.answers.timers(),
    )


def _jobs(app: Engine, request: Request, who: Principal) -> Answer:
    """The files of a business date, or of a day of landing where that is asked for."""
    query, by_landing = request.query, "landed" in request.query
    day, feed, states = (
        date_in(query, "landed" if by_landing else "date"),
        query.get("feed", ""),
        states_in(query.get("state", "")),
    )
    lines = (app.answers.landed if by_landing else app.answers.jobs)(day, feed, states)
    title = f"{feed or 'All feeds'}, {'landed on' if by_landing else 'business date'} {day.isoformat()}"
    return shown(
        "jobs.html",
        request,
        who,
        title=title,
        lines=lines,
        feeds=[*app.feeds.feeds],
        feed=feed,
        day=day,
        by_date=not by_landing,
    )


def _find(app: Engine, request: Request, who: Principal) -> Answer:
    text = request.query.get("q", "")
    lines = app.answers.find(text)
    if len(lines) == 1:
        return to(job_page(lines[0].job_id))
    return shown("jobs.html", request, who, title=f"Files like {text!r}", lines=lines, feeds=[*app.feeds.feeds], q=text)


def _exports(app: Engine, request: Request, who: Principal) -> Answer:
    return shown("exports.html", request, who, standings=app.answers.export_standings())


def _many(app: Engine, request: Request, who: Principal) -> Answer:
    must_be(who, Role.OPERATOR)
    return many.asked(app, request, who)


_PAGES: dict[str, Callable[[Engine, Request, Principal], Answer]] = {
    "": _today,
    "jobs": _jobs,
    "find": _find,
    "exports": _exports,
    "many": _many,
}


def _found(app: Engine, job_id: str) -> Job:
    job = app.answers.job(job_id)
    if job is None:
        raise Refused(404, "there is no such job; search for a part of the file's name")
    return job


def _job(app: Engine, request: Request, who: Principal, job: Job) -> Answer:
    kept = [name for name in names(app, job) if name == REPORT or who.role >= Role.OPERATOR]
    offered = _offered(app, job) if who.role >= Role.OPERATOR else ()
    told = causes(app, job)
    return shown(
        "job.html",
        request,
        who,
        job=job,
        external_id=external_id(job) if job.sent_at else "",
        offered=offered,
        kept=kept,
        has_bad_rows=bool(job.entity) and any(name.startswith("error-keys.") for name in kept),
        causes=told,
        loaded=job.state in _LOADED,
    )


_LOADED = {JobState.SUCCEEDED, JobState.PARTIAL}


def _offered(app: Engine, job: Job) -> tuple[str, ...]:
    """Acts that can be done now. Behind what has ended others wait only in an ordered feed."""
    feed = app.feeds.feeds.get(job.feed)
    more = ("release",) if feed and feed.is_strict and not job.released_at and job.state in HOLDS_OTHERS else ()
    if job.is_final and (job.archived_at is None or job.forgotten_at is not None):
        return more
    corrected = ("adopt",) if job.state is JobState.ENQUEUED and may_be_adopted(job) else ()
    return (*corrected, *_OFFERED.get(job.state, ()), *more)


def _done(app: Engine, request: Request, who: Principal) -> Answer:
    """Do what a form asks for, and go to the page that shows it."""
    form = request.form()
    must_be_ours(request, form)
    match request.segments:
        case ("job", job_id, act):
            return to(job_page(on_job(app, job_id, act, who.name, form).job.job_id))
        case ("feed", feed, act):
            on_feed(app, feed, act, who.name, form)
            return to(PREFIX)
        case ("many",):
            return many.done(app, request, who, form)
    raise Refused(404, "there is no such form")


def job_page(job_id: str) -> str:
    """Where a job's page is."""
    return f"{PREFIX}/job/{quote(job_id, safe='')}"
