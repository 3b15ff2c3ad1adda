//! The same over TLS.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio_rustls::TlsAcceptor;
use trunkline_testkit::{Authority, Certificate, Validity};

/// A provider of this certificate that does everything it is asked, and counts what it hears.
async fn start(certificate: Certificate) -> (Account, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(certificate.server(rustls::ALL_VERSIONS));
    let heard = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let request = read(&mut stream).await;
            if request.contains("Bearer KEY1") {
                counted.fetch_add(1, Ordering::SeqCst);
            }
            let answer = answer("200 OK", r#"{"data":{"result":"ok"}}"#);
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let account = Account::Telnyx(TelnyxAccount {
        base_url: format!("https://localhost:{port}"),
        api_key: Secret::new("KEY1"),
        connection_id: None,
    });
    (account, heard)
}

#[tokio::test]
async fn a_provider_that_proves_itself_is_asked() {
    let authority = Authority::new("ours");
    let (account, heard) = start(authority.certificate(&["localhost"], Validity::Now)).await;
    let trust = Trust::with_pem(authority.pem().as_bytes()).unwrap();
    let done = super::super::ask(&account, &hang_up(), &trust).await;
    assert_eq!(done.unwrap(), Done::Done);
    assert_eq!(heard.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_provider_that_does_not_prove_itself_is_told_nothing() {
    let (authority, stranger) = (Authority::new("ours"), Authority::new("another"));
    let trust = Trust::with_pem(authority.pem().as_bytes()).unwrap();
    for (certificate, reason) in [
        (
            stranger.certificate(&["localhost"], Validity::Now),
            "signed by nobody",
        ),
        (
            authority.certificate(&["localhost"], Validity::Expired),
            "has expired",
        ),
        (
            authority.certificate(&["api.telnyx.com"], Validity::Now),
            "for api.telnyx.com and not for localhost",
        ),
    ] {
        let (account, heard) = start(certificate).await;
        let what = hang_up();
        let asked = super::super::ask_with_pauses(&account, &what, &trust, &AT_ONCE);
        let failed = asked.await.unwrap_err();
        assert!(matches!(
            failed,
            NotDone::CannotSend(CannotSend::Tls { .. })
        ));
        let told = format!("{failed} {failed:?}");
        assert!(
            told.contains("localhost:") && told.contains(reason),
            "{told}"
        );
        assert!(!told.contains("KEY1"));
        assert_eq!(heard.load(Ordering::SeqCst), 0);
    }
}
