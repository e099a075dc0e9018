"""The step after the code: wait until the app can answer Event Grid, then deploy infra/events.bicep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from local.delivery.azure_cli import Az, AzureRefused, StepFailed

#: The host makes its key when it first starts with the code; Microsoft names no time. Five minutes is what we wait.
TRIES = 20
PAUSE = timedelta(seconds=15)
FUNCTION = "on_file_landed"
_OUTPUTS = "[].{at: properties.timestamp, outputs: properties.outputs}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often to ask, how long to wait between, and whom to tell."""

    sleep: Callable[[float], None]
    tell: Callable[[str], None]
    tries: int = TRIES
    pause: timedelta = PAUSE


def connect(az: Az, group: str, template: Path, patience: Patience) -> None:
    """Make or renew the subscription. Safe to repeat: what is there already stays as it is.

    Raises:
        StepFailed: the app did not come up, or Event Grid's handshake was never answered.
    """
    names = outputs(az, group)
    app = names["APP_NAME"]
    _until(lambda: _has_function(az, group, app), f"{app} shows the function {FUNCTION}", patience)
    _until(lambda: _has_key(az, group, app), f"{app} has the key for Event Grid", patience)
    _until(lambda: _deployed(az, group, template, names, patience), "Event Grid tells the app of new files", patience)


def outputs(az: Az, group: str) -> Mapping[str, str]:
    """The outputs of the newest deployment of main.bicep, by name in capitals: Azure gives names back in its own case.

    Raises:
        StepFailed: main.bicep has not been deployed to this group.
    """
    found = az("deployment", "group", "list", "--resource-group", group, "--query", _OUTPUTS)
    ours = [(item["at"], named) for item in found if "APP_NAME" in (named := _named(item["outputs"] or {}))]
    if not ours:
        raise StepFailed(f"no deployment of main.bicep in {group}: deploy it first")
    return max(ours, key=lambda item: str(item[0]))[1]


def _named(given: Mapping[str, Any]) -> dict[str, str]:
    return {name.upper(): str(value["value"]) for name, value in given.items()}


def _until(holds: Callable[[], bool], what: str, patience: Patience) -> None:
    for attempt in range(1, patience.tries + 1):
        if holds():
            patience.tell(f"{what}")
            return
        if attempt < patience.tries:
            patience.tell(f"waiting until {what} ({attempt} of {patience.tries})")
            patience.sleep(patience.pause.total_seconds())
    raise StepFailed(f"gave up waiting until {what}. Look at the app's log stream, then run this step again")


def _has_function(az: Az, group: str, app: str) -> bool:
    names = az("functionapp", "function", "list", "--resource-group", group, "--name", app, "--query", "[].name")
    return any(name.split("/")[-1] == FUNCTION for name in names or [])


def _has_key(az: Az, group: str, app: str) -> bool:
    """Asks whether it is there; the key itself stays in Azure."""
    named = ("--resource-group", group, "--name", app)
    try:
        return (
            az("functionapp", "keys", "list", *named, "--query", "contains(keys(systemKeys), 'blobs_extension')")
            is True
        )
    except AzureRefused:
        return False  # a host that is still starting answers with an error


def _deployed(az: Az, group: str, template: Path, names: Mapping[str, str], patience: Patience) -> bool:
    given = {
        "appName": names["APP_NAME"],
        "functionName": FUNCTION,
        "topicName": names["TOPIC_NAME"],
        "filesAccount": names["FILES_ACCOUNT"],
        "landingContainer": names["LANDING_CONTAINER"],
        "deadLetterContainer": names["DEAD_LETTER_CONTAINER"],
    }
    parameters = [f"{name}={value}" for name, value in given.items()]
    where = ("--resource-group", group, "--name", "events", "--template-file", str(template))
    try:
        az("deployment", "group", "create", *where, "--parameters", *parameters)
    except AzureRefused as refused:
        patience.tell(
            str(refused)
        )  # the handshake fails now and then right after a start; said each time, never hidden
        return False
    return True
