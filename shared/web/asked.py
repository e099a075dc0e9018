"""Words of a query or a form that mean something, and a sentence for those that do not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from shared.domain.job import JobState
from shared.web.http import Refused


def date_in(query: Mapping[str, str], name: str = "date") -> date:
    """A date as `2026-11-14`; today (UTC) when none is given. Raises Refused for anything else."""
    text = query.get(name, "")
    try:
        return date.fromisoformat(text) if text else datetime.now(UTC).date()
    except ValueError as error:
        raise Refused(400, f"{name}: {text!r} is no date such as 2026-11-14") from error


def states_in(text: str) -> list[JobState]:
    """States, separated by commas. Raises Refused for an unknown one."""
    try:
        return [JobState(word.strip().upper()) for word in text.split(",") if word.strip()]
    except ValueError as error:
        raise Refused(400, f"state: {error}; there are {', '.join(JobState)}") from error
