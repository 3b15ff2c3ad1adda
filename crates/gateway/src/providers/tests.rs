//! Against a server that plays a provider: what it is sent, and what becomes of its answers.

mod tls;

use super::*;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use trunkline_providers::Secret;
use trunkline_providers::rest::{Place, TelnyxAccount, TwilioAccount};

const AT_ONCE: [Duration; 3] = [Duration::ZERO; 3];

/// A server that answers each connection with the next of these, or hangs up where there is none.
struct Provider {
    base_url: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Provider {
    async fn start(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let mut answers: Vec<String> = answers.iter().map(|answer| (*answer).to_owned()).collect();
        answers.reverse();
        let kept = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let request = read(&mut stream).await;
                kept.lock().unwrap().push(request);
                if let Some(answer) = answers.pop() {
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            }
        });
        Self { base_url, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    fn telnyx(&self) -> Account {
        Account::Telnyx(TelnyxAccount {
            base_url: self.base_url.clone(),
            api_key: Secret::new("KEY1"),
            connection_id: None,
        })
    }

    fn twilio(&self) -> Account {
        Account::Twilio(TwilioAccount {
            base_url: self.base_url.clone(),
            account_sid: "AC1".to_owned(),
            user: "AC1".to_owned(),
            password: Secret::new("s3cret"),
        })
    }
}

/// As where the gateway asks, believing whom this machine does.
async fn ask(account: &Account, what: &Ask) -> Result<Done, NotDone> {
    super::ask(account, what, &Trust::default()).await
}

async fn ask_with_pauses(
    account: &Account,
    what: &Ask,
    pauses: &[Duration],
) -> Result<Done, NotDone> {
    super::ask_with_pauses(account, what, &Trust::default(), pauses).await
}

/// A whole request: its head, and as much body as that says.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut request = Vec::new();
    loop {
        let mut bytes = [0; 4096];
        let count = stream.read(&mut bytes).await.unwrap_or(0);
        request.extend_from_slice(&bytes[..count]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let is_whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let mut lines = head.lines();
            let length = lines.find_map(|line| line.strip_prefix("content-length: "));
            length.is_some_and(|length| length.parse() == Ok(body.len()))
        });
        if is_whole || count == 0 {
            return text;
        }
    }
}

fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn hang_up() -> Ask {
    Ask::HangUp {
        call: "v3:1".to_owned(),
    }
}

fn place() -> Ask {
    Ask::Place(Place {
        to: "+1".to_owned(),
        from: "+2".to_owned(),
        answer_url: "https://a.example/a".to_owned(),
        stream_url: "wss://a.example/s".to_owned(),
        status_url: "https://a.example/b".to_owned(),
    })
}

#[tokio::test]
async fn a_hang_up_arrives_with_its_credentials() {
    let provider = Provider::start(&[&answer("200 OK", r#"{"data":{"result":"ok"}}"#)]).await;
    let done = ask(&provider.telnyx(), &hang_up()).await.unwrap();
    assert_eq!(done, Done::Done);
    let heard = provider.heard().pop().unwrap();
    assert!(
        heard.starts_with("POST /v2/calls/v3%3A1/actions/hangup HTTP/1.1\r\n"),
        "{heard}"
    );
    assert!(
        heard.contains("\r\nauthorization: Bearer KEY1\r\n"),
        "{heard}"
    );
    assert!(
        heard.contains("\r\ncontent-type: application/json\r\n"),
        "{heard}"
    );
    assert!(
        heard.ends_with("\"}") && heard.contains(r#"{"command_id":""#),
        "{heard}"
    );
}

#[tokio::test]
async fn what_was_not_done_is_asked_again_as_the_same_command() {
    let (later, fine) = (answer("503 No", ""), answer("200 OK", "{}"));
    // The second answer is lost: the connection closes without one.
    let provider = Provider::start(&[&later, "", &fine]).await;
    let done = ask_with_pauses(&provider.telnyx(), &hang_up(), &AT_ONCE)
        .await
        .unwrap();
    assert_eq!(done, Done::Done);
    let heard = provider.heard();
    assert_eq!(heard.len(), 3);
    let body = |text: &str| text.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert_eq!(body(&heard[0]), body(&heard[2]), "the same command id");
}

#[tokio::test]
async fn a_call_is_not_placed_twice_where_an_answer_was_lost() {
    let provider = Provider::start(&["", &answer("201 Created", r#"{"sid":"CA1"}"#)]).await;
    let lost = ask_with_pauses(&provider.twilio(), &place(), &AT_ONCE).await;
    assert!(matches!(
        lost,
        Err(NotDone::CannotSend(CannotSend::Exchange { .. }))
    ));
    assert_eq!(provider.heard().len(), 1);
}

#[tokio::test]
async fn too_many_requests_are_tried_later_and_a_refusal_is_not() {
    let (many, made) = (
        answer("429 Slow", ""),
        answer("201 Created", r#"{"sid":"CA1"}"#),
    );
    let provider = Provider::start(&[&many, &made]).await;
    let done = ask_with_pauses(&provider.twilio(), &place(), &AT_ONCE)
        .await
        .unwrap();
    assert_eq!(done, Done::Placed("CA1".to_owned()));
    let provider = Provider::start(&[&answer("401 No", r#"{"code":20003}"#)]).await;
    let failed = ask_with_pauses(&provider.twilio(), &hang_up(), &AT_ONCE)
        .await
        .unwrap_err();
    assert!(failed.to_string().contains("20003"), "{failed}");
    assert_eq!(provider.heard().len(), 1);
}

#[tokio::test]
async fn nobody_there_is_an_error_without_the_credentials() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let account = Account::Telnyx(TelnyxAccount {
        base_url: format!("http://{address}"),
        api_key: Secret::new("KEY1"),
        connection_id: None,
    });
    let failed = ask_with_pauses(&account, &hang_up(), &AT_ONCE)
        .await
        .unwrap_err();
    let told = format!("{failed} {failed:?}");
    assert!(
        told.contains(&address.to_string()) && !told.contains("KEY1"),
        "{told}"
    );
}

#[tokio::test]
async fn an_answer_without_end_is_not_kept() {
    let endless = answer("200 OK", &"x".repeat(100_000));
    let provider = Provider::start(&[&endless]).await;
    let failed = ask_with_pauses(&provider.telnyx(), &hang_up(), &[]).await;
    assert!(matches!(
        failed,
        Err(NotDone::CannotSend(CannotSend::Exchange { .. }))
    ));
}
