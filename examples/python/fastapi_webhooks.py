"""A FastAPI application that takes calls of Twilio and Telnyx, and says back what it hears.

    SIP_PUBLIC_WS_URL=wss://voice.example.com/sip/media-stream python fastapi_webhooks.py [PORT]

The number's webhook at the provider is https://voice.example.com/sip/twilio/answer, or
/sip/telnyx/answer. Numbers stand in a file of the form

    dids:
      "+15125551234": {user_id: david, display_name: David}

which $DIDS names, or trunkline.yaml. What proves a webhook to be the provider's own is in
$TWILIO_AUTH_TOKEN and $TELNYX_PUBLIC_KEY.
"""

import os
import sys

import uvicorn
from fastapi import FastAPI

from sip_voice_transport import DIDConfig, DIDRouter, SipTransport, SipWebhookHandler


async def on_session(transport: SipTransport, did: DIDConfig | None) -> None:
    """One call."""
    who = did.display_name if did else "nobody known"
    print(f"{transport.metadata['caller_id']} calls {who}", flush=True)
    async for chunk in transport.receive_audio():
        await transport.send_audio(chunk)
    print("the call is over", flush=True)


app = FastAPI()
handler = SipWebhookHandler(
    did_router=DIDRouter(os.environ.get("DIDS", "trunkline.yaml")),
    on_session=on_session,
    public_ws_url=os.environ["SIP_PUBLIC_WS_URL"],
)
handler.register(app)

if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
