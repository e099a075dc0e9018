"""The triggers: one binding, one call each. Importing this reads no setting and opens nothing.

Containers, schedules and connections are %SETTING% expressions, which the Functions host resolves. Functions are
`async def` because the runtime loses the trace context of plain ones; the blocking work goes to a thread.
"""

import asyncio

import azure.functions as func
from azurefunctions.extensions.bindings import blob

app = func.FunctionApp()


@app.blob_trigger(
    arg_name="client",
    path="%LANDING_CONTAINER%/{name}",
    connection="FILES",
    source=func.BlobSource.EVENT_GRID,
)
async def on_file_landed(client: blob.BlobClient) -> None:
    """A file landed. Its five host retries come without delay, so what can pass later is left to the timer."""
    from shared.wiring import engine

    await asyncio.to_thread(lambda: engine().file_landed(client.container_name, client.blob_name))


@app.timer_trigger(arg_name="timer", schedule="%POLL_SCHEDULE%")
async def poll_jobs(timer: func.TimerRequest) -> None:
    """Everything that is due: sends what waited, asks for status, finishes archives, sweeps landing."""
    from shared.wiring import engine

    await asyncio.to_thread(lambda: engine().poll())


@app.timer_trigger(arg_name="timer", schedule="%EXPORT_SCHEDULE%")
async def drain_exports(timer: func.TimerRequest) -> None:
    """Each export queue is emptied into the lake, and acknowledged only when it is safe there."""
    from shared.wiring import engine

    await asyncio.to_thread(lambda: engine().drain_exports())


@app.timer_trigger(arg_name="timer", schedule="%PROMISES_SCHEDULE%")
async def watch_promises(timer: func.TimerRequest) -> None:
    """What feeds promised is judged, and each closed day summed."""
    from shared.wiring import engine

    await asyncio.to_thread(lambda: engine().watch_promises())


@app.route(route="board/{*rest}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def board(req: func.HttpRequest) -> func.HttpResponse:
    """The status page. The platform's authentication stands before it, and the page asks for its role."""
    from shared.web.door import board_answer

    return await asyncio.to_thread(board_answer, req)


@app.route(route="v1/{*rest}", methods=["GET", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def api(req: func.HttpRequest) -> func.HttpResponse:
    """The JSON API, behind the same doors."""
    from shared.web.door import api_answer

    return await asyncio.to_thread(api_answer, req)
