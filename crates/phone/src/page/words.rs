//! What was said, one below the other.

use std::fmt::{self, Write as _};

use super::{Clock, Escaped, Said, Sheet};

pub(super) fn write(page: &mut String, call: &Sheet) -> fmt::Result {
    if call.said.is_empty() {
        return Ok(());
    }
    writeln!(
        page,
        "<section>\n<h2>What was said</h2>\n<ol class=\"words\">"
    )?;
    for said in &call.said {
        write_said(page, said)?;
    }
    writeln!(page, "</ol>\n</section>")
}

fn write_said(page: &mut String, said: &Said) -> fmt::Result {
    let (who, text) = (said.who.word(), Escaped(&said.text));
    write!(
        page,
        "<li class=\"{who}\" data-at=\"{:.3}\"><span class=\"at\">{}</span><div><p>{text}",
        said.from.as_secs_f64(),
        Clock(said.from)
    )?;
    if said.cut {
        write!(page, " <em class=\"cut\">interrupted</em>")?;
    }
    write!(page, "</p>")?;
    if let Some(understood) = &said.understood {
        write!(page, "<p class=\"understood\">")?;
        match understood.is_empty() {
            true => write!(page, "nothing was understood")?,
            false => write!(page, "understood: {}", Escaped(understood))?,
        }
        if let Some(wer) = said.wer {
            let class = if wer > 0.0 { "wrong" } else { "right" };
            let percent = wer * 100.0;
            write!(page, " <span class=\"{class}\">WER {percent:.0} %</span>")?;
        }
        write!(page, "</p>")?;
    }
    writeln!(page, "</div></li>")
}
