"""The authorization server of FastMCP that keeps everything in memory; the SDK's own takes it as its storage."""

from collections import Counter

from fastmcp.server.auth.auth import ClientRegistrationOptions, RevocationOptions
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider
from starlette.responses import JSONResponse

done = Counter()
current = None


class Counting(InMemoryOAuthProvider):
    async def register_client(self, client_info):
        done["registrations"] += 1
        return await super().register_client(client_info)

    async def exchange_authorization_code(self, client, authorization_code):
        done["codes"] += 1
        return await super().exchange_authorization_code(client, authorization_code)

    async def exchange_refresh_token(self, client, refresh_token, scopes):
        done["refreshes"] += 1
        return await super().exchange_refresh_token(client, refresh_token, scopes)

    async def revoke_token(self, token):
        done["revocations"] += 1
        return await super().revoke_token(token)


def provider(origin):
    global current
    current = Counting(
        base_url=origin,
        client_registration_options=ClientRegistrationOptions(enabled=True),
        revocation_options=RevocationOptions(enabled=True),
    )
    return current


async def report(request):
    if request.method == "POST":
        # Only the access tokens: what the client can refresh from is left alone.
        current.access_tokens.clear()
    tokens = {"access": len(current.access_tokens), "refresh": len(current.refresh_tokens)}
    return JSONResponse({**done, "tokens": tokens})
