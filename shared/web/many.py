"""The same for many files at once: asked for in a form, shown first, and done only after that was seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from shared.services.people.handwork import BULK, Done
from shared.web.acts import reason_in
from shared.web.asked import date_in, states_in
from shared.web.forms import shown
from shared.web.http import Answer, Request
from shared.web.principal import Principal
from shared.wiring import Engine

#: So many are done in one go: an HTTP call to a function app ends after 230 seconds. The next go takes the next.
MOST_AT_ONCE = 200
_EMPTY = {"action": "", "feed": "", "states": "", "why": ""}


def asked(app: Engine, request: Request, who: Principal) -> Answer:
    """The form, filled with what the address holds."""
    return _page(app, request, who, request.query)


def done(app: Engine, request: Request, who: Principal, form: Mapping[str, str]) -> Answer:
    """Show what the form would be done to; with `sure`, do it and show what became of each."""
    is_sure = form.get("sure") == "yes"
    days = (date_in(form, "first"), date_in(form, "last"))
    states, why = states_in(form.get("states", "")), reason_in(form)
    found = app.handwork.bulk(
        form.get("action", ""), form.get("feed", ""), days, states, why, who.name, dry_run=not is_sure
    )
    told = list(_first(found)) if is_sure else list(found)
    return _page(app, request, who, form, found=told, is_done=is_sure)


def _first(found: Iterable[Done]) -> Iterator[Done]:
    left = MOST_AT_ONCE
    for each in found:
        yield each
        left -= not each.refused
        if not left:
            return


def _page(
    app: Engine,
    request: Request,
    who: Principal,
    given: Mapping[str, str],
    found: list[Done] | None = None,
    *,
    is_done: bool = False,
) -> Answer:
    first = date_in(given, "first")
    return shown(
        "many.html",
        request,
        who,
        given={**_EMPTY, **given, "first": first, "last": given.get("last") or first},
        acts=BULK,
        feeds=[*app.feeds.feeds],
        found=found,
        is_done=is_done,
        most=MOST_AT_ONCE,
    )
