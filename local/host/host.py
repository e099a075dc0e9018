"""Puts the host together: settings, runtime, triggers, port; and brings it to rest."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from local.host.blob_trigger import BlobEvents, BlobTrigger
from local.host.event_grid import Subscription
from local.host.http import Http
from local.host.invoker import Invoker
from local.host.queue_trigger import QueueTrigger
from local.host.routes import Route
from local.host.runtime import AppRefused, Function, Runtime
from local.host.settings import HOST_STORAGE, AppSettings, HostJson, load_app_settings
from local.host.storage import Storage
from local.host.timer import Timer
from local.host.work import Work

_log = logging.getLogger("local.host")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a host is started. Port 0 takes a free one; `scan` is the time between two looks for new blobs."""

    app_dir: Path
    port: int = 0
    scan: timedelta = timedelta(seconds=0.5)
    drain: timedelta = timedelta(seconds=30)


class Host:
    """One app, running."""

    def __init__(self, options: Options, storage: Storage) -> None:
        """`start` does the rest. Needs a running event loop."""
        self.work = Work()
        self._options = options
        self._storage = storage
        self._runtime = Runtime.load()
        self._invoker = Invoker(self._runtime, self.work)
        self._http: Http | None = None
        self._functions: list[Function] = []
        self._settings = AppSettings({})
        self._host_json = HostJson.load(options.app_dir)

    async def index(self) -> None:
        """Import the app, in its directory as in Azure, and check its settings.

        Raises:
            AppRefused: it cannot be imported, indexed or run here.
        """
        self._settings = load_app_settings(self._options.app_dir)
        os.chdir(self._options.app_dir)
        self._functions = await self._runtime.index(self._options.app_dir)
        self._settings.demand(self._functions)

    async def start(self) -> tuple[str, list[tuple[str, str, str]]]:
        """Listen on all triggers. Returns the URL, and name, trigger and place or schedule of each function.

        Raises:
            AppRefused: a trigger is of a kind, or has a path or a schedule, that this host does not know.
            AzureError: the storage does not answer.
            OSError: the port is taken.
        """
        triggers = Triggers(self._functions, self._settings, self._host_json, self._invoker, self.work)
        host_id = self._settings.host_id(self._options.app_dir)
        host_storage = self._settings.connection(HOST_STORAGE)
        events = BlobEvents(triggers.blobs, self._storage, self._invoker, host_storage)
        await self._start_blobs(triggers.blobs, events, host_id)
        for queue in triggers.queues:
            listener = await queue.listener(self._storage, self._invoker, self.work)
            self.work.start(listener.run(), f"listener on {queue.queue_name}")
        hosts = await self._storage.made_container(host_storage, "azure-webjobs-hosts")
        for timer in triggers.timers:
            await timer.recall(hosts, host_id)
            self.work.start(timer.run(), f"timer {timer.function.name}")
        http = Http(host_id, self._functions, triggers.routes, triggers.timers, events, self._invoker, self.work)
        url = await http.open(self._options.port)
        self._http = http
        return url, triggers.table

    async def _start_blobs(self, triggers: Sequence[BlobTrigger], events: BlobEvents, host_id: str) -> None:
        listener = await events.listener(host_id, self._host_json, self.work)
        self.work.start(listener.run(), "listener on blob events")
        for trigger in triggers:
            subscription = Subscription(trigger, events, self.work, self._options.scan)
            await subscription.begin()
            self.work.start(subscription.run(), f"events for {trigger.function.name}")

    async def stop(self) -> list[str]:
        """Take no new work and let what runs finish. Returns what was still running when the time was over."""
        self.work.stop()
        unfinished = await self.work.finish(self._options.drain)
        if self._http:
            await self._http.close()
        if not unfinished:
            self._runtime.close()
        return unfinished


class Triggers:
    """The functions of an app, each as its kind of trigger."""

    def __init__(
        self,
        functions: Sequence[Function],
        settings: AppSettings,
        host_json: HostJson,
        invoker: Invoker,
        work: Work,
    ) -> None:
        """Raises AppRefused for a binding that this host does not know."""
        self.blobs: list[BlobTrigger] = []
        self.queues: list[QueueTrigger] = []
        self.timers: list[Timer] = []
        self.routes: list[Route] = []
        self.table: list[tuple[str, str, str]] = []
        self._settings = settings
        self._host_json = host_json
        self._invoker = invoker
        self._work = work
        for function in functions:
            self._add(function)

    def _add(self, function: Function) -> None:
        kinds: dict[str, Callable[[Function], str]] = {
            "blobTrigger": self._add_blob,
            "queueTrigger": self._add_queue,
            "timerTrigger": self._add_timer,
            "httpTrigger": self._add_route,
        }
        if function.kind not in kinds:
            raise AppRefused(f"{function.name}: this host does not play {function.kind}")
        if function.retry and function.kind != "timerTrigger":
            _log.warning("%s: @app.retry is for timers only and is ignored", function.name)
        self.table.append((function.name, function.kind, kinds[function.kind](function)))

    def _add_blob(self, function: Function) -> str:
        self.blobs.append(BlobTrigger(function, self._settings))
        return self._settings.resolve(function.trigger["path"])

    def _add_queue(self, function: Function) -> str:
        self.queues.append(QueueTrigger(function, self._settings, self._host_json))
        return self.queues[-1].queue_name

    def _add_timer(self, function: Function) -> str:
        self.timers.append(Timer(function, self._settings, self._invoker, self._work))
        return self.timers[-1].expression

    def _add_route(self, function: Function) -> str:
        self.routes.append(Route.of(function, self._host_json.route_prefix))
        methods = ",".join(sorted(self.routes[-1].methods))
        return f"{methods} {self.routes[-1].path}".strip()
