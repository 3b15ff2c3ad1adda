//! Filters, printed by `design/resample_taps.py`: change them there.

/// Bits after the point of [`ALL_PASS_EVEN`] and [`ALL_PASS_ODD`].
pub(super) const ALL_PASS_BITS: u32 = 30;

/// Half-band at 16 kHz: the chain of the even samples.
pub(super) const ALL_PASS_EVEN: [i64; 2] = [73606277, 542169830];

/// Half-band at 16 kHz: the chain of the odd samples.
pub(super) const ALL_PASS_ODD: [i64; 2] = [269928652, 872748164];

/// Low-pass to 8 kHz at 48 kHz in Q24, delay 47 samples: every 24 and 48 kHz ratio.
#[rustfmt::skip]
pub(super) const LOWPASS_95: [i32; 95] = [
    -2510, -4934, 875, 4900, 6770, -160, -9603, -11511,
    73, 16021, 18639, -76, -25016, -28625, 93, 37317,
    42188, -113, -53773, -60237, 132, 75475, 83968, -153,
    -103911, -115072, 173, 141312, 156157, -194, -191358, -211661,
    213, 260792, 290085, -230, -363743, -410171, 242, 535716,
    623089, -251, -898005, -1134315, 259, 2301615, 4619265, 5592146,
    4619265, 2301615, 259, -1134315, -898005, -251, 623089, 535716,
    242, -410171, -363743, -230, 290085, 260792, 213, -211661,
    -191358, -194, 156157, 141312, 173, -115072, -103911, -153,
    83968, 75475, 132, -60237, -53773, -113, 42188, 37317,
    93, -28625, -25016, -76, 18639, 16021, 73, -11511,
    -9603, -160, 6770, 4900, 875, -4934, -2510,
];
