"""A transport of Pipecat whose clients are telephone calls."""

# Pipecat's own signatures are untyped in part: `**kwargs`, and handlers of events.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from loguru import logger
from pipecat.pipeline.worker import PipelineWorker
from pipecat.transports.base_transport import BaseTransport
from pipecat.workers.runner import WorkerRunner

from trunkline import Call, Gateway
from trunkline.exceptions import SipTransportError
from trunkline.pipecat.input import SIPInputTransport
from trunkline.pipecat.output import SIPOutputTransport
from trunkline.pipecat.params import SIPParams
from trunkline.pipecat.reception import Reception
from trunkline.pipecat.session import CallSession

PipelineFactory = Callable[[str], PipelineWorker | Awaitable[PipelineWorker]]

EVENTS = (
    "on_client_connected",
    "on_client_disconnected",
    "on_first_participant_joined",
    "on_participant_joined",
    "on_participant_left",
    "on_call_state_changed",
    "on_dialin_ready",
    "on_dialin_connected",
    "on_dialin_stopped",
    "on_dialin_error",
    "on_dialin_warning",
    "on_dialout_connected",
    "on_dialout_answered",
    "on_dialout_stopped",
    "on_dialout_error",
    "on_dialout_warning",
    "on_dtmf_event",
    "on_transfer_result",
    "on_playout_interrupted",
)


