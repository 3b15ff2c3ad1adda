"""Lets the tests of this folder import what they share with others."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path += [str(HERE), str(HERE.parent / "shared")]
