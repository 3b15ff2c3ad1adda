//! What went over the wire, as a ladder.

use std::fmt::{self, Write as _};

use super::{Escaped, Sheet};
use crate::ladder::Direction;

pub(super) fn write(page: &mut String, call: &Sheet) -> fmt::Result {
    if call.ladder.is_empty() {
        return Ok(());
    }
    writeln!(
        page,
        "<section>\n<h2>On the wire</h2>\n<ol class=\"ladder\">"
    )?;
    for rung in &call.ladder {
        let way = match rung.direction {
            Direction::Out => "out",
            Direction::In => "in",
        };
        let stream = if rung.stream { " stream" } else { "" };
        writeln!(
            page,
            "<li class=\"{way}{stream}\"><span class=\"at\">{:.1} ms</span>\
             <div><span>{}</span></div></li>",
            rung.at.as_secs_f64() * 1e3,
            Escaped(&rung.text)
        )?;
    }
    writeln!(page, "</ol>\n</section>")
}
