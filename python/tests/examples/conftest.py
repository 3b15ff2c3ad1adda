"""Lets the tests of this folder import what they share with others."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "shared"))
