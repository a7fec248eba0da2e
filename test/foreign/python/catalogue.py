"""What every server in this folder offers, go/server.go included. What a client does with it is in client.py."""

import asyncio
import json
from collections import defaultdict

PLAIN = "memo://plain"


def fill(server, kind, modern):
    if modern:
        import mcp_types as types
    else:
        from mcp import types
    if kind == "fastmcp":
        from fastmcp import Context
    elif modern:
        from mcp.server.mcpserver import Context
    else:
        from mcp.server.fastmcp import Context

    ended = defaultdict(asyncio.Event)

    def is_stateless(ctx):
        """Whether this request is of 2026-07-28, in which a server asks in its result."""
        return modern and str(ctx.session.protocol_version) >= "2026"

    async def ask(ctx, method, params, now):
        """Text with the client's answer, or, in 2026-07-28, the result that asks for it."""
        if not is_stateless(ctx):
            return shown(await now())
        if ctx.input_responses:
            return shown(ctx.input_responses["question"])
        # Without params, which roots/list may lack, the client of the Go SDK 1.8 fails.
        question = {"method": method, "params": params}
        return types.InputRequiredResult.model_validate(
            {"resultType": "input_required", "inputRequests": {"question": question}, "requestState": "first round"}
        )

    @server.tool()
    async def echo(text: str):
        return text

    @server.tool()
    async def fails():
        raise ValueError("das ging schief")

    @server.tool()
    async def progress(ctx: Context):
        for step in (1, 2, 3):
            await ctx.report_progress(step, 3, f"step {step}")
        return "done"

    @server.tool()
    async def slow(key: str, ctx: Context):
        try:
            await ctx.report_progress(1, 2, "begun")
            await asyncio.Event().wait()
        finally:
            ended[key].set()

    @server.tool()
    async def slow_ended(key: str):
        await asyncio.wait_for(ended[key].wait(), 30)
        return "cancelled"

    @server.tool()
    async def logs(ctx: Context):
        for level, data in (("debug", "detail"), ("info", "ünïcödé"), ("error", {"code": 7})):
            await ctx.session.send_log_message(level, data, "foreign", related_request_id=ctx.request_id)
        return "logged"

    @server.tool()
    async def elicits(ctx: Context):
        schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
        params = {"mode": "form", "message": "Who are you?", "requestedSchema": schema}
        return await ask(
            ctx, "elicitation/create", params, lambda: ctx.session.elicit(params["message"], schema, ctx.request_id)
        )

    @server.tool()
    async def samples(ctx: Context):
        params = {"messages": [{"role": "user", "content": {"type": "text", "text": "Say ü"}}], "maxTokens": 9}
        messages = [types.SamplingMessage.model_validate(message) for message in params["messages"]]
        return await ask(
            ctx,
            "sampling/createMessage",
            params,
            lambda: ctx.session.create_message(messages, max_tokens=9, related_request_id=ctx.request_id),
        )

    @server.tool()
    async def roots(ctx: Context):
        return await ask(ctx, "roots/list", {}, lambda: ctx.session.list_roots())

    @server.tool()
    async def touch(uri: str, ctx: Context):
        if modern and kind == "sdk":
            await ctx.notify_resource_updated(uri)
        if not is_stateless(ctx):
            await ctx.session.send_resource_updated(uri)
        return "touched"

    @server.tool()
    async def announce(ctx: Context):
        if modern and kind == "sdk":
            await ctx.notify_tools_changed()
        if not is_stateless(ctx):
            await ctx.session.send_tool_list_changed()
        return "announced"

    @server.resource(PLAIN, mime_type="text/plain")
    def plain() -> str:
        return "ein Memo"

    @server.resource("memo://notes/{id}", mime_type="text/plain")
    def note(id: str) -> str:
        return f"note {id}"

    @server.prompt()
    def letter(to: str) -> str:
        return f"Dear {to}"

    def completed(argument):
        return types.Completion(values=[value for value in ("Paris", "Parma") if value.startswith(argument.value)])

    # Before version 4, FastMCP had no completion.
    if kind == "sdk":

        @server.completion()
        async def complete(ref, argument, context):
            return completed(argument)

    elif modern:

        @server.completion
        async def complete_with_fastmcp(ref, argument, context):
            return completed(argument).values

    # The high-level servers have no way to be told of a subscription of a legacy client; what is below them has.
    if kind == "sdk" and modern:

        async def subscribe(ctx, params):
            return types.EmptyResult()

        for method, params in (
            ("resources/subscribe", types.SubscribeRequestParams),
            ("resources/unsubscribe", types.UnsubscribeRequestParams),
        ):
            server._lowlevel_server.add_request_handler(method, params, subscribe)
    elif not modern:

        async def accept(uri):
            pass

        server._mcp_server.subscribe_resource()(accept)
        server._mcp_server.unsubscribe_resource()(accept)


def shown(answer):
    return json.dumps(answer.model_dump(by_alias=True, mode="json", exclude_none=True), sort_keys=True)
