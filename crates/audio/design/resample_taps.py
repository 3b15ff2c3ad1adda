"""Designs the resampler's prototype filters and prints them as Rust tables.

    python3 -m venv venv && venv/bin/pip install numpy scipy
    venv/bin/python crates/audio/design/resample_taps.py > crates/audio/src/resample/taps.rs

Three low-pass filters, all linear phase (Parks-McClellan):

* HALFBAND_27 and HALFBAND_31 run at 16 kHz with pass band to 3 kHz and stop band from 5 kHz. Being
  half-band, every second tap besides the centre is zero; that holds exactly, because the other taps
  are designed alone at half the rate and interleaved with zeros (Vaidyanathan and Nguyen, 1987).
* LOWPASS_95 runs at 48 kHz with pass band to 7 kHz and stop band from 9 kHz.

Every table has unity gain at 0 Hz (within its ripple) with 1.0 written as 2^24.
"""

import numpy as np
from scipy.signal import remez

ONE = 1 << 24


def half_band(taps: int, pass_edge: float, rate: float) -> np.ndarray:
    """A half-band low-pass of `taps` taps (taps % 4 == 3), cut off at rate / 4."""
    arm = remez((taps + 1) // 2, [0, 2 * pass_edge], [1], fs=rate, maxiter=1000, grid_density=64)
    filt = np.zeros(taps)
    filt[0::2] = arm / 2
    filt[taps // 2] = 0.5
    return filt


def scaled(filt: np.ndarray) -> np.ndarray:
    return np.round(filt * ONE).astype(int)


def table(name: str, doc: str, filt: np.ndarray) -> None:
    print(f"\n/// {doc}\n#[rustfmt::skip]\npub(super) const {name}: [i32; {len(filt)}] = [")
    values = scaled(filt)
    for start in range(0, len(values), 8):
        print("    " + " ".join(f"{v}," for v in values[start : start + 8]))
    print("];")


if __name__ == "__main__":
    third_band = remez(95, [0, 7000, 9000, 24000], [1, 0], fs=48000, maxiter=1000)
    print("//! Prototype filters in Q24, printed by `design/resample_taps.py`: change them there.")
    table("HALFBAND_27", "Half-band at 16 kHz, delay 13 samples: 8 kHz up to 16 kHz.", half_band(27, 3000, 16000))
    table("HALFBAND_31", "Half-band at 16 kHz, delay 15 samples: 16 kHz down to 8 kHz.", half_band(31, 3000, 16000))
    table("LOWPASS_95", "Low-pass to 8 kHz at 48 kHz, delay 47 samples: every 24 and 48 kHz ratio.", third_band)
