"""Answers as records for scripts, and what of a feed's day wants a look."""

from __future__ import annotations

from datetime import timedelta

from shared.services.people.answers import ExportStanding, FeedDay
from shared.services.people.handwork import Done


def day_record(day: FeedDay) -> dict[str, object]:
    """A feed's day for scripts."""
    return {
        "feed": day.feed,
        "arrived": day.arrived,
        "states": {state.value: count for state, count in sorted(day.states.items())},
        "waiting": dict(day.waiting),
        "overdue": day.overdue,
        "open_before": day.open_before,
        "oldest_open_at": day.oldest_open_at.isoformat() if day.oldest_open_at else None,
        "recent_arrivals": list(day.recent),
        "broken_promises": list(day.broken),
        "paused": day.paused_why or None,
    }


def done_record(done: Done) -> dict[str, object]:
    """What was done to one job of many, or would be."""
    return {"job_id": done.job_id, "path": done.path, "was": done.state.value, "refused": done.refused or None}


def day_notes(day: FeedDay) -> list[str]:
    """What of a feed's day wants a look."""
    notes = list(day.broken)
    if day.paused_why:
        notes.append(f"paused: {day.paused_why}")
    if day.overdue:
        notes.append(f"{day.overdue} overdue")
    notes += [f"{count} waiting: {kind}" for kind, count in sorted(day.waiting.items())]
    return [*notes, f"{day.open_before} open from before"] if day.open_before else notes


def export_record(each: ExportStanding) -> dict[str, object]:
    """An export for scripts."""
    return {
        "export": each.name,
        "last_at": each.last_at.isoformat() if each.last_at else None,
        "every_hours": each.every / timedelta(hours=1) if each.every else None,
        "is_late": each.is_late,
        "open": each.open_deliveries,
        "stored_not_acknowledged": each.unacknowledged,
    }
