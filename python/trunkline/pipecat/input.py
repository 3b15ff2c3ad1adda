"""What a caller says and presses, on its way into a pipeline."""

# Pipecat's own signatures are untyped in part: `**kwargs`, and handlers of events.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

from typing import TYPE_CHECKING, Any

from loguru import logger
from pipecat.audio.dtmf.types import KeypadEntry
from pipecat.frames.frames import (
    CancelFrame,
    ClientConnectedFrame,
    EndFrame,
    InputAudioRawFrame,
    InputDTMFFrame,
    StartFrame,
)
from pipecat.transports.base_input import BaseInputTransport

from trunkline.pipecat.params import SAMPLE_RATE_HZ, SIPParams
from trunkline.pipecat.session import CallSession

if TYPE_CHECKING:
    from trunkline.pipecat.transport import SIPTransport


class SIPInputTransport(BaseInputTransport):
    """Pushes an `InputAudioRawFrame` of 16 kHz every 20 ms from the answer to the end of the call.

    Silence comes as frames too, and so does sound that was lost and made up for. A key that the
    caller presses is an `InputDTMFFrame`.
    """

    def __init__(
        self, transport: "SIPTransport", session: CallSession, params: SIPParams, **kwargs: Any
    ) -> None:
        super().__init__(params, **kwargs)
        self._transport = transport
        self._session = session
        self._hears = False

    async def start(self, frame: StartFrame) -> None:
        """Begins to take the call's events."""
        await super().start(frame)
        await self.set_transport_ready(frame)
        self._hears = self._params.audio_in_stream_on_start
        self._session.start(self.create_task)

    async def stop(self, frame: EndFrame) -> None:
        """Hears no more; the call goes on until the output has played what is queued."""
        self._hears = False
        await super().stop(frame)

    async def cancel(self, frame: CancelFrame) -> None:
        """Hangs up at once."""
        self._hears = False
        self._session.hang_up()
        await super().cancel(frame)

    async def cleanup(self) -> None:
        """Ends the call, where nothing else has."""
        self._hears = False
        await self._session.close()
        await super().cleanup()
        await self._transport.cleanup()

    async def hear(self, samples: bytes) -> None:
        """20 ms of what the caller says."""
        if self._hears:
            await self.push_audio_frame(InputAudioRawFrame(samples, SAMPLE_RATE_HZ, 1))

    async def press(self, digit: str) -> None:
        """A key that the caller pressed."""
        try:
            button = KeypadEntry(digit)
        except ValueError:
            # A to D, which Pipecat has no name for; `on_dtmf_event` has told of them.
            logger.debug(f"{self}: key {digit} has no frame")
            return
        await self.push_frame(InputDTMFFrame(button=button))

    async def greet(self) -> None:
        """The call was answered."""
        await self.push_frame(ClientConnectedFrame())

    async def _start_audio_in_streaming(self) -> None:
        self._hears = True
