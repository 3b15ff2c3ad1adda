"""What a pipeline says, on its way to the caller."""

# Pipecat's own signatures are untyped in part: `**kwargs`, and handlers of events.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    CancelFrame,
    EndFrame,
    Frame,
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputDTMFFrame,
    OutputDTMFUrgentFrame,
    StartFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.utils.utils import obj_id

from trunkline.exceptions import CallEndedError
from trunkline.pipecat.frames import SIPHangupFrame, SIPPlayoutInterruptedFrame, SIPTransferFrame
from trunkline.pipecat.params import SAMPLE_RATE_HZ, SIPParams
from trunkline.pipecat.session import CallSession

if TYPE_CHECKING:
    from trunkline.pipecat.transport import SIPTransport

BYTES_A_MS = SAMPLE_RATE_HZ * 2 // 1000
WRITE_S_MAX = 5.0


@dataclass
class _Utterance:
    """Where in the audio written since the last clear the bot speaks, in bytes."""

    begin: int
    end: int
    is_over: bool = False


class SIPOutputTransport(BaseOutputTransport):
    """Plays what reaches it to the caller, at the pace of the call.

    A write returns when less than `audio_out_lead_ms` is left to play, so Pipecat's clocks run
    with what the caller hears. An interruption silences the call at once; whatever of an utterance
    was heard is told by `on_playout_interrupted` and `SIPPlayoutInterruptedFrame`.
    """

    def __init__(
        self, transport: "SIPTransport", session: CallSession, params: SIPParams, **kwargs: Any
    ) -> None:
        super().__init__(params, **kwargs)
        self._transport = transport
        self._session = session
        self._lead_ms = params.audio_out_lead_ms
        self._written = 0
        self._utterance: _Utterance | None = None
        # One for each clear that is under way: what it cut.
        self._cuts: deque[_Utterance | None] = deque()
        self._cleared_at_ms = 0
        # Frames older than this were made before the last interruption.
        self._interrupted_at_id = 0
        self._plays_to_the_end = False
        self._has_refused = False

    async def start(self, frame: StartFrame) -> None:
        """Begins to take the call's events, where there is no input that has."""
        await super().start(frame)
        await self.set_transport_ready(frame)
        self._session.start(self.create_task)

    async def stop(self, frame: EndFrame) -> None:
        """Plays what is queued, then hangs up."""
        await super().stop(frame)
        await self._session.drain()
        await self._session.close()

    async def cancel(self, frame: CancelFrame) -> None:
        """Hangs up at once."""
        self._session.hang_up()
        await super().cancel(frame)

    async def cleanup(self) -> None:
        """Ends the call, where nothing else has."""
        await self._session.close()
        await super().cleanup()
        await self._transport.cleanup()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Silences the call before Pipecat does anything else with an interruption."""
        if isinstance(frame, InterruptionFrame):
            self._interrupt()
        await super().process_frame(frame, direction)

    async def push_frame(
        self, frame: Frame, direction: FrameDirection = FrameDirection.DOWNSTREAM
    ) -> None:
        """Notes where the bot's utterances begin and end on the way."""
        # Of what is dropped because the call is over, nothing begins: whatever the end has cut off
        # may not have been told yet.
        if direction is FrameDirection.DOWNSTREAM and self._session.live_call is not None:
            if isinstance(frame, BotStartedSpeakingFrame):
                self._utterance = _Utterance(self._written, self._written)
            elif isinstance(frame, BotStoppedSpeakingFrame) and self._utterance is not None:
                self._utterance.end = self._written
                self._utterance.is_over = True
        await super().push_frame(frame, direction)

    async def write_audio_frame(self, frame: OutputAudioRawFrame) -> bool:
        """Plays it, and waits until little enough is left to play. Whether the call took it."""
        is_interruptible = _is_interruptible(frame)
        if frame.id < self._interrupted_at_id and is_interruptible:
            return False
        if frame.num_channels != 1 or frame.sample_rate != SAMPLE_RATE_HZ:
            await self._refuse(frame)
            return False
        call = self._session.live_call
        if call is None:
            return False
        self._plays_to_the_end = not is_interruptible
        self._written += len(frame.audio)
        try:
            async with asyncio.timeout(WRITE_S_MAX):
                await call.play(frame.audio, lead_ms=self._lead_ms)
        except CallEndedError:
            return False
        except TimeoutError:
            # Playout is paused. The call has the audio; Pipecat would give up a write of 10 s.
            pass
        return True

    async def write_transport_frame(self, frame: Frame) -> None:
        """Does what a frame of ours asks, once the audio before it has been heard."""
        if isinstance(frame, SIPTransferFrame):
            await self._session.drain()
            # The outcome is an event: the bot may go on speaking until the far end has moved.
            self.create_task(self._transfer(frame))
        elif isinstance(frame, SIPHangupFrame):
            await self._session.drain()
            self._session.hang_up(frame.cause)

    async def was_cut_off(self, at_ms: int) -> int | None:
        """Playout was cleared with so much played since the answer: how much of what the bot was
        saying was heard, in ms, or `None` where it was saying nothing."""
        # A clear that nobody here asked for is the end of the call, or the bot's own.
        utterance = self._cuts.popleft() if self._cuts else self._take_begun_utterance()
        heard = at_ms - self._cleared_at_ms
        self._cleared_at_ms = at_ms
        if utterance is None or (utterance.is_over and heard * BYTES_A_MS >= utterance.end):
            return None
        heard_ms = max(0, heard - utterance.begin // BYTES_A_MS)
        await self.broadcast_frame(SIPPlayoutInterruptedFrame, heard_ms=heard_ms)
        return heard_ms

    def _interrupt(self) -> None:
        call = self._session.live_call
        # What was last written may be something the bot must be let finish.
        if call is None or self._plays_to_the_end:
            return
        self._interrupted_at_id = obj_id()
        self._cuts.append(self._take_utterance())
        with suppress(CallEndedError):
            call.clear()

    def _take_utterance(self) -> _Utterance | None:
        """Begins to count anew, as playout does after a clear."""
        utterance, self._utterance = self._utterance, None
        self._written = 0
        return utterance

    def _take_begun_utterance(self) -> _Utterance | None:
        """The same where something of it was written: Pipecat says of a bot whose audio was dropped
        that it speaks."""
        written = self._written
        utterance = self._take_utterance()
        return None if utterance is None or utterance.begin == written else utterance

    async def _transfer(self, frame: SIPTransferFrame) -> None:
        error = await self._session.transfer(frame.target, frame.headers)
        if error is not None:
            await self.push_error(f"the transfer to {frame.target} failed: {error}")

    async def _refuse(self, frame: OutputAudioRawFrame) -> None:
        if not self._has_refused:
            self._has_refused = True
            await self.push_error(
                f"a call is {SAMPLE_RATE_HZ} Hz mono, but got {frame.sample_rate} Hz with "
                f"{frame.num_channels} channels: have your services speak mono"
            )

    def _supports_native_dtmf(self) -> bool:
        return True

    async def _write_dtmf_native(self, frame: OutputDTMFFrame | OutputDTMFUrgentFrame) -> None:
        if isinstance(frame, OutputDTMFFrame):
            await self._session.drain()
        call = self._session.live_call
        if call is None:
            return
        with suppress(CallEndedError):
            call.send_dtmf("".join(button.value for button in frame.buttons or []))


def _is_interruptible(frame: Frame) -> bool:
    # Since Pipecat 1.11; before that, audio always was.
    return getattr(frame, "interruptible", True)
