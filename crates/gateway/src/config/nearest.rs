//! The known word that somebody may have meant.

/// The candidate that differs least, if it differs little: a third of its letters at most.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, drop, replace or swap with a neighbour (optimal string alignment).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    let mut last = None;
    for (row, letter) in from.chars().enumerate() {
        let mut line = vec![row + 1];
        for (column, wanted) in to.iter().enumerate() {
            let mut best = (above[column] + usize::from(letter != *wanted))
                .min(above[column + 1] + 1)
                .min(line[column] + 1);
            let swapped = column > 0 && last == Some(*wanted) && to[column - 1] == letter;
            if swapped {
                best = best.min(before[column - 1] + 1);
            }
            line.push(best);
        }
        before = std::mem::replace(&mut above, line);
        last = Some(letter);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_counted() {
        for (from, to, letters) in [
            ("", "", 0),
            ("port", "port", 0),
            ("prot", "port", 1),
            ("por", "port", 1),
            ("porrt", "port", 1),
            ("", "port", 4),
            ("codec", "codecs", 1),
            ("listen", "silent", 4),
        ] {
            assert_eq!(distance(from, to), letters, "{from} {to}");
        }
    }

    #[test]
    fn the_nearest_word_is_named_and_a_far_one_is_not() {
        let keys = ["listen", "rtp_ports", "codecs", "open"];
        assert_eq!(nearest("codec", keys), Some("codecs"));
        assert_eq!(nearest("RTP_Port", keys), Some("rtp_ports"));
        assert_eq!(nearest("lsiten", keys), Some("listen"));
        assert_eq!(nearest("registrar", keys), None);
    }
}
