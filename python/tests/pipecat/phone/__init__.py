"""A telephone written by hand, from the RFCs alone: it shares nothing with what it calls."""

from .sound import loudness, pulse, tone_ms, tone_share
from .telephone import Refused, Telephone

__all__ = ["Refused", "Telephone", "loudness", "pulse", "tone_ms", "tone_share"]
