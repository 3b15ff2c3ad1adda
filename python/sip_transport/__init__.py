"""`trunkline.pipecat` under the name by which some bots import it."""

from trunkline import pipecat
from trunkline.pipecat import *  # noqa: F403

__all__: list[str] = []
__all__ += pipecat.__all__
