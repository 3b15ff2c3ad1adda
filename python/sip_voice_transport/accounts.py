"""What is asked of a provider's REST interface, because its streams have no words for it."""

from __future__ import annotations

import asyncio
import http.client
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping

from trunkline._core import ProviderAccount

from .config import SipConfig

_ANSWER_MAX_S = 10.0
_ANSWER_BYTES_MAX = 64 * 1024

Accounts = Mapping[str, ProviderAccount]
"""Accounts by the name of their provider."""


def accounts_of(config: SipConfig) -> dict[str, ProviderAccount]:
    """The accounts whose credentials are configured."""
    accounts: dict[str, ProviderAccount] = {}
    if config.telnyx.api_key:
        accounts["telnyx"] = ProviderAccount("telnyx", "", config.telnyx.api_key)
    if config.twilio.account_sid and config.twilio.auth_token:
        sid, token = config.twilio.account_sid, config.twilio.auth_token
        accounts["twilio"] = ProviderAccount("twilio", sid, token)
    return accounts


async def ask(account: ProviderAccount, verb: str, call: str, argument: str | None) -> None:
    """Asks for one thing about a call: ``hangup``, ``transfer`` or ``press``. Where the question is
    lost on the way it is asked once more.

    Raises:
        ValueError: Where the provider does not do it.
        OSError: Where it cannot be reached.
    """
    # The same for both tries, so that what was done is not done again.
    command_id = str(uuid.uuid4())
    match verb:
        case "hangup":
            request = account.hangup(call, command_id)
        case "transfer":
            request = account.transfer(call, argument or "", command_id)
        case _:
            request = account.press(call, argument or "", command_id)
    try:
        status, body = await asyncio.to_thread(_post, *request)
    except OSError:
        status, body = await asyncio.to_thread(_post, *request)
    account.read(status, body)


def _post(url: str, authorization: str, content_type: str, body: str) -> tuple[int, bytes]:
    headers = {"authorization": authorization, "content-type": content_type}
    request = urllib.request.Request(url, body.encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=_ANSWER_MAX_S) as answer:
            return answer.status, answer.read(_ANSWER_BYTES_MAX)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read(_ANSWER_BYTES_MAX)
    except http.client.HTTPException as error:
        raise OSError(f"what answered is no server: {error!r}") from None
