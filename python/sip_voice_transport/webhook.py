"""A server's side of Twilio and Telnyx: what becomes of a call, and the call itself.

The rules are the gateway's: who asks is proven before what they say is read, an answer carries a
ticket for one stream, and a stream without one comes from this machine or its private network.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterable, Awaitable, Callable
from typing import TYPE_CHECKING

from trunkline._core import (
    Webhooks,
    is_local_request,
    is_neighbour_request,
    stream_dialects,
)

from .accounts import accounts_of
from .config import SipConfig
from .did_router import DIDConfig, DIDRouter
from .exceptions import CallRejectedError, SipTransportError
from .providers.stream_provider import StreamProvider
from .stream_call import StreamCall
from .transport import PhoneCall, SipTransport

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import HTTPConnection, Request
    from starlette.responses import Response
    from starlette.websockets import WebSocket

logger = logging.getLogger(__name__)

OnSessionCallback = Callable[[SipTransport, DIDConfig | None], Awaitable[None]]
"""What an application does with a call. The call ends when it returns."""

_BODY_BYTES_MAX = 64 * 1024
# RFC 6455 section 7.4.1: before the handshake is accepted, servers tell it as 403.
_POLICY = 1008


class SipWebhookHandler:
    """Answers the webhooks of Twilio and Telnyx, and takes their media streams.

    * ``POST /sip/telnyx/answer`` and ``POST /sip/twilio/answer``: the document that leads a call to
      a media stream, or says that its number is not configured and hangs up;
    * ``WS /sip/{provider}/media-stream/{ticket}``: the stream that such a document names;
    * ``WS /sip/media-stream``: a stream of any provider, from this machine or its private network,
      or with Twilio's signature.
    """

    def __init__(
        self,
        did_router: DIDRouter,
        on_session: OnSessionCallback,
        public_ws_url: str = "wss://localhost:8000/sip/media-stream",
        *,
        config: SipConfig | None = None,
        verify: bool = True,
        telnyx_codec: str = "pcmu",
    ) -> None:
        """A handler of calls to the numbers of a router.

        Args:
            did_router: The numbers.
            on_session: What is done with a call.
            public_ws_url: Where the world reaches this server. Signatures are verified over it.
            config: Holds ``twilio.auth_token`` and ``telnyx.public_key``, with which signatures are
                verified, and with ``telnyx.api_key``, or ``twilio.account_sid`` beside the token,
                callers are moved; without it the environment does
                (:meth:`SipConfig.from_environment`).
            verify: ``False`` takes webhooks that are not signed, from this machine alone.
            telnyx_codec: What Telnyx sends and takes: ``pcmu``, ``pcma``, ``g722`` or ``l16``.

        Raises:
            ValueError: Where the URL, the public key or the codec is none.
        """
        self.did_router = did_router
        self.on_session = on_session
        self.public_ws_url = public_ws_url
        self._verify = verify
        self._telnyx_codec = telnyx_codec
        config = config or SipConfig.from_environment()
        self._accounts = accounts_of(config)
        self._webhooks = Webhooks(
            public_ws_url,
            secrets.token_bytes(32),
            twilio_auth_token=config.twilio.auth_token or None,
            telnyx_public_key=config.telnyx.public_key or None,
            telnyx_codec=telnyx_codec,
        )

    def register(self, app: Starlette) -> None:
        """Adds the routes to an application of FastAPI or Starlette."""
        from starlette.routing import Route, WebSocketRoute

        app.router.routes.extend(
            [
                Route("/sip/telnyx/answer", self._telnyx, methods=["POST"]),
                Route("/sip/twilio/answer", self._twilio, methods=["POST"]),
                WebSocketRoute("/sip/media-stream", self._any_stream),
                WebSocketRoute("/sip/{provider}/media-stream/{ticket}", self._told_stream),
            ]
        )

    async def take_calls(self, calls: AsyncIterable[PhoneCall]) -> None:
        """Gives calls over SIP to the same ``on_session``, each in a task of its own, until no more
        come: ``await handler.take_calls(gateway)`` with a running :class:`trunkline.Gateway`. A
        call to a number without an entry comes with ``None``."""
        async with asyncio.TaskGroup() as sessions:
            async for call in calls:
                transport = SipTransport(call)
                sessions.create_task(self._session(transport, self.did_router.lookup(call.to)))

    async def _telnyx(self, request: Request) -> Response:
        return await self._answer(request, "telnyx")

    async def _twilio(self, request: Request) -> Response:
        return await self._answer(request, "twilio")

    async def _answer(self, request: Request, provider: str) -> Response:
        from starlette.responses import JSONResponse, Response

        try:
            body = await _body(request)
            self._prove(request, provider, body)
            call, caller, did = self._webhooks.asked(provider, body)
        except PermissionError as denied:
            logger.warning("a webhook of %s is refused: %s", provider, denied)
            return JSONResponse({"detail": str(denied)}, status_code=403)
        except ValueError as unreadable:
            return JSONResponse({"detail": str(unreadable)}, status_code=400)
        if self.did_router.lookup(did) is None:
            logger.info("%s: %r is not configured", provider, did)
            content_type, document = self._webhooks.refuse(provider)
        else:
            answered = (call, caller, did)
            content_type, document = self._webhooks.connect(provider, answered, _now_s())
        return Response(document, headers={"content-type": content_type})

    def _prove(self, request: Request, provider: str, body: bytes) -> None:
        headers = request.headers
        if not self._verify:
            if not is_local_request(_client(request), headers.items()):
                raise PermissionError(
                    "verify=False takes requests of this machine only, addressed to it by its own "
                    "name; give the provider's credential to verify those of others"
                )
        elif provider == "twilio":
            signature = headers.get("x-twilio-signature")
            self._webhooks.verify_twilio(_path(request), body, signature)
        else:
            signature = headers.get("telnyx-signature-ed25519")
            self._webhooks.verify_telnyx(body, _now_s(), signature, headers.get("telnyx-timestamp"))

    async def _any_stream(self, websocket: WebSocket) -> None:
        """A stream that shows whose it is by how it begins."""
        signature = websocket.headers.get("x-twilio-signature")
        try:
            if signature is not None:
                self._webhooks.verify_twilio_handshake(_path(websocket), signature)
            elif not is_neighbour_request(_client(websocket), websocket.headers.items()):
                raise PermissionError(
                    "a stream from elsewhere needs the ticket of an answer document"
                )
        except PermissionError as denied:
            await _refuse(websocket, denied)
        else:
            await self._stream(websocket, None)

    async def _told_stream(self, websocket: WebSocket) -> None:
        """A stream that an answer document asked for."""
        provider, ticket = websocket.path_params["provider"], websocket.path_params["ticket"]
        try:
            self._webhooks.admit(provider, ticket, _now_s())
        except PermissionError as denied:
            await _refuse(websocket, denied)
        else:
            await self._stream(websocket, provider)

    async def _stream(self, websocket: WebSocket, provider: str | None) -> None:
        await websocket.accept(_subprotocol(websocket))
        try:
            call = await StreamCall.begin(
                websocket,
                dialect=provider,
                telnyx_codec=self._telnyx_codec,
                accounts=self._accounts,
            )
        except SipTransportError as error:
            logger.warning("a media stream is refused: %s", error)
            return
        entry = self.did_router.lookup(call.to) if call.to else None
        await self._session(SipTransport(StreamProvider.of(call)), entry)

    async def _session(self, transport: SipTransport, entry: DIDConfig | None) -> None:
        """Runs the application. Whatever goes wrong in it ends this call and no other."""
        call = transport.metadata.get("call_sid")
        try:
            await self.on_session(transport, entry)
        except CallRejectedError as rejected:
            logger.info("call %r is rejected: %s", call, rejected)
        except SipTransportError as error:
            logger.warning("call %r: %s", call, error)
        except Exception:
            logger.exception("call %r: the application failed", call)
        finally:
            await transport.close()


def _subprotocol(websocket: WebSocket) -> str | None:
    """One that a telephone system offers and a dialect of ours knows (RFC 6455 section 4.2.2)."""
    known = {name for *_, subprotocols in stream_dialects() for name in subprotocols}
    offered: list[str] = websocket.scope.get("subprotocols") or []
    return next((name for name in offered if name in known), None)


async def _refuse(websocket: WebSocket, denied: PermissionError) -> None:
    logger.warning("a media stream is refused: %s", denied)
    await websocket.close(_POLICY, str(denied))


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _BODY_BYTES_MAX:
            raise ValueError(f"the body has more than {_BODY_BYTES_MAX} bytes")
    return bytes(body)


def _client(connection: HTTPConnection) -> str | None:
    return connection.client.host if connection.client else None


def _path(connection: HTTPConnection) -> str:
    """Path and query of one of our routes, as it stands in the public URL."""
    query: bytes = connection.scope["query_string"]
    path: str = connection.scope["path"]
    root: str = connection.scope.get("root_path", "")
    return path.removeprefix(root) + (f"?{query.decode('latin-1')}" if query else "")


def _now_s() -> int:
    return int(time.time())
