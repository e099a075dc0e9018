"""A small app for the tests of the local host. Each run leaves a note: a blob `<what>/<number>` in %NOTES%."""

from __future__ import annotations

import asyncio
import json
import os
import uuid

import azure.functions as func
from azure.storage.blob import ContainerClient
from azurefunctions.extensions.bindings import blob

app = func.FunctionApp()


def notes() -> ContainerClient:
    return ContainerClient.from_connection_string(os.environ["FILES"], os.environ["NOTES"])


def note(what: str, **told: object) -> None:
    with notes() as container:
        container.upload_blob(f"{what}/{uuid.uuid4()}", json.dumps(told))


def is_wished(wish: str) -> bool:
    with notes() as container:
        return container.get_blob_client(wish).exists()


@app.blob_trigger(arg_name="client", path="%LANDING%/{name}", connection="FILES", source=func.BlobSource.EVENT_GRID)
async def on_landed(client: blob.BlobClient) -> None:
    content = await asyncio.to_thread(lambda: client.download_blob().readall())
    await asyncio.to_thread(note, "landed", name=client.blob_name, content=content.decode())
    if content == b"poison":
        raise ValueError("this file is poison")


@app.blob_trigger(
    arg_name="stream", path="%SECOND%/{name}.{ending}", connection="FILES", source=func.BlobSource.EVENT_GRID
)
def on_second(stream: func.InputStream) -> None:
    note("second", name=stream.name, length=stream.length, content=stream.read().decode())


@app.queue_trigger(arg_name="message", queue_name="webjobs-blobtrigger-poison", connection="FILES")
async def on_poison(message: func.QueueMessage) -> None:
    told = json.loads(message.get_body())
    await asyncio.to_thread(note, "poison", blob=told["BlobName"], function=told["FunctionId"])


@app.timer_trigger(arg_name="timer", schedule="%NEVER%")
async def tick(timer: func.TimerRequest) -> None:
    await asyncio.to_thread(note, "tick", past_due=timer.past_due)
    if await asyncio.to_thread(is_wished, "fail"):
        raise RuntimeError("tick was told to fail")


@app.timer_trigger(arg_name="timer", schedule="%NEVER%")
async def slow(timer: func.TimerRequest) -> None:
    await asyncio.to_thread(note, "slow-started")
    while not await asyncio.to_thread(is_wished, "release"):
        await asyncio.sleep(0.05)
    await asyncio.to_thread(note, "slow-ended")


@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
async def every_second(timer: func.TimerRequest) -> None:
    await asyncio.to_thread(note, "second-passed")


@app.timer_trigger(arg_name="timer", schedule="%NEVER%")
@app.retry(strategy="fixed_delay", max_retry_count="3", delay_interval="00:00:00")
async def third_time_lucky(timer: func.TimerRequest, context: func.Context) -> None:
    tries = context.retry_context
    await asyncio.to_thread(note, "try", retry=tries.retry_count, most=tries.max_retry_count)
    if tries.retry_count < 2:
        raise RuntimeError("not yet")


@app.route("hello/{name}/{times:int?}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
async def hello(req: func.HttpRequest) -> func.HttpResponse:
    told = {"params": dict(req.route_params), "query": dict(req.params), "body": req.get_body().decode()}
    return func.HttpResponse(json.dumps(told), status_code=201, headers={"X-Told": "yes", "Set-Cookie": "a=b"})


@app.route("broken", auth_level=func.AuthLevel.ANONYMOUS)
async def broken(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("broken on purpose")
