//! The parts of a URL that signatures are made of. Nothing is normalised: a signature covers the
//! letters as they were written.

/// `scheme://authority/path?query`, without its fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Url<'u> {
    /// `https`, `wss`, …
    pub scheme: &'u str,
    /// Host, and user and port where they are written.
    pub authority: &'u str,
    /// With its leading slash; empty where the URL ends with the authority.
    pub path: &'u str,
    /// Behind the question mark, if there is one.
    pub query: Option<&'u str>,
}

impl<'u> Url<'u> {
    /// Takes a URL apart; nothing where it has no scheme or no host.
    pub fn parse(text: &'u str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let rest = rest.split('#').next()?;
        let (place, query) = match rest.split_once('?') {
            Some((place, query)) => (place, Some(query)),
            None => (rest, None),
        };
        let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
        let whole = !scheme.is_empty() && !authority.is_empty();
        whole.then_some(Self {
            scheme,
            authority,
            path,
            query,
        })
    }

    /// The host, with the brackets of an IPv6 address.
    pub fn host(&self) -> &'u str {
        let place = self.authority.rsplit('@').next().unwrap_or_default();
        place.strip_suffix(self.port_suffix()).unwrap_or(place)
    }

    /// The port where one is written.
    pub fn port(&self) -> Option<u16> {
        self.port_suffix().strip_prefix(':')?.parse().ok()
    }

    /// What the scheme means where no port is written.
    pub fn port_or_default(&self) -> u16 {
        self.port().unwrap_or(match self.scheme {
            "https" | "wss" => 443,
            _ => 80,
        })
    }

    /// What a request asks for: path and query. A path is never empty there (RFC 9112 section 3.2.1).
    pub fn target(&self) -> String {
        let path = if self.path.is_empty() { "/" } else { self.path };
        let query = self.query.map(|query| format!("?{query}"));
        format!("{path}{}", query.unwrap_or_default())
    }

    /// The authority without its port.
    pub fn authority_without_port(&self) -> &'u str {
        let suffix = self.port_suffix();
        self.authority
            .strip_suffix(suffix)
            .unwrap_or(self.authority)
    }

    /// `:8443`, or nothing.
    fn port_suffix(&self) -> &'u str {
        let place = self.authority.rsplit('@').next().unwrap_or_default();
        let after_address = place.rfind(']').unwrap_or(0);
        place
            .rfind(':')
            .filter(|colon| *colon >= after_address)
            .and_then(|colon| place.get(colon..))
            .unwrap_or_default()
    }

    /// Puts the parts together again with another scheme, authority and path.
    pub(crate) fn with(&self, scheme: &str, authority: &str, path: &str) -> String {
        let query = self.query.map(|query| format!("?{query}"));
        format!("{scheme}://{authority}{path}{}", query.unwrap_or_default())
    }
}

/// A URL as a log may have it. Keys of applications are often written into their URLs, so neither
/// who stands before the host is in it, nor what stands behind the question mark.
pub fn shown(text: &str) -> String {
    let (place, has_more) = match text.find(['?', '#']) {
        Some(at) => (&text[..at], true),
        None => (text, false),
    };
    let more = if has_more { "?…" } else { "" };
    match Url::parse(place) {
        Some(url) => {
            let host = url.authority.rsplit('@').next().unwrap_or_default();
            format!("{}://{host}{}{more}", url.scheme, url.path)
        }
        None => format!("{place}{more}"),
    }
}

/// A URL as written in what was found at another one (RFC 3986 section 5.2). Nothing
/// where it is no URL of HTTP, or relative to nothing.
pub fn joined(base: Option<&str>, written: &str) -> Option<String> {
    let is_web = |url: &str| {
        let url = Url::parse(url);
        url.is_some_and(|url| matches!(url.scheme, "http" | "https"))
    };
    let clean = !written.chars().any(|c| c.is_control() || c.is_whitespace());
    let written = Some(written).filter(|written| clean && !written.is_empty())?;
    let first = written.split(['/', '?', '#']).next().unwrap_or_default();
    if first.contains(':') {
        return is_web(written).then(|| written.to_owned());
    }
    let base = Url::parse(base?)?;
    let (scheme, authority) = (base.scheme, base.authority);
    let url = match written {
        _ if written.starts_with("//") => format!("{scheme}:{written}"),
        _ if written.starts_with('/') => {
            format!("{scheme}://{authority}{}", without_dots(written))
        }
        _ if written.starts_with('?') => format!("{scheme}://{authority}{}{written}", base.path),
        _ => {
            let folder = base.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let path = without_dots(&format!("{folder}/{written}"));
            format!("{scheme}://{authority}{path}")
        }
    };
    is_web(&url).then_some(url)
}

