"""As much of SIP and SDP as one call over UDP needs (RFC 3261, RFC 4566)."""

import re
from dataclasses import dataclass, field

MAGIC = "z9hG4bK"


@dataclass
class Message:
    """A request or a response; header names are in lower case, the first value of each counts."""

    first_line: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    vias: list[str] = field(default_factory=list)

    @classmethod
    def parse(cls, datagram: bytes) -> "Message":
        head, _, body = datagram.decode().partition("\r\n\r\n")
        first_line, *lines = head.split("\r\n")
        message = cls(first_line, body=body)
        for line in lines:
            name, _, value = line.partition(":")
            name, value = name.strip().lower(), value.strip()
            if name == "via":
                message.vias.append(value)
            message.headers.setdefault(name, value)
        return message

    @property
    def status(self) -> int | None:
        """The status of a response; `None` where it is a request."""
        words = self.first_line.split(" ", 2)
        return int(words[1]) if words[0] == "SIP/2.0" else None

    @property
    def method(self) -> str:
        """What is asked, or what the answer is to."""
        return self.headers["cseq"].split()[1]

    @property
    def sequence(self) -> int:
        return int(self.headers["cseq"].split()[0])

    def answer(self, status: str, contact: str) -> bytes:
        """A response to this request (RFC 3261 section 8.2.6)."""
        lines = [f"SIP/2.0 {status}", *(f"Via: {via}" for via in self.vias)]
        copied = ("From", "To", "Call-ID", "CSeq")
        lines += [f"{name}: {self.headers[name.lower()]}" for name in copied]
        lines += [f"Contact: <{contact}>", "Content-Length: 0", "", ""]
        return "\r\n".join(lines).encode()


@dataclass
class Dialog:
    """What is the same in every request of one call."""

    here: tuple[str, int]
    there: tuple[str, int]
    call_id: str
    own: str
    remote: str
    target: str
    sequence: int = 0

    @property
    def contact(self) -> str:
        return f"sip:{self.here[0]}:{self.here[1]}"

    def request(
        self,
        method: str,
        branch: str,
        body: str = "",
        *,
        sequence: int | None = None,
        **headers: str,
    ) -> bytes:
        """A request; with `sequence` one that belongs to an earlier, as ACK does."""
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        lines = [
            f"{method} {self.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.here[0]}:{self.here[1]};branch={MAGIC}{branch};rport",
            "Max-Forwards: 70",
            f"From: {self.own}",
            f"To: {self.remote}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {sequence} {method}",
            f"Contact: <{self.contact}>",
            *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
            f"Content-Length: {len(body)}",
            "",
            body,
        ]
        return "\r\n".join(lines).encode()


def offer(host: str, port: int) -> str:
    """G.711 µ-law and telephone events, both ways."""
    return (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    )


def media_address(answer: str) -> tuple[str, int]:
    """Where an answer wants its audio."""
    host = re.search(r"^c=IN IP4 (\S+)", answer, re.MULTILINE)
    port = re.search(r"^m=audio (\d+)", answer, re.MULTILINE)
    if not host or not port:
        raise ValueError(f"an answer without an address: {answer!r}")
    return host[1], int(port[1])


def address_in(contact: str) -> str:
    """The URI of a Contact or a Refer-To."""
    found = re.search(r"<([^>]+)>", contact)
    return found[1] if found else contact.split(";")[0].strip()
