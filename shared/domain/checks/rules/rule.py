"""What a rule of the check before sending is: what is wrong, what F&O makes of it, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: What F&O shows most often for a file that it cannot take apart.
EMPTY_LIST = "failed before staging, with an empty error list"
#: What it shows where it takes nothing from a file.
NO_ROWS = "processed, with zero rows loaded"


class Weight(StrEnum):
    """What a broken rule leads to. A feed's `checks` may change that for all but the first."""

    ALWAYS = "rejects always"
    CERTAIN = "rejects"
    POSSIBLE = "warns"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `symptom` is what F&O shows when the file is sent all the same; empty when it would show nothing."""

    name: str
    weight: Weight
    wrong: str
    symptom: str
    advice: str


ALWAYS, CERTAIN, POSSIBLE = Weight.ALWAYS, Weight.CERTAIN, Weight.POSSIBLE
