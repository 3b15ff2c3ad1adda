"""One call to a bot over UDP, from INVITE to BYE."""

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Callable

from . import sip
from .rtp import Media
from .sip import Dialog, Message

HOST = "127.0.0.1"
# RFC 3261 section 17.1.1.1; the patience is longer than its 64 T1: a busy machine is no fault.
T1_S, T2_S = 0.5, 4.0
PATIENCE_S = 60.0

_numbers = itertools.count(1)


class Refused(Exception):
    """The call was not answered; the status says why."""

    def __init__(self, status: int):
        super().__init__(f"refused with {status}")
        self.status = status


class Telephone:
    """A call that was answered. It says silence until told otherwise; leave it with `hang_up`."""

    def __init__(self, port: int, user: str, name: str):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.connect((HOST, port))
        here = self._socket.getsockname()
        number = next(_numbers)
        target = f"sip:{user}@{HOST}:{port}"
        self.name = name
        self.media = Media(HOST)
        self.referred: list[str] = []
        self.declines_transfers = False
        self.ended = asyncio.Event()
        self._answered: set[tuple[str, int]] = set()
        self._responses: asyncio.Queue[Message] = asyncio.Queue()
        self._ack = b""
        self._dialog = Dialog(
            here=here,
            there=(HOST, port),
            call_id=f"{name}-{number}-{here[1]}",
            own=f"<sip:{name}@{HOST}>;tag={number}",
            remote=f"<{target}>",
            target=target,
        )
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    @classmethod
    async def dial(cls, port: int, user: str = "bot", name: str = "phone") -> "Telephone":
        """Calls, and waits for the answer."""
        phone = cls(port, user, name)
        try:
            await phone._invite()
        except BaseException:
            await phone.close()
            raise
        return phone

    async def __aenter__(self) -> "Telephone":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.hang_up()

    def say(self, audio: bytes) -> None:
        """Appends µ-law to what is to be said."""
        self.media.say(audio)

    def press(self, keys: str) -> None:
        """Presses keys, one after the other."""
        self.media.press(keys)

    @property
    def heard(self) -> bytes:
        """Everything heard so far, without its silence."""
        return b"".join(packet.payload for packet in self.media.packets if packet.sounds)

    async def until(self, what: str, is_so: Callable[[], bool]) -> None:
        """Waits for what can change only when a packet comes."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not is_so():
                    await self.media.arrival()
        except TimeoutError:
            raise AssertionError(f"{self.name} waited in vain: {what}") from None

    async def until_sounding(self, packets: int = 10) -> None:
        """Waits until so many packets in a row, the last ones, can be heard."""
        await self.until("sound", lambda: self._are_last(packets, sounding=True))

    async def until_silent(self, packets: int = 10) -> None:
        """Waits until so many packets in a row, the last ones, cannot be heard."""
        await self.until("silence", lambda: self._are_last(packets, sounding=False))

    def _are_last(self, count: int, *, sounding: bool) -> bool:
        last = self.media.packets[-count:]
        return len(last) == count and all(packet.sounds == sounding for packet in last)

    async def until_ended(self) -> None:
        """Waits for the bot's BYE."""
        try:
            await asyncio.wait_for(self.ended.wait(), PATIENCE_S)
        except TimeoutError:
            raise AssertionError(f"{self.name} waited in vain: the bot's BYE") from None

    async def hang_up(self) -> None:
        """Ends the call if the bot has not, and closes everything."""
        try:
            if not self.ended.is_set():
                self.ended.set()
                answer = await self._ask("BYE", self._dialog.request("BYE", self._branch()))
                # 481 where both hang up at once.
                assert answer.status in (200, 481), answer.first_line
        finally:
            await self.close()

    @property
    def asked(self) -> list[str]:
        """Every method the bot has asked for in this call, in order."""
        return [method for method, _ in sorted(self._answered, key=lambda pair: pair[1])]

    async def close(self) -> None:
        """Lets go of the sockets, whatever becomes of the call."""
        if self._socket.fileno() < 0:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        await self.media.close()

    async def _invite(self) -> None:
        invite = self._dialog.request(
            "INVITE",
            self._branch(),
            sip.offer(HOST, self.media.port),
            Content_Type="application/sdp",
            Allow="INVITE, ACK, BYE, CANCEL, REFER, NOTIFY, OPTIONS",
        )
        answer = await self._ask("INVITE", invite)
        self._dialog.remote = answer.headers["to"]
        if answer.status != 200:
            branch = self._branch(same=True)
            self._send(self._dialog.request("ACK", branch, sequence=answer.sequence))
            raise Refused(answer.status or 0)
        self._dialog.target = sip.address_in(answer.headers["contact"])
        self._ack = self._dialog.request("ACK", self._branch(), sequence=answer.sequence)
        self._send(self._ack)
        self.media.begin(sip.media_address(answer.body))

    async def _ask(self, method: str, request: bytes) -> Message:
        """Sends a request, again and again until something is said to it; the final response."""
        wait, provisional = T1_S, False
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if not provisional:
                    self._send(request)
                with contextlib.suppress(TimeoutError):
                    answer = await asyncio.wait_for(self._responses.get(), wait)
                    if answer.method != method:
                        continue
                    if answer.status is not None and answer.status >= 200:
                        return answer
                    provisional = True
                wait = min(2 * wait, T2_S)

    def _branch(self, *, same: bool = False) -> str:
        number = self._dialog.sequence + (0 if same else 1)
        return f"{self._dialog.call_id}-{number}"

    def _send(self, datagram: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            self._socket.send(datagram)

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while True:
                message = Message.parse(self._socket.recv(65_536))
                if message.status is None:
                    self._asked(message)
                elif message.method == "INVITE" and message.status == 200 and self._ack:
                    self._send(self._ack)
                else:
                    self._responses.put_nowait(message)

    def _asked(self, request: Message) -> None:
        answers = {"BYE": "200 OK", "OPTIONS": "200 OK", "REFER": "202 Accepted", "INFO": "200 OK"}
        if request.method == "ACK":
            return
        status = answers.get(request.method, "501 Not Implemented")
        if request.method == "REFER" and self.declines_transfers:
            status = "603 Decline"
        self._send(request.answer(status, self._dialog.contact))
        # Over UDP the same request may come twice.
        transaction = (request.method, request.sequence)
        if transaction in self._answered:
            return
        self._answered.add(transaction)
        if request.method == "BYE":
            self.ended.set()
        if request.method == "REFER":
            self.referred.append(sip.address_in(request.headers["refer-to"]))
            if not self.declines_transfers:
                self._send(self._notify("SIP/2.0 200 OK"))

    def _notify(self, outcome: str) -> bytes:
        """What became of a transfer (RFC 3515 section 2.4.5)."""
        return self._dialog.request(
            "NOTIFY",
            self._branch(),
            f"{outcome}\r\n",
            Event="refer",
            Subscription_State="terminated;reason=noresource",
            Content_Type="message/sipfrag",
        )
