"""The messages in which the runtime and its host speak: plain classes in the place of generated protobuf ones.

`azure_functions_runtime` imports no protobuf code. Its host hands it a namespace of message classes, and this module
is that namespace: the names are those of Microsoft's FunctionRpc.proto, and only the fields that runtime 1.3.0 reads
or writes exist. A release that needs another one fails with a TypeError or an AttributeError that names it.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar


@dataclass(slots=True)
class RpcException:
    """What a function, or the import of the app, raised."""

    message: str = ""
    stack_trace: str = ""


@dataclass(slots=True)
class StatusResult:
    """How a request to the runtime ended."""

    Failure: ClassVar[int] = 0
    Success: ClassVar[int] = 1

    status: int
    exception: RpcException | None = None


@dataclass(slots=True)
class WorkerMetadata:
    """The runtime about itself."""

    runtime_name: str
    runtime_version: str
    worker_version: str
    worker_bitness: str
    custom_properties: Mapping[str, str]


@dataclass(slots=True)
class WorkerInitResponse:
    """The app was imported and indexed, or why not."""

    capabilities: Mapping[str, str]
    worker_metadata: WorkerMetadata
    result: StatusResult


@dataclass(slots=True)
class BindingInfo:
    """A binding as the app declares it. The constants are what its directions and types are compared with."""

    out: ClassVar[int] = 1
    inout: ClassVar[int] = 2
    undefined: ClassVar[int] = 0

    type: str
    data_type: Any
    direction: Any


@dataclass(slots=True)
class RpcRetryOptions:
    """The decorator `@app.retry`; the strategy is `fixed_delay` or `exponential_backoff`."""

    max_retry_count: int
    retry_strategy: str
    delay_interval: timedelta | None = None
    minimum_interval: timedelta | None = None
    maximum_interval: timedelta | None = None


@dataclass(slots=True)
class RpcFunctionMetadata:
    """One indexed function. `raw_bindings` are JSON texts, as they would stand in a function.json."""

    name: str
    function_id: str
    managed_dependency_enabled: bool
    directory: str
    script_file: str
    entry_point: str
    is_proxy: bool
    language: str
    bindings: Mapping[str, BindingInfo]
    raw_bindings: Sequence[str]
    retry_options: RpcRetryOptions | None
    properties: Mapping[str, str]


@dataclass(slots=True)
class FunctionMetadataResponse:
    """All functions of the app; None when it has no function_app.py or no function."""

    use_default_metadata_indexing: bool
    function_metadata_results: Sequence[RpcFunctionMetadata] | None
    result: StatusResult


@dataclass(slots=True)
class FunctionLoadResponse:
    """A function may be invoked from now on."""

    function_id: str
    result: StatusResult


@dataclass(slots=True)
class ModelBindingData:
    """A reference from which an SDK client is built, in the place of the content."""

    version: str
    source: str
    content_type: str
    content: bytes


@dataclass(slots=True)
class NullableString:
    """A text that may be absent."""

    value: str | None = None


@dataclass(slots=True)
class NullableBool:
    """A truth that may be absent."""

    value: bool | None = None


@dataclass(slots=True)
class NullableDouble:
    """A number that may be absent."""

    value: float | None = None


@dataclass(slots=True)
class Timestamp:
    """Seconds since 1970, UTC."""

    seconds: int


@dataclass(slots=True)
class NullableTimestamp:
    """A time that may be absent."""

    value: Timestamp | None = None


class SameSite:
    """Values of a cookie's SameSite attribute, as the runtime spells them."""

    Lax: ClassVar[str] = "Lax"
    Strict: ClassVar[str] = "Strict"
    ExplicitNone: ClassVar[str] = "None"


setattr(SameSite, "None", "")  # the runtime asks for this name, which Python keeps to itself


@dataclass(slots=True)
class RpcHttpCookie:
    """A cookie of an answer."""

    SameSite: ClassVar[type[SameSite]] = SameSite

    name: str
    value: str
    domain: NullableString | None = None
    path: NullableString | None = None
    expires: NullableTimestamp | None = None
    secure: NullableBool | None = None
    http_only: NullableBool | None = None
    same_site: str = ""
    max_age: NullableDouble | None = None


@dataclass(slots=True)
class RpcHttp:
    """A request, or an answer."""

    method: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: TypedData | None = None
    status_code: str = ""
    cookies: Sequence[RpcHttpCookie] | None = None
    enable_content_negotiation: bool = False


@dataclass(slots=True)
class TypedData:
    """One value in one of its forms; the others are None."""

    string: str | None = None
    json: str | None = None
    bytes: builtins.bytes | None = None
    http: RpcHttp | None = None
    int: builtins.int | None = None
    double: float | None = None
    model_binding_data: ModelBindingData | None = None

    def WhichOneof(self, group: str) -> str | None:  # noqa: N802 - the name that protobuf gives it
        """The name of the form that is set; protobuf's way of asking."""
        assert group == "data"
        return next((name for name in self.__slots__ if getattr(self, name) is not None), None)


@dataclass(slots=True)
class ParameterBinding:
    """The value of one parameter of a function."""

    name: str
    data: TypedData

    def WhichOneof(self, group: str) -> str:  # noqa: N802 - the name that protobuf gives it
        """Always `data`: nothing goes through shared memory."""
        assert group == "rpc_data"
        return "data"


@dataclass(slots=True)
class InvocationResponse:
    """How one run of a function ended."""

    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: Sequence[ParameterBinding] = ()
