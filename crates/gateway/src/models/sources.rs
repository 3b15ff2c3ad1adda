//! Where wheels are looked for, in order: folders and pages of links that pip knows, then indexes.

use super::pip::Pip;
use crate::config::Variables;
use std::fmt;
use std::path::PathBuf;
use trunkline_providers::url::{Url, shown};

/// Python's own index, which is asked where no other is named.
const PYPI: &str = "https://pypi.org/simple";

/// A place where a wheel may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A page with links to files.
    Links(String),
    /// An index with a page for each project.
    Index(String),
}

/// As a log may have it: who asks is not in it.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Links(url) | Self::Index(url) => shown(url).fmt(f),
        }
    }
}

impl Source {
    /// What pip and uv are told to use; with nobody told anything, Python's own index.
    pub fn all(pip: &Pip, variables: &Variables) -> Vec<Self> {
        let mut sources: Vec<Self> = pip.list("find-links").map(Self::links).collect();
        if !pip.is_on("no-index") {
            let first = pip.value("index-url").map(str::to_owned);
            let first = first.or_else(|| of_uv(variables, &["UV_DEFAULT_INDEX", "UV_INDEX_URL"]));
            let further = pip.list("extra-index-url").map(str::to_owned);
            let of_uv = of_uv(variables, &["UV_INDEX", "UV_EXTRA_INDEX_URL"]);
            let of_uv = of_uv.unwrap_or_default();
            let of_uv = of_uv
                .split_whitespace()
                .map(|index| unnamed(index).to_owned());
            let urls = std::iter::once(first.unwrap_or_else(|| PYPI.to_owned()));
            sources.extend(urls.chain(further).chain(of_uv).map(Self::Index));
        }
        let mut once: Vec<Self> = Vec::new();
        for source in sources {
            if !once.contains(&source) {
                once.push(source);
            }
        }
        once
    }

    fn links(written: &str) -> Self {
        match Url::parse(written).map(|url| url.scheme) {
            Some("http" | "https") => Self::Links(written.to_owned()),
            _ => Self::Folder(PathBuf::from(
                written.strip_prefix("file://").unwrap_or(written),
            )),
        }
    }
}

/// The page of a project on an index. Its name is written as PEP 503 has it, as ours all are.
pub fn page_of(index: &str, project: &str) -> String {
    format!("{}/{project}/", index.trim_end_matches('/'))
}

/// The first of these variables that says something.
fn of_uv(variables: &Variables, names: &[&str]) -> Option<String> {
    let values = names.iter().filter_map(|name| variables.value(name));
    let value = { values }.find(|value| !value.trim().is_empty())?;
    Some(unnamed(value.trim()).to_owned())
}

/// uv may give an index a name: `name=https://…`.
fn unnamed(index: &str) -> &str {
    match index.split_once('=') {
        Some((name, url)) if !name.contains(':') => url,
        _ => index,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pairs: &[(&str, &str)]) -> Vec<String> {
        let pairs = [pairs, &[("PIP_CONFIG_FILE", "/dev/null")]].concat();
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let variables: Variables = pairs.into_iter().map(owned).collect();
        let sources = Source::all(&Pip::of(&variables), &variables);
        sources.iter().map(Source::to_string).collect()
    }

    #[test]
    fn python_s_own_index_is_asked_where_nobody_says_otherwise() {
        assert_eq!(told(&[]), [PYPI]);
    }

    #[test]
    fn what_pip_is_told_is_asked_in_its_order_and_once() {
        assert_eq!(
            told(&[
                (
                    "PIP_FIND_LINKS",
                    "/opt/wheels file:///srv/w https://l.example/links.html"
                ),
                ("PIP_INDEX_URL", "https://me:5ecre7@i.example/simple/"),
                (
                    "PIP_EXTRA_INDEX_URL",
                    "https://j.example/simple\nhttps://k.example/simple"
                ),
                ("UV_EXTRA_INDEX_URL", "https://k.example/simple"),
            ]),
            [
                "/opt/wheels",
                "/srv/w",
                "https://l.example/links.html",
                "https://i.example/simple/",
                "https://j.example/simple",
                "https://k.example/simple",
            ]
        );
        let only_here = [("PIP_FIND_LINKS", "/opt/wheels"), ("PIP_NO_INDEX", "1")];
        assert_eq!(told(&only_here), ["/opt/wheels"]);
    }

    #[test]
    fn what_uv_is_told_holds_where_pip_is_told_nothing() {
        let uv = [
            ("UV_DEFAULT_INDEX", "ours=https://u.example/simple"),
            (
                "UV_INDEX",
                "a=https://v.example/simple https://w.example/s?x=y",
            ),
        ];
        assert_eq!(
            told(&uv),
            [
                "https://u.example/simple",
                "https://v.example/simple",
                "https://w.example/s?…"
            ]
        );
        let both = [
            ("PIP_INDEX_URL", "https://p.example"),
            ("UV_INDEX_URL", "https://u.example"),
        ];
        assert_eq!(told(&both), ["https://p.example"]);
    }

    #[test]
    fn a_project_has_a_page_below_the_index() {
        assert_eq!(page_of("https://i/simple/", "a-b"), "https://i/simple/a-b/");
    }
}
