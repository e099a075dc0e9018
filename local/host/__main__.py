"""python -m local.host APP_DIR: run a function app on this machine."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from azure.core.exceptions import AzureError

from local.host.host import Host, Options
from local.host.runtime import AppRefused
from local.host.storage import Storage, brief

_log = logging.getLogger("local.host")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM. 0 after a stop in good order, 1 when the app cannot run or the host broke down."""
    options, ready_file = _options(arguments)
    _log_to_stderr()
    try:
        return asyncio.run(_run(options, ready_file))
    except AppRefused as refused:
        print(f"the function app cannot run: {refused}", file=sys.stderr)
    except AzureError as error:
        print(f"the storage of AzureWebJobsStorage or of a trigger does not answer: {brief(error)}", file=sys.stderr)
    except OSError as error:
        print(f"the host cannot start: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        return 0  # asked to stop before there was anything to finish
    return 1


def _options(arguments: Sequence[str] | None) -> tuple[Options, Path | None]:
    parser = argparse.ArgumentParser(prog="python -m local.host", description="Runs a Python function app on Azurite.")
    parser.add_argument("app_dir", type=Path, help="the folder with function_app.py and host.json")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--scan-seconds", type=float, default=0.5, help="time between two looks for new blobs")
    parser.add_argument("--drain-seconds", type=float, default=30, help="how long a stop waits for running functions")
    parser.add_argument("--ready-file", type=Path, help="is written when the host is ready, and holds its URL")
    given = parser.parse_args(arguments)
    options = Options(
        app_dir=given.app_dir.resolve(),
        port=given.port,
        scan=timedelta(seconds=given.scan_seconds),
        drain=timedelta(seconds=given.drain_seconds),
    )
    return options, given.ready_file and given.ready_file.resolve()


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)  # one line for each request to the storage, otherwise


async def _run(options: Options, ready_file: Path | None) -> int:
    async with Storage() as storage:
        host = Host(options, storage)
        await host.index()
        _stop_on_signal(host.work.stop)
        url, table = await host.start()
        _announce(url, table, ready_file)
        await host.work.until_stop()
        _log.info("stopping: no new work is taken, what runs may finish")
        unfinished = await host.stop()
    code = 1 if host.work.broken else 0
    if unfinished:
        _leave_behind(unfinished, code)
    return code


def _stop_on_signal(stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):  # the last is Ctrl-Break, on Windows
        if number := getattr(signal, name, None):
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


def _announce(url: str, table: Sequence[tuple[str, str, str]], ready_file: Path | None) -> None:
    widths = [max(len(row[column]) for row in table) for column in (0, 1)]
    for name, trigger, place in table:
        print(f"  {name:<{widths[0]}}  {trigger:<{widths[1]}}  {place}")
    if ready_file:
        unfinished = ready_file.with_name(ready_file.name + ".part")
        unfinished.write_text(url + "\n", encoding="utf-8")
        unfinished.replace(ready_file)  # whoever sees the file sees it whole
    print(f"function host ready: {url}", flush=True)


def _leave_behind(unfinished: Sequence[str], code: int) -> None:
    """A thread cannot be ended from outside, and a plain exit would wait for it."""
    _log.warning("still running after the time to finish, left behind: %s", ", ".join(unfinished))
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