class SIPTransport(BaseTransport):
    """Joins a pipeline with a call.

    Usually there is one for each call: the runner hands the bot a call, and `create_transport`
    makes a transport of it. A bot that dials has one without a call, with a gateway to dial from
    (`start_dialout`). One transport for many calls takes a pipeline from a factory for each
    (`set_pipeline_factory`, `run`); whatever takes a `session_id` then wants that of the call.

    Event handlers, each called once for what happened, in its order. `client` and `data` are
    dictionaries that say whose call it is: `id`, `sessionId` and `call_id` (all the same),
    `direction`, `from`, `to`, and `addr`, the far end's address and port.

    - on_client_connected(transport, client): the call was answered
    - on_client_disconnected(transport, client): it is over; `reason` is `bye`, `hangup`, or the
      gateway's word, such as `rtp_timeout`
    - on_first_participant_joined, on_participant_joined(transport, client) and
      on_participant_left(transport, client, reason): the same two by Daily's names
    - on_call_state_changed(transport, client, state): `ringing`, `answered`, `held`, `resumed`,
      `ended`
    - on_dialin_ready(transport, address): somebody calls this address
    - on_dialin_connected(transport, data): their call was answered
    - on_dialin_stopped(transport, data), or on_dialin_error(transport, data): it was hung up, by
      either side, or it failed, with `errorMsg`
    - on_dialout_connected, on_dialout_answered, and on_dialout_stopped or
      on_dialout_error(transport, data): the same of a call of ours
    - on_dialin_warning, on_dialout_warning(transport, data): `command` was refused; `why` says why
    - on_dtmf_event(transport, data): the caller pressed the key `tone` for `duration_ms`
    - on_transfer_result(transport, data): a transfer came to its end; `error` is `None` where it
      went well
    - on_playout_interrupted(transport, data): what the bot was saying was cut off after `heard_ms`
    """

    def __init__(
        self,
        params: SIPParams | None = None,
        *,
        call: Call | None = None,
        gateway: Gateway | None = None,
        name: str | None = None,
        input_name: str | None = None,
        output_name: str | None = None,
    ) -> None:
        """A transport for this call, or for those to come.

        Args:
            params: How calls are taken and sound.
            call: The call, where there is one already.
            gateway: What the bot dials from.
            name: Name of the transport.
            input_name: Name of the input processor.
            output_name: Name of the output processor.
        """
        super().__init__(name=name, input_name=input_name, output_name=output_name)
        self._params = params or SIPParams()
        self._gateway = gateway
        self._sessions: dict[str, CallSession] = {}
        self._factory: PipelineFactory | None = None
        self._dialling: asyncio.Task[Call] | None = None
        if call is not None:
            self._sessions[call.id] = CallSession(call, self._call_event_handler)
        for event in EVENTS:
            self._register_event_handler(event)

    @property
    def call(self) -> Call | None:
        """The call, for what Pipecat has no word for: hold, marks, headers."""
        return self._session().call

    def input(self, session_id: str | None = None) -> SIPInputTransport:
        """What the caller says and presses."""
        session = self._session(session_id)
        if session.input is None:
            session.input = SIPInputTransport(self, session, self._params, name=self._input_name)
        return session.input

    def output(self, session_id: str | None = None) -> SIPOutputTransport:
        """What the caller hears."""
        session = self._session(session_id)
        if session.output is None:
            session.output = SIPOutputTransport(self, session, self._params, name=self._output_name)
        return session.output

    def get_client_id(self, client: Mapping[str, Any]) -> str:
        """The id of a client, as it is handed to `on_client_connected`."""
        return client["id"]

    async def start_dialout(self, settings: Mapping[str, Any] | str) -> tuple[str, str | None]:
        """Calls somebody, and waits for the answer.

        Args:
            settings: Whom: a SIP URI or a number, or Daily's mapping with `sipUri` or
                `phoneNumber`, `callerId` for our own number, and `headers`.

        Returns:
            The call's id and `None`, or nothing and what went wrong.
        """
        wanted = _mapping(settings, "sipUri")
        target: str | None = wanted.get("sipUri") or wanted.get("phoneNumber")
        if self._gateway is None:
            return "", "there is no gateway to dial from: SIPTransport(params, gateway=gateway)"
        if not target:
            return "", "whom to call is not said: give `sipUri` or `phoneNumber`"
        if self._dialling is not None or self._factory is not None or self._session().call:
            return "", "this transport has a call: make another one, with its own pipeline"
        session = self._session()
        call = await self._dial(
            self._gateway.dial(target, from_=wanted.get("callerId"), headers=wanted.get("headers"))
        )
        if isinstance(call, str):
            logger.warning(f"{self}: calling {target} failed: {call}")
            await self._call_event_handler("on_dialout_error", {"errorMsg": call})
            return "", call
        self._sessions = {call.id: session}
        session.attach(call)
        return call.id, None

    async def stop_dialout(self, participant_id: str | None = None) -> str | None:
        """Hangs up, or stops ringing. What went wrong, or `None`."""
        if self._dialling is not None:
            self._dialling.cancel()
            return None
        return self._with_call(participant_id, CallSession.hang_up)

    async def send_dtmf(self, settings: Mapping[str, Any] | str) -> str | None:
        """Presses keys now, before what is queued; an `OutputDTMFFrame` presses them after it.

        Args:
            settings: The keys, or Daily's mapping with `tones`.

        Returns:
            What went wrong, or `None`.
        """
        wanted = _mapping(settings, "tones")
        tones = str(wanted.get("tones") or "")

        def press(session: CallSession) -> None:
            if session.live_call is not None:
                session.live_call.send_dtmf(tones)

        return self._with_call(wanted.get("sessionId"), press)

    async def sip_refer(self, settings: Mapping[str, Any] | str) -> str | None:
        """Moves the caller elsewhere now; a `SIPReferFrame` does once what is queued was heard.

        Args:
            settings: Where to: a SIP URI or a number, or Daily's mapping with `toEndPoint`, and
                `headers`.

        Returns:
            What went wrong, or `None` once the caller has moved.
        """
        wanted = _mapping(settings, "toEndPoint")
        target = wanted.get("toEndPoint")
        if not target:
            return "whom to transfer to is not said: give `toEndPoint`, such as sip:bob@example.com"
        try:
            session = self._session(wanted.get("sessionId"))
        except ValueError as error:
            return str(error)
        return await session.transfer(str(target), wanted.get("headers") or {})

    async def sip_call_transfer(self, settings: Mapping[str, Any] | str) -> str | None:
        """The same as `sip_refer`, under the other name that Daily's transport has for it."""
        return await self.sip_refer(settings)

    def set_pipeline_factory(self, factory: PipelineFactory) -> None:
        """Has every call of `run` served by a pipeline of its own.

        Args:
            factory: Makes the worker of a call from its `session_id`, with
                `transport.input(session_id)` and `transport.output(session_id)` in its pipeline.
                It may be a coroutine.
        """
        self._factory = factory

    async def run(self) -> None:
        """Takes calls, each with a pipeline from the factory, until this is cancelled.

        Starts a gateway where the transport was given none. A pipeline whose call is over is
        cancelled.
        """
        if self._factory is None:
            raise ValueError("whom to give calls to is not said: call set_pipeline_factory first")
        if self._gateway is not None:
            return await Reception(self._gateway, self._serve).run()
        async with await Gateway.start(self._params.configuration()) as gateway:
            self._gateway = gateway
            try:
                await Reception(gateway, self._serve).run()
            finally:
                self._gateway = None

    async def cleanup(self) -> None:
        """Waits for event handlers that run still, where there are no other calls with theirs."""
        if self._dialling is not None:
            self._dialling.cancel()
        if self._factory is None:
            await super().cleanup()

    async def _serve(self, call: Call) -> None:
        """Runs the pipeline of a call as long as that lives."""
        assert self._factory is not None
        session = self._sessions[call.id] = CallSession(call, self._call_event_handler)
        try:
            made = self._factory(call.id)
            worker = await made if inspect.isawaitable(made) else made
            session.when_over = worker.cancel
            runner = WorkerRunner(handle_sigint=False)
            await runner.add_workers(worker)
            await runner.run()
        finally:
            del self._sessions[call.id]

    def _session(self, session_id: str | None = None) -> CallSession:
        if session_id is not None:
            session = self._sessions.get(session_id)
            if session is None:
                raise ValueError(f"this transport has no call {session_id!r}")
            return session
        if not self._sessions and self._factory is None:
            # A bot that dials has its pipeline before it has a call.
            self._sessions[""] = CallSession(None, self._call_event_handler)
        if len(self._sessions) != 1:
            count = len(self._sessions)
            raise ValueError(f"this transport has {count} calls: say whose, by its session_id")
        return next(iter(self._sessions.values()))

    def _with_call(self, session_id: str | None, do: Callable[[CallSession], None]) -> str | None:
        """Does something to a call: what went wrong, or `None`."""
        try:
            session = self._session(session_id)
            if session.live_call is None:
                return "there is no call"
            do(session)
        except (ValueError, SipTransportError) as error:
            return str(error)
        return None

    async def _dial(self, dial: Coroutine[Any, Any, Call]) -> Call | str:
        """The call once it is answered, or what went wrong. `stop_dialout` ends the wait."""
        dialling = self._dialling = asyncio.create_task(dial)
        try:
            await asyncio.wait({dialling})
        finally:
            self._dialling = None
            dialling.cancel()
        if dialling.cancelled():
            return "cancelled"
        error = dialling.exception()
        return dialling.result() if error is None else str(error) or type(error).__name__


def _mapping(settings: Mapping[str, Any] | str, key: str) -> Mapping[str, Any]:
    """Daily's mapping; a string alone is the value that matters."""
    return {key: settings} if isinstance(settings, str) else settings
