"""An MCP client on the Python SDK that uses everything the servers of this folder offer.

    python client.py legacy|modern URL                     over HTTP
    python client.py legacy|modern COMMAND ARGUMENT...     over stdio
    AWAY=URL python client.py ...                          only calls while the server is away and back

Prints one JSON object per feature: {"feature": ..., "value": ...}. A failed step is {"error": {code, message, data}}.
"""

import asyncio
import json
import os
import sys
import urllib.request
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version

import anyio

MODERN_SDK = not version("mcp").startswith("1.")
if MODERN_SDK:
    import mcp_types as types
    from mcp import MCPError as McpError
else:
    from mcp import McpError, types
from mcp import StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from pydantic import BaseModel

ERA, *TARGET = sys.argv[1:]
LIMIT = 30


def plain(value):
    return value.model_dump(by_alias=True, mode="json", exclude_none=True) if isinstance(value, BaseModel) else value


async def outcome(awaitable):
    try:
        return plain(await awaitable)
    except McpError as failure:
        error = failure.error
        return {"error": {"code": error.code, "message": error.message, "data": error.data}}


class Answers:
    """What the user and the model of this client say, and what the server has told it."""

    def __init__(self):
        self.logs = []
        self.heard = {}

    async def elicit(self, context, params):
        return types.ElicitResult(action="accept", content={"name": "Zoë"})

    async def sample(self, context, params):
        content = types.TextContent(type="text", text="ü!")
        return types.CreateMessageResult.model_validate(
            {"role": "assistant", "content": content, "model": "foreign-1", "stopReason": "endTurn"}
        )

    async def roots(self, context):
        return types.ListRootsResult.model_validate({"roots": [{"uri": "file:///srv/eins", "name": "eins"}]})

    async def log(self, params):
        self.logs.append(plain(params))
        self.event("log").set()

    async def message(self, message):
        method = getattr(getattr(message, "root", message), "method", None)
        if isinstance(method, str):
            self.event(method).set()

    def event(self, name):
        return self.heard.setdefault(name, asyncio.Event())


def transport():
    if TARGET[0].startswith("http"):
        return streamable_http_client(TARGET[0])
    return stdio_client(StdioServerParameters(command=TARGET[0], args=TARGET[1:], env=dict(os.environ)))


@asynccontextmanager
async def connected(answers):
    """The session, what calls its tools, and what the server said of itself."""
    callbacks = {
        "sampling_callback": answers.sample,
        "elicitation_callback": answers.elicit,
        "list_roots_callback": answers.roots,
        "logging_callback": answers.log,
        "message_handler": answers.message,
    }
    async with AsyncExitStack() as stack:
        if MODERN_SDK:
            from mcp import Client

            mode = "legacy" if ERA == "legacy" else "auto"
            client = Client(transport(), mode=mode, cache=None, log_level="info", **callbacks)
            await stack.enter_async_context(client)
            session = client.session
            opened = session.discover_result if ERA == "modern" else session.initialize_result
            yield session, client.call_tool, {"protocol": session.protocol_version, "opened": plain(opened)}
        else:
            from mcp import ClientSession

            streams = await stack.enter_async_context(transport())
            session = await stack.enter_async_context(ClientSession(streams[0], streams[1], **callbacks))
            opened = plain(await session.initialize())
            yield session, session.call_tool, {"protocol": opened["protocolVersion"], "opened": opened}


async def pages(list_page):
    found, cursor = [], None
    while True:
        found.append(await outcome(list_page(params=types.PaginatedRequestParams(cursor=cursor))))
        cursor = found[-1].get("nextCursor")
        if cursor is None:
            return found


async def progress(session, call):
    steps = []

    async def heard(progress, total, message):
        steps.append([progress, total, message])

    result = await outcome(call("progress", {}, progress_callback=heard))
    return {"steps": steps, "result": result}


async def cancellation(session, call):
    begun = asyncio.Event()

    async def heard(progress, total, message):
        begun.set()

    key = os.urandom(8).hex()
    request_id = getattr(session, "_request_id", None)
    async with anyio.create_task_group() as group:
        group.start_soon(outcome, call("slow", {"key": key}, progress_callback=heard))
        await asyncio.wait_for(begun.wait(), LIMIT)
        if not MODERN_SDK:
            # This SDK tells the server nothing when a caller goes away; the notification is its user's to send.
            params = types.CancelledNotificationParams(requestId=request_id, reason="enough")
            await session.send_notification(types.ClientNotification(types.CancelledNotification(params=params)))
        group.cancel_scope.cancel()
    return {"ended": await outcome(call("slow_ended", {"key": key}))}


