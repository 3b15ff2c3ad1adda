"""How the tests run a bot in a process of its own."""

from .bot import BOTS, START_S_MAX, Bot

__all__ = ["BOTS", "START_S_MAX", "Bot"]
