"""Bots that dial, and a transport that serves many calls."""

import asyncio

import pytest
from pipecat.frames.frames import InputAudioRawFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineWorker
from scripted_call import ScriptedCall
from scripted_pipeline import BYE, FRAME, WITHIN_S, Bot, Tap, until

from trunkline.events import Ringing
from trunkline.exceptions import CallRejectedError
from trunkline.pipecat import SIPParams, SIPTransport


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
    await asyncio.wait_for(running, WITHIN_S)


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
