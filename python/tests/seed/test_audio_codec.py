"""The codec: G.711, the rates, and streams that are cut anywhere."""

from __future__ import annotations

import math

import pytest
from sound import samples, tone

from sip_voice_transport import (
    AudioCodec,
    AudioCodecError,
    alaw_decode,
    alaw_encode,
    base64_decode_audio,
    base64_encode_audio,
    mulaw_decode,
    mulaw_encode,
    resample,
)


def error_db(heard: tuple[int, ...], said: tuple[int, ...]) -> float:
    """The error of ``heard`` under ``said``, in dB."""
    wrong = sum((a - b) ** 2 for a, b in zip(heard, said, strict=True))
    return 10 * math.log10(sum(a**2 for a in said) / max(wrong, 1))


def best_error_db(heard: tuple[int, ...], said: tuple[int, ...]) -> float:
    """The same at the delay of the filters, which is below 2 ms, past their settling."""
    size = len(said) - 400
    return max(
        error_db(heard[200 + lag : 200 + lag + size], said[200 : 200 + size]) for lag in range(64)
    )


def test_a_code_is_a_byte_and_a_sample_two() -> None:
    assert len(mulaw_encode(bytes(320))) == 160
    assert len(mulaw_decode(bytes(160))) == 320
    assert len(alaw_encode(bytes(320))) == 160
    assert len(alaw_decode(bytes(160))) == 320


def test_silence_stays_silence() -> None:
    assert mulaw_encode(bytes(4)) == b"\xff\xff"
    assert max(map(abs, samples(mulaw_decode(mulaw_encode(bytes(320)))))) == 0
    # A-law has no zero.
    assert max(map(abs, samples(alaw_decode(alaw_encode(bytes(320)))))) == 8


@pytest.mark.parametrize(
    ("encode", "decode"), [(mulaw_encode, mulaw_decode), (alaw_encode, alaw_decode)]
)
def test_there_and_back_is_as_good_as_g711_is(encode, decode) -> None:  # type: ignore[no-untyped-def]
    for amplitude in (300, 1000, 8000, 16000):
        said = tone(440, 0.5, 8000, amplitude)
        heard = decode(encode(said))
        assert max(abs(a - b) for a, b in zip(samples(heard), samples(said), strict=True)) < 1000
        assert error_db(samples(heard), samples(said)) > 28


def test_known_codes_of_g711() -> None:
    # ITU-T G.191: the largest of both signs, the smallest, and the two zeros.
    ends = b"\xff\x7f\x00\x80\x04\x00\xfb\xff\x00\x00\xff\xff"
    assert mulaw_encode(ends) == b"\x80\x00\xfe\x7e\xff\x7f"
    assert samples(mulaw_decode(b"\x80\x00\xfe\x7e\xff\x7f")) == (32124, -32124, 8, -8, 0, 0)


def test_half_a_sample_of_a_recording_is_an_error() -> None:
    for convert in (mulaw_encode, alaw_encode, lambda pcm: resample(pcm, 8000, 16000)):
        with pytest.raises(AudioCodecError, match="3 bytes"):
            convert(b"abc")


def test_other_rates_have_other_lengths() -> None:
    assert len(resample(bytes(320), 8000, 16000)) == 640
    assert len(resample(bytes(640), 16000, 8000)) == 320
    assert len(resample(bytes(960), 24000, 8000)) == 320
    assert len(resample(bytes(960), 24000, 48000)) == 1920
    said = tone(440, 0.1, 16000)
    assert resample(said, 16000, 16000) == said


def test_a_rate_without_a_filter_is_an_error_that_says_which_have_one() -> None:
    with pytest.raises(AudioCodecError, match=r"11025.*8000, 16000, 24000 or 48000"):
        resample(bytes(2), 11025, 16000)
    with pytest.raises(AudioCodecError):
        AudioCodec(-1, "l16")


@pytest.mark.parametrize(("hz", "least_db"), [(440, 50), (1000, 50), (3000, 40)])
def test_a_stream_in_pieces_sounds_like_the_whole(hz: int, least_db: int) -> None:
    codec = AudioCodec(8000, "l16")
    said = tone(hz, 0.5, 8000)
    pieces = [said[at : at + 320] for at in range(0, len(said), 320)]
    heard = b"".join(codec.decode_to_canonical(piece) for piece in pieces)
    assert heard == resample(said, 8000, 16000)
    assert best_error_db(samples(heard), samples(tone(hz, 0.5, 16000))) > least_db


def test_what_a_telephone_cannot_carry_is_filtered_out() -> None:
    high = samples(resample(tone(6000, 0.5, 16000), 16000, 8000))
    # An alias of 6 kHz would be heard at 2 kHz.
    assert max(map(abs, high[100:])) < 8


def test_pieces_may_be_cut_between_the_bytes_of_a_sample() -> None:
    said = tone(440, 0.1, 8000)
    whole = AudioCodec(8000, "l16").decode_to_canonical(said)
    codec = AudioCodec(8000, "l16")
    pieces = [said[at : at + 7] for at in range(0, len(said), 7)]
    assert b"".join(codec.decode_to_canonical(piece) for piece in pieces) == whole


def test_the_same_format_is_a_no_op_and_any_other_is_not() -> None:
    linear = AudioCodec(16000, "l16")
    assert linear.is_noop
    assert linear.decode_to_canonical(b"abc") == b"abc"
    assert linear.encode_from_canonical(b"abc") == b"abc"
    assert AudioCodec(8000, "mulaw", 8000, "PCMU").is_noop
    for rate, encoding in [(8000, "mulaw"), (8000, "l16"), (16000, "mulaw"), (16000, "pcm_s16be")]:
        assert not AudioCodec(rate, encoding).is_noop


def test_twilios_format_becomes_the_canonical_one_and_back() -> None:
    codec = AudioCodec(8000, "mulaw")
    said = tone(440, 0.02, 8000)
    heard = codec.decode_to_canonical(mulaw_encode(said))
    assert len(heard) == 640
    assert len(codec.encode_from_canonical(heard)) == 160


def test_pcmu_is_not_taken_for_linear_pcm() -> None:
    assert len(AudioCodec(8000, "PCMU", 8000).decode_to_canonical(b"\xff" * 160)) == 320
    assert AudioCodec(8000, "PCMA", 8000).decode_to_canonical(b"\xd5") == b"\x08\x00"


def test_network_order_is_turned_round() -> None:
    codec = AudioCodec(16000, "pcm_s16be")
    assert codec.decode_to_canonical(b"\x01\x02") == b"\x02\x01"
    assert codec.encode_from_canonical(b"\x02\x01") == b"\x01\x02"


@pytest.mark.parametrize("encoding", ["mp3", "", "AMR-WB", "opus"])
def test_an_unknown_encoding_is_an_error(encoding: str) -> None:
    with pytest.raises(AudioCodecError, match="l16, mulaw or alaw"):
        AudioCodec(8000, encoding)


def test_base64_there_and_back() -> None:
    assert base64_encode_audio(b"\x00\x01\xff") == "AAH/"
    assert base64_decode_audio("AAH/") == b"\x00\x01\xff"
    for bad in ("AAH", "%%%%", "AA\nH/", "\u00e4AAA"):
        with pytest.raises(AudioCodecError):
            base64_decode_audio(bad)
