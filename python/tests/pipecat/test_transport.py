"""`SIPTransport` in real pipelines of Pipecat, with a call that does what the test says."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    CancelFrame,
    ClientConnectedFrame,
    EndFrame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    OutputDTMFFrame,
    OutputDTMFUrgentFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.workers.runner import WorkerRunner
from scripted_call import ScriptedCall

from trunkline.events import Dtmf, Ended, Held, Refused, Resumed, Ringing
from trunkline.exceptions import CallRejectedError
from trunkline.pipecat import (
    SIPHangupFrame,
    SIPParams,
    SIPPlayoutInterruptedFrame,
    SIPReferFrame,
    SIPTransferFrame,
    SIPTransport,
)
from trunkline.pipecat.transport import EVENTS

BYE = Ended("remote", "hangup", None, None)
FRAME = bytes(range(1, 129)) * 5


class Tap(FrameProcessor):
    """Keeps what passes between the input and the output."""

    def __init__(self):
        super().__init__()
        self.seen = []

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        self.seen.append(frame)
        if not isinstance(frame, InputAudioRawFrame):
            await self.push_frame(frame, direction)

    def of(self, kind):
        return [frame for frame in self.seen if isinstance(frame, kind)]


class Bot:
    """A pipeline about a call, and the events that its transport told, in their order."""

    def __init__(self, call, params=None, gateway=None):
        self.call = call
        self.transport = SIPTransport(params or SIPParams(), call=call, gateway=gateway)
        self.tap = Tap()
        self.after = Tap()
        self.worker = PipelineWorker(
            Pipeline([self.transport.input(), self.tap, self.transport.output(), self.after]),
            enable_rtvi=False,
            idle_timeout_secs=None,
        )
        self.told = []
        for event in EVENTS:
            self.transport.add_event_handler(event, self._noting(event))

    def _noting(self, event):
        def note(transport, *args):
            self.told.append((event, *args))

        return note

    @property
    def events(self):
        return [event for event, *_ in self.told]

    def data_of(self, wanted):
        (args,) = [args for event, *args in self.told if event == wanted]
        return args[0]

    async def run(self):
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(self.worker)
        await runner.run()

    async def say(self, *frames):
        await self.worker.queue_frames(frames)

    async def speak(self, frames=10):
        audio = FRAME * frames
        await self.say(TTSStartedFrame(), TTSAudioRawFrame(audio, 16_000, 1), TTSStoppedFrame())


async def until(condition, seconds=5.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


@asynccontextmanager
async def on_the_line(call=None, **how):
    """A bot whose pipeline runs, hung up in the end by whoever has not yet."""
    call = call or ScriptedCall()
    bot = Bot(call, **how)
    running = asyncio.create_task(bot.run())
    try:
        call.answer()
        await until(lambda: "on_client_connected" in bot.events)
        # The output starts after the input that told of this.
        await until(lambda: bot.after.seen)
        yield bot
    finally:
        call.end(BYE)
        await bot.worker.cancel()
        await asyncio.wait_for(running, 5)


async def test_an_answer_is_told_by_every_name_it_has_once_and_in_order():
    async with on_the_line() as bot:
        assert bot.events == [
            "on_dialin_ready",
            "on_call_state_changed",
            "on_dialin_connected",
            "on_first_participant_joined",
            "on_participant_joined",
            "on_client_connected",
        ]
        client = bot.data_of("on_client_connected")
        assert client["call_id"] == client["id"] == "c1"
        assert (client["from"], client["to"]) == ("+15550100", "bot")
        assert client["addr"] == "127.0.0.1:5070"
        assert bot.transport.get_client_id(client) == "c1"
        await until(lambda: bot.tap.of(ClientConnectedFrame))


async def test_what_the_caller_says_is_16_khz_in_frames_of_20_ms():
    async with on_the_line() as bot:
        bot.call.speak(FRAME)
        bot.call.speak(bytes(640))
        await until(lambda: len(bot.tap.of(InputAudioRawFrame)) == 2)
        frames = bot.tap.of(InputAudioRawFrame)
        assert [frame.audio for frame in frames] == [FRAME, bytes(640)]
        assert {(frame.sample_rate, frame.num_channels) for frame in frames} == {(16_000, 1)}


async def test_a_key_is_an_event_and_a_frame_and_one_that_has_no_frame_an_event():
    async with on_the_line() as bot:
        bot.call.tell(Dtmf("A", 100))
        bot.call.tell(Dtmf("#", 120))
        await until(lambda: bot.tap.of(InputDTMFFrame))
        keys = [args[0] for event, *args in bot.told if event == "on_dtmf_event"]
        assert [(key["tone"], key["duration_ms"]) for key in keys] == [("A", 100), ("#", 120)]
        assert [frame.button.value for frame in bot.tap.of(InputDTMFFrame)] == ["#"]


@pytest.mark.parametrize(
    ("ended", "reason", "event"),
    [
        (BYE, "bye", "on_dialin_stopped"),
        (Ended("gateway", "rtp_timeout", None, None), "rtp_timeout", "on_dialin_error"),
    ],
)
async def test_the_end_is_told_once_with_its_reason(ended, reason, event):
    async with on_the_line() as bot:
        del bot.told[:]
        bot.call.end(ended)
        await until(lambda: "on_client_disconnected" in bot.events)
        assert bot.events == [
            "on_call_state_changed",
            event,
            "on_participant_left",
            "on_client_disconnected",
        ]
        assert bot.data_of("on_client_disconnected")["reason"] == reason
    assert bot.events.count("on_client_disconnected") == 1


async def test_a_caller_who_has_gone_before_the_bot_was_ready_is_told_of_all_the_same():
    call = ScriptedCall()
    call.answer()
    call.end(BYE)
    bot = Bot(call)
    running = asyncio.create_task(bot.run())
    await until(lambda: "on_client_disconnected" in bot.events)
    assert bot.events.index("on_client_connected") < bot.events.index("on_client_disconnected")
    await bot.worker.cancel()
    await asyncio.wait_for(running, 5)


async def test_a_write_waits_until_the_call_has_room():
    async with on_the_line(params=SIPParams(audio_out_lead_ms=40)) as bot:
        await bot.speak(frames=10)
        await until(lambda: bot.call.queued_ms == 40)
        await asyncio.sleep(0.02)
        assert bot.call.queued_ms == 40
        await bot.call.let_play(20)
        await until(lambda: bot.call.queued_ms == 40)
        while bot.call.heard_ms < 200:
            await bot.call.let_play(20)
            await asyncio.sleep(0.001)
        assert bytes(bot.call.heard) == FRAME * 10


async def test_a_bot_that_pauses_its_call_for_long_can_speak_on(monkeypatch):
    monkeypatch.setattr("trunkline.pipecat.output.WRITE_S_MAX", 0.01)
    params = SIPParams(audio_out_lead_ms=20)
    params.audio_out_write_timeout_secs = 0.05
    async with on_the_line(params=params) as bot:
        await bot.speak(frames=10)
        await until(lambda: bot.call.queued_ms == 200)
        assert bot.transport.output().is_usable


async def test_what_services_speak_at_24_khz_is_played_at_16():
    async with on_the_line() as bot:
        second = bytes(2 * 24_000)
        await bot.say(TTSStartedFrame(), TTSAudioRawFrame(second, 24_000, 1), TTSStoppedFrame())
        async with asyncio.timeout(5):
            while bot.call.heard_ms < 800:
                await bot.call.let_play(20)
                await asyncio.sleep(0.001)
        for _ in range(50):
            await bot.call.let_play(20)
            await asyncio.sleep(0.001)
        assert 800 <= bot.call.heard_ms <= 1020


async def test_stereo_is_refused_in_words():
    async with on_the_line() as bot:
        errors = []
        bot.worker.add_event_handler("on_pipeline_error", lambda _, error: errors.append(error))
        await bot.say(OutputAudioRawFrame(bytes(1280), 16_000, 2))
        await until(lambda: errors)
        assert "have your services speak mono" in errors[0].error
        assert bot.call.queued_ms == 0


async def test_an_interruption_forgets_what_is_queued_and_tells_what_was_heard():
    async with on_the_line() as bot:
        await bot.speak(frames=50)
        await until(lambda: bot.call.queued_ms == 100)
        await bot.call.let_play(60)
        await until(lambda: bot.call.queued_ms == 100)
        await bot.say(InterruptionFrame())
        await until(lambda: "on_playout_interrupted" in bot.events)
        assert bot.data_of("on_playout_interrupted")["heard_ms"] == 60
        await until(lambda: bot.after.of(SIPPlayoutInterruptedFrame))
        await until(lambda: bot.tap.of(SIPPlayoutInterruptedFrame))
        assert [it.heard_ms for it in bot.after.of(SIPPlayoutInterruptedFrame)] == [60]
        await asyncio.sleep(0.05)
        assert bot.call.queued_ms == 0, "nothing of what was interrupted comes after it"
        assert bot.call.asked == ["clear"]


async def test_of_a_second_utterance_only_what_was_heard_of_it_counts():
    async with on_the_line() as bot:
        await bot.speak(frames=3)
        await until(lambda: bot.call.queued_ms == 60)
        await bot.call.let_play(60)
        await bot.speak(frames=4)
        await until(lambda: bot.call.queued_ms == 80)
        await bot.call.let_play(40)
        await bot.say(InterruptionFrame())
        await until(lambda: "on_playout_interrupted" in bot.events)
        assert bot.data_of("on_playout_interrupted")["heard_ms"] == 40


async def test_an_interruption_of_nothing_is_not_told():
    async with on_the_line() as bot:
        await bot.speak(frames=3)
        await until(lambda: bot.call.queued_ms == 60)
        await bot.call.let_play(60)
        await until(lambda: bot.after.of(TTSStoppedFrame))
        await bot.say(InterruptionFrame())
        await until(lambda: bot.call.asked == ["clear"])
        await asyncio.sleep(0.02)
        assert "on_playout_interrupted" not in bot.events


async def test_what_comes_after_an_interruption_is_played():
    async with on_the_line() as bot:
        await bot.speak(frames=20)
        await until(lambda: bot.call.queued_ms == 100)
        await bot.say(InterruptionFrame())
        await until(lambda: bot.call.queued_ms == 0)
        await bot.speak(frames=2)
        await until(lambda: bot.call.queued_ms == 40)


async def test_a_caller_who_hangs_up_tells_what_was_heard():
    async with on_the_line() as bot:
        await bot.speak(frames=50)
        await until(lambda: bot.call.queued_ms == 100)
        await bot.call.let_play(20)
        bot.call.end(BYE)
        await until(lambda: "on_client_disconnected" in bot.events)
        assert bot.data_of("on_playout_interrupted")["heard_ms"] == 20


async def test_keys_are_pressed_after_what_is_queued_unless_they_are_urgent():
    async with on_the_line() as bot:
        await bot.speak(frames=2)
        await bot.say(OutputDTMFFrame.from_string("12#"))
        await until(lambda: bot.call.queued_ms == 40)
        await asyncio.sleep(0.02)
        assert bot.call.asked == []
        await bot.say(OutputDTMFUrgentFrame.from_string("9"))
        await until(lambda: bot.call.asked == [("send_dtmf", "9")])
        await bot.call.let_play(40)
        await until(lambda: bot.call.asked == [("send_dtmf", "9"), ("send_dtmf", "12#")])


@pytest.mark.parametrize("kind", [SIPTransferFrame, SIPReferFrame])
async def test_a_transfer_waits_until_what_is_queued_was_heard(kind):
    async with on_the_line() as bot:
        await bot.speak(frames=2)
        await bot.say(kind("sip:desk@127.0.0.1", {"X-Why": "vip"}))
        await until(lambda: bot.call.queued_ms == 40)
        await asyncio.sleep(0.02)
        assert bot.call.asked == []
        await bot.call.let_play(40)
        await until(lambda: bot.call.asked)
        assert bot.call.asked == [("transfer", "sip:desk@127.0.0.1", {"X-Why": "vip"})]
        bot.call.conclude_transfer(200, "OK")
        await until(lambda: "on_transfer_result" in bot.events)
        assert bot.data_of("on_transfer_result")["error"] is None


async def test_a_hang_up_waits_until_what_is_queued_was_heard():
    async with on_the_line() as bot:
        await bot.speak(frames=2)
        await bot.say(SIPHangupFrame())
        await until(lambda: bot.call.queued_ms == 40)
        await asyncio.sleep(0.02)
        assert bot.call.ended is None
        await bot.call.let_play(40)
        await until(lambda: "on_client_disconnected" in bot.events)
        assert bot.data_of("on_client_disconnected")["reason"] == "hangup"


async def test_the_end_of_a_pipeline_plays_what_is_queued_and_hangs_up():
    call = ScriptedCall()
    bot = Bot(call)
    running = asyncio.create_task(bot.run())
    call.answer()
    await until(lambda: bot.after.seen)
    await bot.speak(frames=8)
    await bot.say(EndFrame())
    async with asyncio.timeout(5):
        while call.ended is None:
            await call.let_play(20)
            await asyncio.sleep(0.001)
    await asyncio.wait_for(running, 5)
    assert bytes(call.heard) == FRAME * 8
    assert call.asked == [("hangup", None)]
    assert bot.events[-1] == "on_client_disconnected"
    assert bot.events.count("on_client_disconnected") == 1


async def test_a_cancelled_pipeline_hangs_up_at_once():
    call = ScriptedCall()
    bot = Bot(call)
    running = asyncio.create_task(bot.run())
    call.answer()
    await until(lambda: bot.after.seen)
    await bot.speak(frames=50)
    await until(lambda: call.queued_ms == 100)
    await bot.say(CancelFrame())
    await asyncio.wait_for(running, 5)
    assert call.asked == [("hangup", None)]
    assert call.heard_ms == 0
    assert bot.events.count("on_client_disconnected") == 1


async def test_a_bot_whose_task_is_cancelled_leaves_no_call_and_no_task():
    before = asyncio.all_tasks()
    call = ScriptedCall()
    bot = Bot(call)
    running = asyncio.create_task(bot.run())
    call.answer()
    await until(lambda: bot.after.seen)
    running.cancel()
    await asyncio.wait({running}, timeout=5)
    assert running.done()
    assert call.ended is not None
    await until(lambda: asyncio.all_tasks() == before)


async def test_a_pipeline_that_never_started_leaves_no_call():
    call = ScriptedCall()
    bot = Bot(call)
    await bot.transport.input().cleanup()
    await bot.transport.output().cleanup()
    assert call.asked == [("hangup", None)]


async def test_holds_are_told():
    async with on_the_line() as bot:
        bot.call.tell(Held())
        bot.call.tell(Resumed())
        await until(lambda: len(bot.events) == 8)
        states = [args[1] for event, *args in bot.told if event == "on_call_state_changed"]
        assert states == ["answered", "held", "resumed"]


async def test_what_was_refused_is_a_warning():
    async with on_the_line() as bot:
        bot.call.tell(Refused("sendDtmf", "unsupported"))
        await until(lambda: "on_dialin_warning" in bot.events)
        data = bot.data_of("on_dialin_warning")
        assert (data["command"], data["why"]) == ("sendDtmf", "unsupported")


@pytest.mark.parametrize("method", ["sip_refer", "sip_call_transfer"])
async def test_a_transfer_by_daily_s_names_answers_when_it_is_over(method):
    async with on_the_line() as bot:
        transfer = getattr(bot.transport, method)
        moving = asyncio.create_task(transfer({"toEndPoint": "sip:desk@127.0.0.1"}))
        await until(lambda: bot.call.asked)
        bot.call.conclude_transfer(486, "Busy Here")
        assert await moving == "486 Busy Here"
        moving = asyncio.create_task(transfer("sip:desk@127.0.0.1"))
        await until(lambda: len(bot.call.asked) == 2)
        bot.call.tell(Refused("transfer", "denied"))
        assert await moving == "the transfer was refused: denied"
        moving = asyncio.create_task(transfer("sip:desk@127.0.0.1"))
        await until(lambda: len(bot.call.asked) == 3)
        assert await transfer("sip:other@127.0.0.1") == "a transfer is under way"
        bot.call.end(BYE)
        assert await moving == "the call ended before the transfer did"
        assert bot.events.count("on_transfer_result") == 3
        assert "toEndPoint" in await transfer({})


async def test_keys_and_hang_ups_by_daily_s_names():
    async with on_the_line() as bot:
        assert await bot.transport.send_dtmf({"tones": "42"}) is None
        assert await bot.transport.send_dtmf("#") is None
        assert bot.call.asked == [("send_dtmf", "42"), ("send_dtmf", "#")]
        assert await bot.transport.stop_dialout("c1") is None
        assert bot.call.ended is not None
        assert await bot.transport.send_dtmf("1") == "there is no call"


class ScriptedGateway:
    """Dials what it is told to."""

    def __init__(self, outcome):
        self.outcome = outcome
        self.dialled = []

    async def dial(self, target, *, from_=None, headers=None):
        self.dialled.append((target, from_, headers))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


async def test_a_bot_that_dials_has_its_pipeline_first_and_its_call_then():
    call = ScriptedCall(direction="outbound")
    gateway = ScriptedGateway(call)
    bot = Bot(None, gateway=gateway)
    running = asyncio.create_task(bot.run())
    await until(lambda: bot.after.seen)
    settings = {"phoneNumber": "+15550199", "callerId": "+15550100"}
    assert await bot.transport.start_dialout(settings) == ("c1", None)
    assert gateway.dialled == [("+15550199", "+15550100", None)]
    call.tell(Ringing())
    call.answer()
    call.speak(FRAME)
    await until(lambda: bot.tap.of(InputAudioRawFrame))
    session_id, error = await bot.transport.start_dialout(settings)
    assert (session_id, error.split(":")[0]) == ("", "this transport has a call")
    call.end(BYE)
    await until(lambda: "on_client_disconnected" in bot.events)
    assert bot.events == [
        "on_dialout_connected",
        "on_call_state_changed",
        "on_call_state_changed",
        "on_dialout_answered",
        "on_first_participant_joined",
        "on_participant_joined",
        "on_client_connected",
        "on_call_state_changed",
        "on_dialout_stopped",
        "on_participant_left",
        "on_client_disconnected",
    ]
    await bot.worker.cancel()
    await asyncio.wait_for(running, 5)


async def test_a_call_that_is_answered_when_its_pipeline_has_gone_is_hung_up():
    call = ScriptedCall(direction="outbound")
    bot = Bot(None, gateway=ScriptedGateway(call))
    await bot.transport.input().cleanup()
    assert await bot.transport.start_dialout("sip:bob@127.0.0.1") == ("c1", None)
    assert call.asked == [("hangup", None)]


async def test_a_call_that_is_not_answered_is_an_error_once():
    bot = Bot(None, gateway=ScriptedGateway(CallRejectedError(486, "Busy Here")))
    session_id, error = await bot.transport.start_dialout("sip:bob@127.0.0.1")
    assert session_id == "" and "486" in error
    await until(lambda: bot.events == ["on_dialout_error"])


async def test_dialling_without_a_gateway_says_what_to_do():
    _, error = await SIPTransport(SIPParams()).start_dialout("sip:bob@127.0.0.1")
    assert error == "there is no gateway to dial from: SIPTransport(params, gateway=gateway)"


class Door:
    """A gateway whose calls the test lets in."""

    def __init__(self):
        self.calls = asyncio.Queue()

    async def __aiter__(self):
        while (call := await self.calls.get()) is not None:
            yield call


async def test_one_transport_serves_many_calls_each_with_its_own_pipeline():
    door = Door()
    transport = SIPTransport(SIPParams(), gateway=door)
    taps = {}

    async def pipeline(session_id):
        taps[session_id] = Tap()
        return PipelineWorker(
            Pipeline([transport.input(session_id), taps[session_id], transport.output(session_id)]),
            enable_rtvi=False,
        )

    gone = []
    transport.add_event_handler("on_client_disconnected", lambda _, who: gone.append(who["id"]))
    transport.set_pipeline_factory(pipeline)
    serving = asyncio.create_task(transport.run())
    calls = [ScriptedCall(f"c{number}") for number in range(3)]
    for number, call in enumerate(calls):
        door.calls.put_nowait(call)
        call.answer()
        call.speak(bytes([number]) * 640)
    await until(lambda: len(taps) == 3 and all(it.of(InputAudioRawFrame) for it in taps.values()))
    for number, call in enumerate(calls):
        assert [it.audio[0] for it in taps[call.id].of(InputAudioRawFrame)] == [number]
    with pytest.raises(ValueError, match="has 3 calls"):
        transport.input()
    calls[0].end(BYE)
    await until(lambda: gone == ["c0"])
    serving.cancel()
    await asyncio.wait({serving}, timeout=5)
    assert serving.done()
    assert sorted(gone) == ["c0", "c1", "c2"]
    assert all(call.ended for call in calls)


async def test_the_bot_s_voice_is_known_to_begin():
    async with on_the_line() as bot:
        await bot.speak(frames=2)
        await until(lambda: bot.after.of(BotStartedSpeakingFrame))
