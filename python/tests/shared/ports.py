"""Ports for the programs that tests start."""

import random
import socket

# Below those that Linux gives to outgoing connections. Whoever asks at one of those whether a
# program listens there yet may be given the same port to ask from, and is connected to itself.
PORTS = range(20_000, 26_000)


def free_port() -> int:
    """A port that is free for UDP and TCP."""
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            try:
                udp.bind(("127.0.0.1", port))
                tcp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


def listens(port: int) -> bool:
    """Whether somebody takes connections at a port."""
    with socket.socket() as tcp:
        return tcp.connect_ex(("127.0.0.1", port)) == 0
