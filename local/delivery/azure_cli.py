"""The `az` command: a question in, JSON out."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any, Protocol


class StepFailed(Exception):
    """A step that must stop the deployment; the message says what to do."""


class AzureRefused(StepFailed):
    """`az` ended with an error; the message is the end of what it said."""


class Az(Protocol):
    """Asks Azure: `az("group", "show", "--name", "rg")` gives the parsed answer. Raises AzureRefused."""

    def __call__(self, *arguments: str) -> Any:
        """Run one command."""


class AzureCli:
    """The Az of this machine."""

    def __init__(self, program: Sequence[str] | None = None, subscription: str = "") -> None:
        """Raises StepFailed where `az` is not installed. `program` is for another one in its place.

        `subscription` is the one to ask, whichever `az` was last set to; azd knows its own.
        """
        found = shutil.which("az")
        if program is None and found is None:
            raise StepFailed("`az` is not on the PATH: install the Azure CLI and run `az login`")
        self._program = list(program or [str(found)])
        self._subscription = ["--subscription", subscription] if subscription else []

    def __call__(self, *arguments: str) -> Any:
        """See Az."""
        done = subprocess.run(
            [*self._program, *arguments, *self._subscription, "--output", "json"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise AzureRefused(f"az {' '.join(arguments[:3])}: {_end_of(done.stderr)}")
        return json.loads(done.stdout) if done.stdout.strip() else None


def _end_of(text: str) -> str:
    return text.strip()[-2000:] or "no reason given"
