//! Where the world reaches the gateway.

use std::fmt;
use std::str::FromStr;
use trunkline_providers::url::Url;

/// The path under which older configurations wrote the whole URL of media streams.
const OLDER_PATH: &str = "/sip/media-stream";

/// The public URL of the HTTP interface: `https://voice.example.com`, without a slash at its end.
/// Signatures are verified over it, never over what a request calls its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    is_secure: bool,
    /// Host, port where it is written, and the path before ours.
    place: String,
}

/// A text that is no such URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no URL of a gateway: https:// and a host, and nothing behind a question mark")]
pub struct BadPublicUrl;

impl FromStr for PublicUrl {
    type Err = BadPublicUrl;

    fn from_str(text: &str) -> Result<Self, BadPublicUrl> {
        let url = Url::parse(text).ok_or(BadPublicUrl)?;
        let is_secure = match url.scheme {
            "https" | "wss" => true,
            "http" | "ws" => false,
            _ => return Err(BadPublicUrl),
        };
        let plain = |b: u8| b.is_ascii_graphic() && !b"@\"<>\\^`{|}#".contains(&b);
        if url.query.is_some() || url.host().is_empty() || !text.bytes().all(plain) {
            return Err(BadPublicUrl);
        }
        let path = url.path.trim_end_matches('/');
        let path = path.strip_suffix(OLDER_PATH).unwrap_or(path);
        Ok(Self {
            is_secure,
            place: format!("{}{path}", url.authority),
        })
    }
}

impl PublicUrl {
    /// Where a request to this path and query was addressed.
    pub fn web(&self, path_and_query: &str) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        format!("{scheme}://{}{path_and_query}", self.place)
    }

    /// Where a WebSocket at this path is opened.
    pub fn socket(&self, path: &str) -> String {
        let scheme = if self.is_secure { "wss" } else { "ws" };
        format!("{scheme}://{}{path}", self.place)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.web(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_gives_urls_of_both_kinds() {
        let url: PublicUrl = "https://voice.example.com:8443/gw/".parse().unwrap();
        assert_eq!(url.web("/a?b=c"), "https://voice.example.com:8443/gw/a?b=c");
        assert_eq!(url.socket("/m"), "wss://voice.example.com:8443/gw/m");
        assert_eq!(url.to_string(), "https://voice.example.com:8443/gw");
    }

    #[test]
    fn the_older_spelling_with_the_streams_path_means_the_same() {
        let older: PublicUrl = "wss://voice.example.com/sip/media-stream".parse().unwrap();
        assert_eq!(older, "https://voice.example.com".parse().unwrap());
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "voice.example.com",
            "ftp://voice.example.com",
            "https://",
            "https://:443",
            "https://a.example/?x",
            "https://user@a.example",
            "https://a b",
            "https://a.example/\"",
        ] {
            assert_eq!(text.parse::<PublicUrl>(), Err(BadPublicUrl), "{text}");
        }
    }
}