/// A path in which `.` and `..` are followed (RFC 3986 section 5.2.4). What is behind it stays.
fn without_dots(path: &str) -> String {
    let (path, rest) = path.split_at(path.find(['?', '#']).unwrap_or(path.len()));
    let mut kept: Vec<&str> = Vec::new();
    let mut is_folder = false;
    for part in path.split('/').skip(1) {
        is_folder = matches!(part, "." | "..");
        match part {
            "." => {}
            ".." => drop(kept.pop()),
            part => kept.push(part),
        }
    }
    let end = if is_folder && !kept.is_empty() {
        "/"
    } else {
        ""
    };
    format!("/{}{end}{rest}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_a_url_is_no_key() {
        for (written, expected) in [
            ("wss://bot.example/voice", "wss://bot.example/voice"),
            (
                "wss://bot.example/voice?key=5ecre7",
                "wss://bot.example/voice?…",
            ),
            ("ws://me:5ecre7@bot.example:7860/", "ws://bot.example:7860/"),
            ("ws://me:5ecre7@[::1]/a@b#5ecre7", "ws://[::1]/a@b?…"),
            ("bot.example?5ecre7", "bot.example?…"),
            ("", ""),
        ] {
            assert_eq!(shown(written), expected);
        }
    }

    #[test]
    fn a_url_comes_apart_as_it_was_written() {
        let url = Url::parse("https://u:p@ex.com:8443/a/b?x=1&y#z").unwrap();
        assert_eq!(url.authority, "u:p@ex.com:8443");
        assert_eq!((url.host(), url.port()), ("ex.com", Some(8443)));
        assert_eq!(url.authority_without_port(), "u:p@ex.com");
        assert_eq!((url.path, url.query), ("/a/b", Some("x=1&y")));
    }

    #[test]
    fn what_is_asked_for_is_never_empty() {
        let target = |text| Url::parse(text).unwrap().target();
        assert_eq!(target("https://ex.com/a/b?x=1&y#z"), "/a/b?x=1&y");
        assert_eq!(target("https://ex.com"), "/");
        assert_eq!(target("https://ex.com?x"), "/?x");
    }

    #[test]
    fn an_address_in_brackets_is_no_port() {
        let url = Url::parse("wss://[2001:db8::1]/m").unwrap();
        assert_eq!((url.host(), url.port()), ("[2001:db8::1]", None));
        assert_eq!(url.port_or_default(), 443);
        let url = Url::parse("ws://[::1]:80").unwrap();
        assert_eq!((url.host(), url.port(), url.path), ("[::1]", Some(80), ""));
    }

    #[test]
    fn what_has_no_scheme_or_host_is_no_url() {
        for text in ["", "ex.com/a", "https://", "https:///path", "://x"] {
            assert_eq!(Url::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_found_from_where_it_stands() {
        let base = Some("https://a.example:8443/x/y?z=1");
        for (written, url) in [
            ("http://b.example/c", Some("http://b.example/c")),
            ("//b.example/c", Some("https://b.example/c")),
            ("/c?d", Some("https://a.example:8443/c?d")),
            ("c.wav", Some("https://a.example:8443/x/c.wav")),
            (
                "../c/./d.wav?e=../f",
                Some("https://a.example:8443/c/d.wav?e=../f"),
            ),
            ("../../../c/", Some("https://a.example:8443/c/")),
            ("..", Some("https://a.example:8443/")),
            ("/a/b/../c/..#..", Some("https://a.example:8443/a/#..")),
            ("?step=2", Some("https://a.example:8443/x/y?step=2")),
            ("file:///etc/passwd", None),
            ("gopher://b.example/", None),
            ("", None),
            ("a b", None),
        ] {
            assert_eq!(joined(base, written).as_deref(), url, "{written}");
        }
        assert_eq!(joined(Some("http://a"), "b").as_deref(), Some("http://a/b"));
        assert_eq!(joined(None, "/c"), None);
    }
}
