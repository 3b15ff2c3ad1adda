"""Designs the resampler's prototype filters and prints them as Rust tables.

    python3 -m venv venv && venv/bin/pip install numpy scipy
    venv/bin/python crates/audio/design/resample_taps.py > crates/audio/src/resample/taps.rs

Two low-pass filters:

* ALL_PASS_EVEN and ALL_PASS_ODD are an elliptic half-band filter at 16 kHz, pass band to 3 kHz and
  stop band from 5 kHz, as two chains of all-pass sections at 8 kHz. A half-band filter is its own
  complement, so its ripples are tied to each other (|H(f)|^2 + |H(8 kHz - f)|^2 = 1); then all poles
  lie on the imaginary axis, and their squared magnitudes, in turn, are the sections' coefficients.
* LOWPASS_95 runs at 48 kHz with pass band to 7 kHz and stop band from 9 kHz; linear phase
  (Parks-McClellan).

Both have unity gain at 0 Hz (within their ripple). 1.0 is written as 2^30 and 2^24.
"""

import numpy as np
from scipy.optimize import brentq
from scipy.signal import ellip, remez
from scipy.special import ellipk

ONE = 1 << 24
ALL_PASS_BITS = 30


def all_pass(order: int, pass_edge: float, rate: float) -> list[float]:
    """The coefficients of a half-band elliptic low-pass, smallest first."""
    k = np.tan(np.pi * pass_edge / rate) ** 2

    def degree(exponent: float) -> float:
        k1 = 10**exponent
        return order * ellipk(1 - k * k) / ellipk(k * k) - ellipk(1 - k1 * k1) / ellipk(k1 * k1)

    # The ripple that makes the filter its own complement, from the degree equation.
    ripple = 10 ** brentq(degree, -14, -0.01)
    attenuation = 10 * np.log10(1 + 1 / ripple)
    _, denominator = ellip(order, 10 * np.log10(1 + ripple), attenuation, 2 * pass_edge / rate)
    return sorted(abs(pole) ** 2 for pole in np.roots(denominator) if pole.imag > 1e-6)


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
    print("//! Filters, printed by `design/resample_taps.py`: change them there.")
    even, odd = (all_pass(9, 3000, 16000)[start::2] for start in (0, 1))
    print(f"\n/// Bits after the point of [`ALL_PASS_EVEN`] and [`ALL_PASS_ODD`].")
    print(f"pub(super) const ALL_PASS_BITS: u32 = {ALL_PASS_BITS};")
    for name, chain in (("EVEN", even), ("ODD", odd)):
        values = ", ".join(str(round(a * (1 << ALL_PASS_BITS))) for a in chain)
        print(f"\n/// Half-band at 16 kHz: the chain of the {name.lower()} samples.")
        print(f"pub(super) const ALL_PASS_{name}: [i64; {len(chain)}] = [{values}];")
    table("LOWPASS_95", "Low-pass to 8 kHz at 48 kHz in Q24, delay 47 samples: every 24 and 48 kHz ratio.", third_band)
