"""The JSON API, under `/api/v1`. Its description for other programs is made from the same table of routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.domain.job import Job
from shared.domain.listing import line_of, line_record
from shared.domain.outcomes.record import job_record
from shared.errors import CourierError
from shared.services.people.answer_records import day_record, done_record, export_record
from shared.services.people.handwork import BULK
from shared.web.acts import ACTS, FEED_ACTS, on_feed, on_job, reason_in
from shared.web.asked import date_in, states_in
from shared.web.http import Answer, Refused, Request, as_json, refusal_of
from shared.web.principal import Principal, Role, must_be, principal_of
from shared.wiring import Engine

_Run = Callable[[Engine, Request, Principal, Mapping[str, str]], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One call: `path` has `{name}` for a parameter; `query` and `body` name what else may be given, and say what."""

    method: str
    path: str
    role: Role
    says: str
    run: _Run
    query: Mapping[str, str]
    body: Mapping[str, str]

    def parameters(self, request: Request) -> dict[str, str] | None:
        """The path's parameters; None when the request is not for this route."""
        wanted = self.path.strip("/").split("/")
        given = request.segments
        if request.method != self.method or len(wanted) != len(given):
            return None
        pairs = list(zip(wanted, given, strict=True))
        if any(want != part for want, part in pairs if not want.startswith("{")):
            return None
        return {want.strip("{}"): part for want, part in pairs if want.startswith("{")}


def answer(app: Callable[[], Engine], request: Request, environ: Mapping[str, str]) -> Answer:
    """Answer a call. Who may not ask learns nothing of what there is: the role is looked at before anything else."""
    try:
        return _answered(app, request, principal_of(request, environ))
    except Refused as refused:
        return _sorry(refused)
    except CourierError as error:
        return _sorry(refusal_of(error))


def _sorry(refused: Refused) -> Answer:
    return as_json({"error": refused.said}, refused.status)


def _answered(app: Callable[[], Engine], request: Request, who: Principal) -> Answer:
    must_be(who, Role.OPERATOR if request.method == "POST" else Role.READER)
    for route in ROUTES:
        parameters = route.parameters(request)
        if parameters is not None:
            must_be(who, route.role)
            return route.run(app(), request, who, parameters)
    raise Refused(404, "there is no such call; /api/v1/openapi.json lists them")


def full_record(job: Job) -> dict[str, object]:
    """Everything of a job: what job.json says, its timeline with it, and where it stands now."""
    return {**line_record(line_of(job)), **job_record(job)}


def _day(app: Engine, request: Request, _: Principal, __: Mapping[str, str]) -> Answer:
    return as_json([day_record(day) for day in app.answers.today(date_in(request.query))])


def _jobs(app: Engine, request: Request, _: Principal, __: Mapping[str, str]) -> Answer:
    query = request.query
    found = app.answers.jobs(date_in(query), query.get("feed", ""), states_in(query.get("state", "")))
    return as_json([line_record(line) for line in found])


def _find(app: Engine, request: Request, _: Principal, __: Mapping[str, str]) -> Answer:
    return as_json([line_record(line) for line in app.answers.find(request.query.get("q", ""))])


def _job(app: Engine, _: Request, __: Principal, parameters: Mapping[str, str]) -> Answer:
    job = app.answers.job(parameters["job_id"])
    if job is None:
        raise Refused(404, f"there is no job {parameters['job_id']}")
    return as_json(full_record(job))


def _act(app: Engine, request: Request, who: Principal, parameters: Mapping[str, str]) -> Answer:
    fields = {name: str(value) for name, value in request.json().items()}
    done = on_job(app, parameters["job_id"], parameters["act"], who.name, fields)
    return as_json(line_record(line_of(done.job)))


def _act_on_feed(app: Engine, request: Request, who: Principal, parameters: Mapping[str, str]) -> Answer:
    fields = {name: str(value) for name, value in request.json().items()}
    on_feed(app, parameters["feed"], parameters["act"], who.name, fields)
    return as_json({"feed": parameters["feed"], "done": parameters["act"]})


