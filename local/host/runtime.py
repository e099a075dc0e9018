"""Microsoft's `azure_functions_runtime` in this process, behind typed calls.

On Python 3.13 this package is what runs functions in Azure; there a gRPC shell calls the same five coroutines as this
module. It keeps its state in module globals, so a process can hold one app.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Self

from local.host import messages


class AppRefused(Exception):
    """The app cannot run here; the text says why, and is meant for its author."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the app, as indexed."""

    name: str
    function_id: str
    bindings: Sequence[Mapping[str, Any]]
    retry: messages.RpcRetryOptions | None = None

    @property
    def full_name(self) -> str:
        """Its name in queues and blobs of the host: `Host.Functions.NAME`."""
        return f"Host.Functions.{self.name}"

    @property
    def trigger(self) -> Mapping[str, Any]:
        """The binding that starts it, as it would stand in a function.json."""
        return next(binding for binding in self.bindings if binding["type"].endswith("Trigger"))

    @property
    def kind(self) -> str:
        """The type of its trigger, such as `timerTrigger`."""
        return str(self.trigger["type"])


@dataclass(frozen=True, slots=True)
class Call:
    """What one invocation of a function brings along."""

    argument: messages.TypedData
    metadata: Mapping[str, messages.TypedData] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one invocation ended; `error` is None after a success."""

    invocation_id: str
    error: messages.RpcException | None
    returned: messages.TypedData | None

    @property
    def succeeded(self) -> bool:
        """Whether the function returned."""
        return self.error is None


class Runtime:
    """The runtime with one app in it."""

    def __init__(self, package: ModuleType) -> None:
        """`load` makes one."""
        self._package = package
        self._sent = {"host": "127.0.0.1", "protos": messages}

    @classmethod
    def load(cls) -> Self:
        """Import the package and start its pool of threads.

        Raises:
            AppRefused: the package is not installed.
        """
        try:
            import azure_functions_runtime
        except ImportError as error:
            raise AppRefused(f"azure-functions-runtime cannot be imported ({error}); requirements.txt has it") from None
        azure_functions_runtime.start_threadpool_executor()
        return cls(azure_functions_runtime)

    async def index(self, app_dir: Path) -> list[Function]:
        """Import function_app.py and say which functions it has.

        Raises:
            AppRefused: it could not be imported or indexed; the text is the runtime's own.
        """
        sys.path.insert(0, str(app_dir))
        start = SimpleNamespace(capabilities={}, function_app_directory=str(app_dir))
        answer = await self._package.worker_init_request(self._request(worker_init_request=start))
        _refuse_failure(answer.result)
        if "HttpUri" in answer.capabilities:
            raise AppRefused("the app streams HTTP (azurefunctions-extensions-http-*), which this host does not play")
        indexed = await self._package.functions_metadata_request(self._request())
        if not indexed.function_metadata_results:
            raise AppRefused(f"{app_dir} has no function_app.py, or there are no functions in it")
        functions = [_function(found) for found in indexed.function_metadata_results]
        for function in functions:
            await self._load(function)
        return functions

    async def _load(self, function: Function) -> None:
        wanted = SimpleNamespace(function_id=function.function_id)
        answer = await self._package.function_load_request(self._request(function_load_request=wanted))
        _refuse_failure(answer.result)

    async def invoke(self, function: Function, call: Call, *, retry: int = 0, retries: int = 0) -> Outcome:
        """Run a function once. What it raises comes back in the outcome.

        Args:
            function: one that `index` returned.
            call: the argument of its trigger.
            retry: 0 for the first try; the function sees it in `context.retry_context`.
            retries: how many retries there may be; -1 has no end.
        """
        asked = SimpleNamespace(
            invocation_id=str(uuid.uuid4()),
            function_id=function.function_id,
            input_data=[messages.ParameterBinding(function.trigger["name"], call.argument)],
            trigger_metadata=call.metadata,
            trace_context=_new_trace(),
            retry_context=SimpleNamespace(retry_count=retry, max_retry_count=retries, exception=None),
        )
        answer = await self._package.invocation_request(self._request(invocation_request=asked))
        failed = answer.result.status != messages.StatusResult.Success
        return Outcome(asked.invocation_id, answer.result.exception if failed else None, answer.return_value)

    def close(self) -> None:
        """End the pool of threads; waits for plain (not async) functions that still run."""
        self._package.stop_threadpool_executor()

    def _request(self, **content: object) -> SimpleNamespace:
        return SimpleNamespace(request=SimpleNamespace(**content), properties=self._sent)


def _refuse_failure(result: messages.StatusResult) -> None:
    if result.status != messages.StatusResult.Success:
        error = result.exception or messages.RpcException("the runtime gave no reason")
        raise AppRefused(f"it was not indexed.\n{(error.stack_trace or error.message).rstrip()}")


def _function(found: messages.RpcFunctionMetadata) -> Function:
    bindings = [json.loads(text) for text in found.raw_bindings]
    unplayed = [b["type"] for b in bindings if not b["type"].endswith("Trigger") and b["name"] != "$return"]
    if unplayed:
        raise AppRefused(f"{found.name}: this host plays triggers, no other bindings ({', '.join(unplayed)})")
    return Function(found.name, found.function_id, bindings, found.retry_options)


def _new_trace() -> SimpleNamespace:
    """A trace of its own for each invocation (W3C Trace Context), as the host of Azure starts one."""
    parent = f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01"
    return SimpleNamespace(trace_parent=parent, trace_state="", attributes={})
