//! The page of a project on a package index: PEP 503 in HTML, and PEP 691 in JSON.

use serde_json::Value;
use trunkline_providers::url::joined;

/// What an index is asked for: the JSON rather than the HTML, and any HTML rather than nothing.
pub const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, \
                          application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";
/// The longest page that is read; that of a project with a thousand releases is a tenth of it.
pub const PAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Links of a page that are looked at.
const LINKS_MAX: usize = 100_000;

/// A file that a page names.
#[derive(Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it is.
    pub url: String,
    /// Its SHA-256 as the page has it, in lower case.
    pub sha256: Option<String>,
}

/// The file of this name on a page that was found at `url`; nothing where it is not there.
pub fn find(page: &[u8], content_type: &str, url: &str, file: &str) -> Option<Link> {
    let is_json = content_type.to_ascii_lowercase().contains("json");
    let (written, sha256) = match is_json {
        true => in_json(page, file)?,
        false => in_html(&String::from_utf8_lossy(page), file)?,
    };
    Some(Link {
        url: joined(Some(url), &written)?,
        sha256: sha256.map(|hash| hash.to_ascii_lowercase()),
    })
}

fn in_json(page: &[u8], file: &str) -> Option<(String, Option<String>)> {
    let page: Value = serde_json::from_slice(page).ok()?;
    let files = page["files"].as_array()?;
    let found = files.iter().find(|entry| entry["filename"] == file)?;
    let hash = found["hashes"]["sha256"].as_str().map(str::to_owned);
    Some((found["url"].as_str()?.to_owned(), hash))
}

fn in_html(page: &str, file: &str) -> Option<(String, Option<String>)> {
    let links = anchors(page).take(LINKS_MAX).filter_map(href);
    // The path ends with the name of the file, and the fragment may be its hash.
    let mut named = links.filter(|link| {
        let path = link.split(['#', '?']).next().unwrap_or_default();
        path.rsplit('/').next() == Some(file)
    });
    let link = named.next()?;
    let (_, fragment) = link.split_once('#').unwrap_or((&link, ""));
    let hash = fragment
        .split('&')
        .find_map(|part| part.strip_prefix("sha256="));
    let hash = hash.map(str::to_owned);
    Some((link, hash))
}

/// What stands inside `<a …>`.
fn anchors(page: &str) -> impl Iterator<Item = &str> {
    let tags = page.split('<').skip(1);
    tags.filter_map(|tag| {
        let name = tag.get(..1)?;
        let rest = tag.get(1..)?;
        let is_anchor =
            name.eq_ignore_ascii_case("a") && rest.starts_with(|c: char| c.is_whitespace());
        is_anchor.then_some(rest)
    })
}

/// The value of `href` in a tag, which stands in quotes.
fn href(tag: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let at = lower.find("href")? + "href".len();
    let value = tag.get(at..)?.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let value = value.get(1..)?.split(quote).next()?;
    Some(value.replace("&#43;", "+").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://index.example/simple/a-b/";
    const HTML: &str = r##"<!DOCTYPE html>
        <html><head><meta name="pypi:repository-version" content="1.1"><abbr href="a_b-1.whl"></head>
        <body><h1>Links for a-b</h1>
        <a href="https://files.example/x/a_b-1.tar.gz#sha256=00">a_b-1.tar.gz</a><br/>
        <A data-requires-python="&gt;=3.9"
           HREF = '../../packages/a_b-1.whl?x=1&amp;y=2#sha256=ABcd&egg=a'>a_b-1.whl</A>
        <a href="a_b-2.whl">a_b-2.whl</a></body></html>"##;

    fn in_page(page: &str, kind: &str, file: &str) -> Option<(String, Option<String>)> {
        let found = find(page.as_bytes(), kind, URL, file);
        found.map(|link| (link.url.split('#').next().unwrap().to_owned(), link.sha256))
    }

    #[test]
    fn a_file_is_found_in_html() {
        let found = |file| in_page(HTML, "text/html; charset=utf-8", file);
        let (url, hash) = found("a_b-1.whl").unwrap();
        assert_eq!(url, "https://index.example/packages/a_b-1.whl?x=1&y=2");
        assert_eq!(hash.as_deref(), Some("abcd"));
        let (url, hash) = found("a_b-2.whl").unwrap();
        assert_eq!(
            (url.as_str(), hash),
            ("https://index.example/simple/a-b/a_b-2.whl", None)
        );
        assert_eq!(found("b-1.whl"), None);
        assert_eq!(found(""), None);
    }

    #[test]
    fn a_file_is_found_in_json() {
        let page = r#"{"meta":{"api-version":"1.1"},"name":"a-b","files":[
            {"filename":"a_b-1.tar.gz","url":"x","hashes":{}},
            {"filename":"a_b-1.whl","url":"https://files.example/a_b-1.whl","size":3,
             "hashes":{"sha256":"ABCD"}}]}"#;
        let kind = "application/vnd.pypi.simple.v1+json";
        let (url, hash) = in_page(page, kind, "a_b-1.whl").unwrap();
        assert_eq!(url, "https://files.example/a_b-1.whl");
        assert_eq!(hash.as_deref(), Some("abcd"));
        assert_eq!(in_page(page, kind, "a_b-2.whl"), None);
        assert_eq!(in_page("[]", kind, "a_b-1.whl"), None);
        assert_eq!(in_page("{\"files\":[{}]}", kind, "a_b-1.whl"), None);
    }

    #[test]
    fn a_link_that_is_none_of_the_web_is_not_followed() {
        let page = r#"<a href="file:///etc/a.whl">a.whl</a>"#;
        assert_eq!(in_page(page, "text/html", "a.whl"), None);
        for broken in [
            "<a href=a.whl>",
            "<a href",
            "<a href=\"",
            "<a ",
            "<",
            "<é href='a.whl'>",
        ] {
            assert_eq!(in_page(broken, "text/html", "a.whl"), None, "{broken}");
        }
    }
}
