//! Who may use the HTTP interface. Whoever comes through a proxy is somebody else, wherever the proxy
//! stands.

use serde_json::Value;

use crate::support::{Gateway, ask_with, get};

const ADMIN: &str = "0123456789-admin";
const VIEWER: &str = "0123456789-viewer";
/// What a proxy says of the one it asks for.
const FROM_AFAR: (&str, &str) = ("X-Forwarded-For", "203.0.113.9");

/// What anybody may ask: whether the gateway lives, the pages, and what providers prove by themselves.
const OPEN: [&str; 4] = ["/health", "/ready", "/openapi.json", "/"];

fn gateway(name: &str) -> Gateway {
    let tokens = format!(
        ", api_tokens: [{{name: ops, token: {ADMIN}, role: admin}}, \
         {{name: wall, token: {VIEWER}, role: viewer}}]"
    );
    Gateway::start_with_server(name, &tokens, "")
}

/// Every method and path that the description lists, for a call that does not live.
fn described() -> Vec<(String, String)> {
    let text = include_str!("../../../../docs/openapi.json");
    let described: Value = serde_json::from_str(text).expect("JSON");
    let paths = described["paths"].as_object().expect("paths").iter();
    let each = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods").keys();
        methods.map(move |method| (method.to_owned(), path.to_owned()))
    });
    let here = |path: String| {
        path.replace("{id}", &"0".repeat(32))
            .replace("{call_id}", &"0".repeat(32))
            .replace("{verb}", "hangup")
            .replace("{account}", "AC1")
            .replace("{call}", "CA1.json")
    };
    each.map(|(method, path)| (method, here(path))).collect()
}

/// The status that somebody far away gets, with this token if any.
fn status(gateway: &Gateway, method: &str, path: &str, token: Option<&str>) -> u16 {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![FROM_AFAR];
    headers.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
    let form = (method == "post").then_some("");
    let answer = ask_with(gateway.http_port, path, &headers, form);
    answer.expect("an answer").0
}

#[test]
fn whoever_is_not_on_this_machine_needs_a_token_for_everything_that_is_not_open() {
    let gateway = gateway("access-afar");
    let mut guarded = 0;
    for (method, path) in described() {
        if path.starts_with("/sip/") || path == "/v1/events" {
            continue;
        }
        let without = status(&gateway, &method, &path, None);
        if OPEN.contains(&path.as_str()) {
            assert_eq!(without, 200, "{method} {path}");
            continue;
        }
        guarded += 1;
        assert_eq!(without, 401, "{method} {path}");
        let wrong = status(&gateway, &method, &path, Some("0123456789-nobody"));
        assert_eq!(wrong, 401, "{method} {path}");
        let admin = status(&gateway, &method, &path, Some(ADMIN));
        assert!(![401, 403].contains(&admin), "{method} {path}: {admin}");
        let viewer = status(&gateway, &method, &path, Some(VIEWER));
        let may_look = method == "get" && !path.starts_with("/ws/");
        assert_eq!(viewer == 403, !may_look, "{method} {path}: {viewer}");
    }
    assert!(guarded >= 15, "{guarded} paths are guarded");
    assert_eq!(status(&gateway, "get", "/v1/events", None), 401);
}

#[test]
fn this_machine_needs_no_token_and_a_foreign_page_in_its_browser_does() {
    let gateway = gateway("access-here");
    assert_eq!(
        get(gateway.http_port, "/v1/calls").expect("an answer").0,
        200
    );
    for foreign in [
        ("Origin", "https://evil.example.com"),
        ("Host", "evil.example.com"),
    ] {
        let headers = [foreign, ("Connection", "close")];
        let answer = ask_with(gateway.http_port, "/v1/calls", &headers, None);
        assert_eq!(answer.expect("an answer").0, 401, "{foreign:?}");
    }
    let log = gateway.log();
    assert!(!log.contains(ADMIN) && !log.contains(VIEWER), "{log}");
}
