"""Binds queries with Microsoft's own Kusto parser, which runs on node (package.json in local/kusto)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local.node import node, works

_SCRIPT = Path(__file__).parents[1] / "kusto" / "analyse.js"
#: Where npm puts the parser, beside the script that loads it.
_PARSER = _SCRIPT.with_name("node_modules") / "@kusto" / "language-service-next" / "Kusto.Language.Bridge.js"
_CALL = "Id:string, Name:string, Success:bool, ResultCode:string, DurationMs:real"
_COMMON = (
    "TimeGenerated:datetime, AppRoleName:string, AppRoleInstance:string, OperationId:string, OperationName:string, "
    "ParentId:string, Properties:dynamic, ItemCount:int, _ResourceId:string"
)
#: The workspace's tables that the queries read, with the columns that they may use (Microsoft Learn, Azure Monitor
#: table reference).
TABLES: Mapping[str, str] = {
    "AppTraces": f"{_COMMON}, Message:string, SeverityLevel:int",
    "AppRequests": f"{_COMMON}, {_CALL}",
    "AppDependencies": f"{_COMMON}, {_CALL}, Target:string",
    "AppExceptions": f"{_COMMON}, ProblemId:string, ExceptionType:string, OuterMessage:string",
    "AppMetrics": f"{_COMMON}, Name:string, Sum:real, Min:real, Max:real",
}


def is_installed() -> bool:
    """True when there is a node that works, and the parser for it."""
    return _PARSER.is_file() and works()


def faults_of(queries: Mapping[str, str]) -> dict[str, list[str]]:
    """What is wrong with each query, by its name; an empty list for a good one.

    Raises:
        NodeMissing: there is no node.
        CalledProcessError: the parser did not run.
    """
    told = json.dumps({"tables": dict(TABLES), "queries": dict(queries)})
    ended = subprocess.run(
        [node(), str(_SCRIPT)], input=told, capture_output=True, text=True, encoding="utf-8", timeout=120, check=True
    )
    found: dict[str, list[str]] = json.loads(ended.stdout)
    return found
