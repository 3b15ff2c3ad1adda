"""Rates the comparisons of `examples/quality.rs` with narrow-band PESQ (ITU-T P.862).

usage: pesq_scores.py FOLDER

Reads FOLDER/pairs.tsv (what, voice, variant, reference file, degraded file) and prints a line for
each: what, voice, variant, PESQ score. Needs the packages `pesq` and `numpy`.
"""

import pathlib
import sys
import wave

import numpy
from pesq import pesq

RATE_HZ = 8000


def samples(path: pathlib.Path) -> numpy.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (RATE_HZ, 1), path
        return numpy.frombuffer(file.readframes(file.getnframes()), "<i2")


def main(folder: pathlib.Path) -> None:
    for line in (folder / "pairs.tsv").read_text().splitlines():
        what, voice, variant, reference, degraded = line.split("\t")
        score = pesq(RATE_HZ, samples(folder / reference), samples(folder / degraded), "nb")
        print(what, voice, variant, f"{score:.4f}", sep="\t")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
