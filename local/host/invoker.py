"""Running a function: its log lines, and the retries that `@app.retry` asks for."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from local.host.messages import RpcRetryOptions
from local.host.runtime import Call, Function, Outcome, Runtime
from local.host.work import Work

_log = logging.getLogger("local.host")

_MOST_DOUBLINGS = 20  # keeps an endless series from delays that no timedelta can hold


class Invoker:
    """Invokes functions and tells how it went, each failure once."""

    def __init__(self, runtime: Runtime, work: Work) -> None:
        """A stop of `work` ends the waiting between retries."""
        self._runtime = runtime
        self._work = work

    async def once(self, function: Function, call: Call) -> Outcome:
        """Run a function without retries: blob and queue triggers have those of their queue, HTTP has none."""
        return await self._run(function, call)

    async def with_retries(self, function: Function, call: Call) -> Outcome:
        """Run a function until it succeeds or its retries are used up; returns the last outcome.

        The count lives in memory, as in Azure: what a stop interrupts is not taken up again.
        """
        policy = function.retry
        retry = 0
        while True:
            outcome = await self._run(function, call, retry, policy.max_retry_count if policy else 0)
            if outcome.succeeded or policy is None or retry == policy.max_retry_count:
                return outcome
            if not await self._work.pause(delay_before_retry(policy, retry)):
                return outcome
            retry += 1

    async def _run(self, function: Function, call: Call, retry: int = 0, retries: int = 0) -> Outcome:
        _log.info("%s: started (%s)", function.name, call.reason + (f", retry {retry}" if retry else ""))
        started = time.monotonic()
        outcome = await self._runtime.invoke(function, call, retry=retry, retries=retries)
        took_ms = (time.monotonic() - started) * 1000
        if outcome.error is None:
            _log.info("%s: succeeded after %.0f ms (%s)", function.name, took_ms, outcome.invocation_id)
        else:
            story = (outcome.error.stack_trace or outcome.error.message).rstrip()
            _log.error("%s: failed after %.0f ms (%s)\n%s", function.name, took_ms, outcome.invocation_id, story)
        return outcome


def delay_before_retry(policy: RpcRetryOptions, failed_retries: int) -> timedelta:
    """How long to wait after a try: fixed, or from the minimum on doubling up to the maximum."""
    if policy.delay_interval is not None:
        return policy.delay_interval
    assert policy.minimum_interval is not None
    assert policy.maximum_interval is not None
    grown: timedelta = policy.minimum_interval * 2 ** min(failed_retries, _MOST_DOUBLINGS)
    return min(policy.maximum_interval, grown)