async def logging(session, call, answers):
    level = await outcome(session.set_logging_level("info")) if ERA == "legacy" else None
    answers.logs.clear()
    result = await outcome(call("logs", {}))
    # The last of them; a client may be told of it after the result.
    while not any(entry["level"] == "error" for entry in answers.logs):
        answers.event("log").clear()
        try:
            await asyncio.wait_for(answers.event("log").wait(), 5)
        except TimeoutError:
            break
    return {"setLevel": level, "messages": answers.logs, "result": result}


async def told(session, call, answers, method, tool, arguments, **listening):
    """Whether a notification outside of any request arrives. It is lost where its stream is not open yet, so the
    server is asked for it until it does."""
    async with AsyncExitStack() as stack:
        if ERA == "modern":
            subscription = await stack.enter_async_context(listen(session, **listening))
            waiting = asyncio.create_task(anext(subscription))
        else:
            waiting = asyncio.create_task(answers.event(method).wait())
        for _ in range(10):
            await call(tool, arguments)
            done, _ = await asyncio.wait([waiting], timeout=1)
            if done:
                return {"arrived": True}
        waiting.cancel()
        return {"arrived": False}


def listen(session, **listening):
    from mcp.client.subscriptions import listen

    return listen(session, **listening)


async def subscription(session, call, answers):
    uri = "memo://plain"
    address = uri if MODERN_SDK else types.AnyUrl(uri)
    subscribed = await outcome(session.subscribe_resource(address)) if ERA == "legacy" else None
    updated = "notifications/resources/updated"
    arrived = await told(session, call, answers, updated, "touch", {"uri": uri}, resource_subscriptions=[uri])
    left = await outcome(session.unsubscribe_resource(address)) if ERA == "legacy" else None
    return {"subscribed": subscribed, **arrived, "unsubscribed": left}


async def features(session, call, answers):
    address = (lambda uri: uri) if MODERN_SDK else types.AnyUrl
    prompt = types.PromptReference(type="ref/prompt", name="letter")
    changed = "notifications/tools/list_changed"
    yield "tools", lambda: pages(session.list_tools)
    yield "call", lambda: outcome(call("echo", {"text": "ünïcödé 🧪"}))
    yield "tool error", lambda: outcome(call("fails", {}))
    yield "protocol error", lambda: outcome(session.get_prompt("nowhere"))
    yield "resources", lambda: pages(session.list_resources)
    yield "templates", lambda: pages(session.list_resource_templates)
    yield "read", lambda: outcome(session.read_resource(address("memo://plain")))
    yield "read by template", lambda: outcome(session.read_resource(address("memo://notes/7")))
    yield "prompts", lambda: pages(session.list_prompts)
    yield "prompt", lambda: outcome(session.get_prompt("letter", {"to": "Ödön"}))
    yield "completion", lambda: outcome(session.complete(prompt, {"name": "to", "value": "Par"}))
    yield "progress", lambda: progress(session, call)
    yield "logging", lambda: logging(session, call, answers)
    yield "elicitation", lambda: outcome(call("elicits", {}))
    yield "sampling", lambda: outcome(call("samples", {}))
    yield "roots", lambda: outcome(call("roots", {}))
    yield "cancellation", lambda: cancellation(session, call)
    yield "list changes", lambda: told(session, call, answers, changed, "announce", {}, tools_list_changed=True)
    yield "subscription", lambda: subscription(session, call, answers)


async def away(call, url):
    for how in ("refused", "502"):
        await asyncio.to_thread(urllib.request.urlopen, f"{url}/{how}")
        show(how, await outcome(call("echo", {"text": "lost"})))
        await asyncio.to_thread(urllib.request.urlopen, f"{url}/back")
        show(f"after {how}", await outcome(call("echo", {"text": "found"})))


def show(feature, value):
    print(json.dumps({"feature": feature, "value": value}), flush=True)


async def main():
    answers = Answers()
    async with connected(answers) as (session, call, opening):
        if "AWAY" in os.environ:
            return await away(call, os.environ["AWAY"])
        show("opening", opening)
        async for feature, use in features(session, call, answers):
            try:
                show(feature, await outcome(asyncio.wait_for(use(), 60)))
            except Exception as failure:
                show(feature, {"failed": f"{type(failure).__name__}: {failure}"})


asyncio.run(main())
