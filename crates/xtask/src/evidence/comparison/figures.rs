//! Rounds made into figures, and figures into rows of the table.

/// The same thing measured in several rounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rounds(pub Vec<f64>);

impl Rounds {
    /// The one in the middle; of an even number the lower of the two. `None` where nothing was
    /// measured.
    pub fn median(&self) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len().checked_sub(1)? / 2).copied()
    }

    /// Round by round, this over that.
    pub fn over(&self, other: &Self) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        Self(
            pairs
                .filter(|(_, b)| **b > 0.0)
                .map(|(a, b)| a / b)
                .collect(),
        )
    }

    /// The median, with the least and the greatest where there are several.
    pub fn in_words(&self, unit: &str) -> String {
        let Some(median) = self.median() else {
            return "not measured".to_owned();
        };
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if self.0.len() < 2 {
            return format!("{}{unit}", places(median));
        }
        format!(
            "{}{unit} ({}–{})",
            places(median),
            places(least),
            places(greatest)
        )
    }
}

/// As many places as a figure of this size deserves.
fn places(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// What a figure is held to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
        }
    }

    fn in_words(self) -> String {
        match self {
            Self::AtMost(most) => format!("≤ {}", places(most)),
            Self::AtLeast(least) => format!("≥ {}", places(least)),
        }
    }
}

/// Which figure of a row the bounds are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Trunkline over the peer.
    Ratio,
    /// Trunkline's own.
    Own,
}

/// A row of the table.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// The unit, with a space before it.
    pub unit: &'static str,
    /// Trunkline's figures.
    pub own: Rounds,
    /// The peer's.
    pub peer: Rounds,
    /// What the bounds are for.
    pub judged: Judged,
    /// What must hold.
    pub gate: Option<Bound>,
    /// What is wanted.
    pub aim: Option<Bound>,
    /// What else is to be known.
    pub note: String,
}

impl Row {
    /// Both systems' figures, of which the ratio is judged; without bounds as yet.
    pub fn compared(what: String, unit: &'static str, (own, peer): (Rounds, Rounds)) -> Self {
        Self {
            what,
            unit,
            own,
            peer,
            judged: Judged::Ratio,
            gate: None,
            aim: None,
            note: String::new(),
        }
    }

    fn value(&self) -> Option<f64> {
        match self.judged {
            Judged::Ratio => self.own.over(&self.peer).median(),
            Judged::Own => self.own.median(),
        }
    }

    /// Whether it was measured and the gate does not hold.
    pub fn is_missed(&self) -> bool {
        let gate = self.gate.zip(self.value());
        gate.is_some_and(|(gate, value)| !gate.holds(value))
    }

    fn verdict(&self) -> String {
        let verdict = match (self.value(), self.gate, self.aim) {
            (None, ..) => "not measured",
            (Some(value), _, Some(aim)) if aim.holds(value) => "aim met",
            (Some(value), Some(gate), _) if gate.holds(value) => "gate met",
            (Some(_), Some(_), _) => "MISSED",
            (Some(_), None, Some(_)) => "aim missed",
            (Some(_), None, None) => "",
        };
        match self.note.as_str() {
            "" => verdict.to_owned(),
            note if verdict.is_empty() => note.to_owned(),
            note => format!("{verdict}; {note}"),
        }
    }

    /// One line of the table.
    pub fn markdown(&self) -> String {
        let bound = |bound: Option<Bound>| bound.map_or(String::new(), Bound::in_words);
        let ratio = match self.own.over(&self.peer) {
            none if none.0.is_empty() => String::new(),
            ratio => ratio.in_words(""),
        };
        let peer = match &self.peer {
            none if none.0.is_empty() => String::new(),
            peer => peer.in_words(self.unit),
        };
        format!(
            "| {} | {} | {peer} | {ratio} | {} | {} | {} |\n",
            self.what,
            self.own.in_words(self.unit),
            bound(self.gate),
            bound(self.aim),
            self.verdict()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(own: &[f64], peer: &[f64]) -> Row {
        Row {
            what: "CPU".into(),
            unit: " ms",
            own: Rounds(own.into()),
            peer: Rounds(peer.into()),
            judged: Judged::Ratio,
            gate: Some(Bound::AtMost(0.25)),
            aim: Some(Bound::AtMost(0.125)),
            note: String::new(),
        }
    }

    #[test]
    fn the_median_of_the_ratios_decides_and_not_the_ratio_of_the_medians() {
        let row = row(&[1.0, 2.0, 3.0], &[10.0, 8.0, 3.0]);
        assert_eq!(row.own.over(&row.peer).0, [0.1, 0.25, 1.0]);
        assert_eq!(
            row.markdown(),
            "| CPU | 2.00 ms (1.00–3.00) | 8.00 ms (3.00–10.0) | 0.250 (0.100–1.00) | ≤ 0.250 | \
             ≤ 0.125 | gate met |\n"
        );
    }

    #[test]
    fn a_row_is_missed_only_where_it_was_measured() {
        assert!(row(&[1.0], &[2.0]).is_missed());
        assert!(!row(&[1.0], &[10.0]).is_missed());
        assert!(!row(&[1.0], &[]).is_missed());
        assert!(row(&[1.0], &[]).markdown().contains("not measured"));
    }
}
