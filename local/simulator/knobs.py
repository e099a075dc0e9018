"""How the environment behaves where builds, settings or sources differ: plain attributes, to be changed at any time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

#: Settings that take one of a few words.
CHOICES: dict[str, tuple[str, ...]] = {
    "state_form": ("number", "name"),
    "message_id_form": ("quoted", "value_object"),
    "post_process_word": ("PostProcessingFailed", "PostProcessingError"),
    "pre_processing_word": ("Preprocessing", "PreProcessing"),
}


class UnknownSetting(ValueError):
    """A setting, or a value of one, that the simulator does not know."""


@dataclass(kw_only=True, eq=False)
class Knobs:
    """The settings of a world.

    Attributes:
        state_form: how jobstatus spells states.
        message_id_form: whether enqueue answers with the ID in quotes, or with `{"value": ...}`.
        post_process_word, pre_processing_word: the words of GetMessageStatus on which Microsoft's own sources differ.
        with_total_records: whether jobstatus has TotalRecords, as newer builds do.
        with_log: whether ExecutionLog has words in it.
        with_detail: whether ExecutionDetail is there after a run.
        correlation_survives: whether an export that is offered again keeps its correlation ID.
        long_walk: whether a message goes by way of Dequeued and PreProcessing, a recurrence each.
        batch_capacity: how many messages run at once; the rest stay Enqueued.
        error_file_polls: how many times the URL of an error-keys file is empty before it is there.
        keep_bodies: whether uploads are kept to be parsed; if not, every line counts as a good row.
        refuse_chunked: whether enqueue answers 411 to a body without Content-Length.
        on_premises: whether every call is sent to a login page.
        legal_entities: those that exist, in capitals.
        token_lifetime: on the virtual clock.
        message_lifetime: how long jobstatus knows a message.
        auto_tick: the pause between recurrences that the server makes by itself; None: only `recurrence_tick()`.
    """

    state_form: str = "number"
    message_id_form: str = "quoted"
    post_process_word: str = "PostProcessingFailed"
    pre_processing_word: str = "Preprocessing"
    with_total_records: bool = True
    with_log: bool = False
    with_detail: bool = True
    correlation_survives: bool = True
    long_walk: bool = False
    batch_capacity: int = 4
    error_file_polls: int = 1
    keep_bodies: bool = True
    refuse_chunked: bool = False
    on_premises: bool = False
    legal_entities: set[str] = field(default_factory=lambda: {"USMF", "DEMF", "GBSI", "DAT"})
    token_lifetime: timedelta = timedelta(hours=1)
    message_lifetime: timedelta = timedelta(days=7)
    auto_tick: timedelta | None = None

    def settings(self) -> dict[str, object]:
        """Every setting as JSON has it: durations as `<name>_seconds`, sets as lists."""
        return dict(_as_json(name, getattr(self, name)) for name in Knobs.__dataclass_fields__)

    def change(self, name: str, value: object) -> None:
        """Change a setting, spelled as in `settings()`. Raises UnknownSetting, and then nothing has changed."""
        current = self.settings()
        if name not in current:
            raise UnknownSetting(f"unknown setting {name!r}; known: {', '.join(sorted(current))}")
        if name in CHOICES and value not in CHOICES[name]:
            raise UnknownSetting(f"{name} is one of {', '.join(CHOICES[name])}")
        if not _fits(value, current[name], name):
            raise UnknownSetting(f"{name} cannot be {value!r}; now it is {current[name]!r}")
        attribute = name.removesuffix("_seconds")
        setattr(self, attribute, _from_json(value, name))


def _as_json(name: str, value: object) -> tuple[str, object]:
    if name.endswith(("_lifetime", "auto_tick")):
        return f"{name}_seconds", value.total_seconds() if isinstance(value, timedelta) else None
    return name, sorted(value) if isinstance(value, set) else value


def _fits(value: object, current: object, name: str) -> bool:
    if name.endswith("_seconds"):
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
        return is_number or (value is None and name == "auto_tick_seconds")
    return type(value) is type(current)


def _from_json(value: object, name: str) -> object:
    if name.endswith("_seconds"):
        return timedelta(seconds=value) if isinstance(value, int | float) else None
    return {str(item) for item in value} if isinstance(value, list) else value