def _bulk(app: Engine, request: Request, who: Principal, _: Mapping[str, str]) -> Answer:
    told = request.json()
    fields = {name: str(value) for name, value in told.items()}
    days = (date_in(fields, "first"), date_in(fields, "last"))
    states, dry_run = states_in(fields.get("states", "")), told.get("dry_run") is not False
    found = app.handwork.bulk(
        fields.get("action", ""), fields.get("feed", ""), days, states, reason_in(fields), who.name, dry_run=dry_run
    )
    return as_json({"dry_run": dry_run, "jobs": [done_record(done) for done in found]})


def _health(app: Engine, _: Request, __: Principal, ___: Mapping[str, str]) -> Answer:
    now = datetime.now(UTC)
    timers = {
        name: {"at": at.isoformat(), "seconds_ago": round((now - at).total_seconds())}
        for name, at in app.answers.timers().items()
    }
    return as_json({"environment": app.feeds.environment, "last_good_run": timers})


def _exports(app: Engine, _: Request, __: Principal, ___: Mapping[str, str]) -> Answer:
    return as_json([export_record(each) for each in app.answers.export_standings()])


def _check(_: Engine, __: Request, ___: Principal, ____: Mapping[str, str]) -> Answer:
    import os

    from shared.check_wiring import connection_check

    seen = list(connection_check(os.environ).run())
    return as_json([{"what": each.what, "verdict": each.verdict.value, "said": each.said} for each in seen])


def _openapi(_: Engine, __: Request, ___: Principal, ____: Mapping[str, str]) -> Answer:
    from shared.web.openapi import described

    return as_json(described(ROUTES))


_DATE = "a date such as 2026-11-14; today (UTC) when it is left out"
_WHY = "the reason, kept on the timeline"


def _get(path: str, says: str, run: _Run, **query: str) -> Route:
    return Route(method="GET", path=path, role=Role.READER, says=says, run=run, query=query, body={})


def _post(path: str, says: str, run: _Run, **body: str) -> Route:
    return Route(method="POST", path=path, role=Role.OPERATOR, says=says, run=run, query={}, body=body)


ROUTES = (
    _get(
        "day",
        "Every feed on a day of landing: what became of its files, why they wait, what is not kept.",
        _day,
        date=_DATE,
    ),
    _get(
        "jobs",
        "The files of a business date.",
        _jobs,
        date=_DATE,
        feed="of one feed only",
        state="in these states only, separated by commas",
    ),
    _get("find", "Jobs by job ID, message ID, execution ID or a part of a file's name.", _find, q="what to look for"),
    _get("jobs/{job_id}", "One job with its timeline.", _job),
    _get("exports", "Every export: last delivery, and what is stored and not acknowledged.", _exports),
    _get("health", "When each timer last ended a run in order.", _health),
    _get("openapi.json", "This description.", _openapi),
    _post(
        "jobs/{job_id}/{act}",
        f"Do something with a job: {', '.join(ACTS)}.",
        _act,
        why=_WHY,
        again="replay though rows were loaded, or it was replayed before: true",
        message_id="adopt the import with this message ID",
        execution_id="or with this execution ID",
    ),
    _post("feeds/{feed}/{act}", f"Stop or resume the sends of a feed: {', '.join(FEED_ACTS)}.", _act_on_feed, why=_WHY),
    _post(
        "bulk",
        "Do the same to all jobs of a feed in some states; only shows them unless dry_run is false.",
        _bulk,
        action=f"one of {', '.join(BULK)}",
        feed="its name",
        first="first business date",
        last="last business date",
        states="separated by commas",
        why=_WHY,
        dry_run="false to do it",
    ),
    _post("check", "Try sign-in, F&O, every recurring data job and storage once.", _check),
)
