"""An MCP server on the Python SDK or on FastMCP, whichever versions are installed, on a free loopback port or on stdio.

    python server.py sdk|fastmcp [--sign-in]
    python server.py sdk|fastmcp --stdio

Prints `listening on URL` and ends when its stdin ends. With --sign-in it is its own authorization server as well, and
GET /oauth tells what that has done.
"""

import asyncio
import os
import socket
import sys
import threading

import uvicorn
from importlib.metadata import version

from catalogue import fill

KIND = sys.argv[1]
SIGN_IN = "--sign-in" in sys.argv
MODERN = not version("mcp").startswith("1.")


def create(origin):
    options = {"name": "foreign", "instructions": "Grüße from Python"}
    if KIND == "fastmcp":
        from fastmcp import FastMCP

        if SIGN_IN:
            from oauth import provider

            options["auth"] = provider(origin)
        return FastMCP(**options, list_page_size=4)
    if MODERN:
        from mcp.server.mcpserver import MCPServer as Server
    else:
        from mcp.server.fastmcp import FastMCP as Server
    if SIGN_IN:
        from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions, RevocationOptions
        from oauth import provider

        options["auth_server_provider"] = provider(origin)
        options["auth"] = AuthSettings(
            issuer_url=origin,
            resource_server_url=f"{origin}/mcp",
            client_registration_options=ClientRegistrationOptions(enabled=True),
            revocation_options=RevocationOptions(enabled=True),
        )
    return Server(**options)


def end_with_stdin():
    sys.stdin.buffer.read()
    os._exit(0)


def serve_stdio():
    server = create(None)
    fill(server, KIND, MODERN)
    server.run("stdio")


def main():
    if "--stdio" in sys.argv:
        serve_stdio()
        return
    threading.Thread(target=end_with_stdin, daemon=True).start()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = create(origin)
    fill(server, KIND, MODERN)
    if SIGN_IN:
        from oauth import report

        server.custom_route("/oauth", methods=["GET"])(report)
        server.custom_route("/oauth/expire", methods=["POST"])(report)
    app = server.http_app() if KIND == "fastmcp" else server.streamable_http_app()
    print(f"listening on {origin}/mcp", flush=True)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


main()
