//! The documents that are JSON: Vonage's NCCO, and Exotel's.

use super::{Connection, Document, RATE_HZ};
use serde_json::{Map, Value, json};

/// Vonage's limit of all headers of a WebSocket together, in bytes of their JSON.
const HEADERS_BYTES_MAX: usize = 512;

/// The call ends when the stream does, since nothing follows.
pub fn ncco(connection: &Connection) -> Document {
    let endpoint = json!({
        "type": "websocket",
        "uri": connection.url,
        "content-type": format!("audio/l16;rate={RATE_HZ}"),
        "headers": headers(connection),
    });
    Document::json(&json!([{"action": "connect", "endpoint": [endpoint]}]))
}

/// As many parameters as fit.
fn headers(connection: &Connection) -> Map<String, Value> {
    let mut headers = Map::new();
    let mut room = HEADERS_BYTES_MAX - "{}".len();
    for (name, value) in connection.bounded() {
        let length = json!({name: value}).to_string().len();
        if length <= room {
            room -= length;
            headers.insert(name.to_owned(), value.into());
        }
    }
    headers
}

/// What is said; the call ends after it, since nothing follows.
pub fn talk(text: &str) -> Document {
    Document::json(&json!([{"action": "talk", "text": text}]))
}

/// Exotel asks for the URL alone, and takes the rate from its query. Who calls whom is said in
/// `start`.
pub fn exotel(connection: &Connection) -> Document {
    let url = format!("{}?sample-rate={RATE_HZ}", connection.url);
    Document::json(&json!({"url": url}))
}
