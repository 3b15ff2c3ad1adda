//! Tables of ITU-T G.722, clause 6.2.

/// Q6, table 14: decision levels of the 6 bit quantiser's magnitude, from the second step on.
#[rustfmt::skip]
pub(super) const LOW_DECISIONS: [i16; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714,
    786, 858, 940, 1023, 1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];

/// QQ6, table 16 with its sign, by 6 bit code. Codes 0 to 3 are never sent in mode 1.
#[rustfmt::skip]
pub(super) const LOW_LEVELS_6: [i16; 64] = [
    -136, -136, -136, -136, -24808, -21904, -19008, -16704,
    -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
    -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576,
    -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728,
    24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192,
    10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456,
    4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032,
    1688, 1360, 1040, 728, 432, 136, -432, -136,
];

/// QQ4, table 16 with its sign, by the upper 4 bits of a 6 bit code.
#[rustfmt::skip]
pub(super) const LOW_LEVELS_4: [i16; 16] = [
    0, -20456, -12896, -8968, -6288, -4240, -2584, -1200,
    20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
];

/// QQ2, table 19 with its sign, by 2 bit code.
pub(super) const HIGH_LEVELS: [i16; 4] = [-7408, -1616, 7408, 1616];

/// WL through RIL4, tables 15 and 17: weights of the low band's scale, by the code's upper 4 bits.
pub(super) const LOW_WEIGHTS: [i16; 16] = [
    -60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60,
];

/// WH through IH2, table 20: weights of the high band's scale, by 2 bit code.
pub(super) const HIGH_WEIGHTS: [i16; 4] = [798, -214, 798, -214];

/// ILA, table 18: 2048 · 2^(n/32), rounded.
#[rustfmt::skip]
pub(super) const LOG_TO_LINEAR: [i16; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
    2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];
