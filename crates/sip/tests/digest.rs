//! Digest authentication: the vectors of its RFCs, and client against server.

// Tests read fixtures and need some instant to count from.
#![allow(clippy::disallowed_methods)]

use std::time::{Duration, Instant};

use trunkline_sip::digest::{
    Account, Algorithm, Digest, DigestClient, DigestServer, NONCE_LIFETIME, NONCES_MAX, Qop,
    Refused, Verdict,
};
use trunkline_sip::{Builder, Message, Method, Name};

/// RFC 7616 §3.9.1's request.
fn rfc_7616(algorithm: Algorithm) -> Digest<'static> {
    Digest {
        algorithm,
        username: "Mufasa",
        password: "Circle of Life",
        realm: "http-auth@example.org",
        nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        qop: Some((
            Qop::Auth,
            "00000001",
            "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        )),
        method: "GET",
        uri: "/dir/index.html",
        body: b"",
    }
}

#[test]
fn the_response_of_rfc_2617_is_computed() {
    let digest = Digest {
        algorithm: Algorithm::Md5,
        username: "Mufasa",
        password: "Circle Of Life",
        realm: "testrealm@host.com",
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        qop: Some((Qop::Auth, "00000001", "0a4f113b")),
        ..rfc_7616(Algorithm::Md5)
    };
    assert_eq!(digest.response(), "6629fae49393a05397450978507c4ef1");
}

#[test]
fn the_responses_of_rfc_7616_are_computed() {
    assert_eq!(
        rfc_7616(Algorithm::Md5).response(),
        "8ca523f5e9506fed4657c9700eebdbec"
    );
    let sha_256 = "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1";
    assert_eq!(rfc_7616(Algorithm::Sha256).response(), sha_256);
}

/// The request of RFC 7616 §3.9.2. The response printed there (ae66e67d…) comes of SHA-512 cut to
/// 256 bits; SHA-512/256 begins with other values (FIPS 180-4 §5.3.6.2) and gives this one.
#[test]
fn sha_512_256_is_not_sha_512_cut_short() {
    let digest = Digest {
        username: "J\u{e4}s\u{f8}n Doe",
        password: "Secret, or not?",
        realm: "api@example.org",
        nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        qop: Some((
            Qop::Auth,
            "00000001",
            "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
        )),
        uri: "/doe.json",
        ..rfc_7616(Algorithm::Sha512_256)
    };
    assert_eq!(
        digest.response(),
        "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
    );
}

#[test]
fn the_form_of_rfc_2069_has_neither_count_nor_cnonce() {
    let ours = Digest {
        qop: None,
        ..rfc_7616(Algorithm::Md5)
    }
    .response();
    let other = Digest {
        qop: None,
        body: b"x",
        ..rfc_7616(Algorithm::Md5)
    }
    .response();
    assert_eq!(ours, other);
    assert_ne!(ours, rfc_7616(Algorithm::Md5).response());
}

#[test]
fn auth_int_covers_the_body() {
    let (_, nc, cnonce) = rfc_7616(Algorithm::Sha256).qop.unwrap();
    let of = |body| {
        let qop = Some((Qop::AuthInt, nc, cnonce));
        Digest {
            qop,
            body,
            ..rfc_7616(Algorithm::Sha256)
        }
        .response()
    };
    assert_ne!(of(b"one"), of(b"two"));
}

struct Meeting {
    server: DigestServer,
    client: DigestClient,
    now: Instant,
}

impl Meeting {
    fn new(password: &str) -> Self {
        let now = Instant::now();
        let account = Account {
            username: "1001".into(),
            password: password.into(),
            realm: None,
        };
        Self {
            server: DigestServer::new(
                "trunk \"line\"",
                vec![Algorithm::Sha256, Algorithm::Md5],
                [7; 32],
                now,
            ),
            client: DigestClient::new(account, [9; 32]),
            now,
        }
    }

    fn register() -> Message {
        Builder::request(Method::Register, "sip:example.com")
            .header(Name::Via, "SIP/2.0/UDP c;branch=z9hG4bK1")
            .header(Name::From, "<sip:1001@example.com>;tag=1")
            .header(Name::To, "<sip:1001@example.com>")
            .header(Name::CallId, "x")
            .header(Name::CSeq, "1 REGISTER")
            .build()
    }

    fn challenge(&mut self, stale: bool) -> Message {
        let mut response = Self::register().response(401, "Unauthorized");
        for challenge in self.server.challenges(self.now, stale) {
            response = response.header(Name::WwwAuthenticate, challenge);
        }
        response.build()
    }

    fn verify(&mut self, request: &Message) -> Verdict {
        let password = |user: &str| (user == "1001").then_some("secret");
        self.server.verify(self.now, request, password)
    }

    fn authorized(&mut self) -> Message {
        let challenge = self.challenge(false);
        self.client
            .take_challenge(&challenge, false)
            .expect("a challenge to answer");
        self.client.authorize(&Self::register()).expect("a request")
    }
}

fn known() -> Verdict {
    Verdict::Known {
        username: "1001".into(),
    }
}

#[test]
fn the_right_password_is_known_and_the_strongest_hash_is_used() {
    let mut meeting = Meeting::new("secret");
    let request = meeting.authorized();
    assert!(
        request
            .header(Name::Authorization)
            .unwrap()
            .contains("algorithm=SHA-256")
    );
    assert_eq!(meeting.verify(&request), known());
}

#[test]
fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let refused = Verdict::Challenge { stale: false };
    let mut meeting = Meeting::new("wrong");
    let request = meeting.authorized();
    assert_eq!(meeting.verify(&request), refused);
    let nobody = |_: &str| None::<&str>;
    assert_eq!(
        meeting.server.verify(meeting.now, &request, nobody),
        refused
    );
    assert_eq!(meeting.verify(&Meeting::register()), refused);
}

#[test]
fn credentials_are_not_taken_twice() {
    let mut meeting = Meeting::new("secret");
    let first = meeting.authorized();
    let second = meeting.client.authorize(&Meeting::register()).unwrap();
    // Two in flight may overtake each other.
    assert_eq!(meeting.verify(&second), known());
    assert_eq!(meeting.verify(&first), known());
    let stale = Verdict::Challenge { stale: true };
    assert_eq!(meeting.verify(&first), stale);
    assert_eq!(meeting.verify(&second), stale);
}

#[test]
fn an_old_nonce_is_stale_and_a_foreign_one_is_nothing() {
    let mut meeting = Meeting::new("secret");
    let request = meeting.authorized();
    meeting.now += NONCE_LIFETIME + Duration::from_millis(1);
    assert_eq!(meeting.verify(&request), Verdict::Challenge { stale: true });
    let now = meeting.now;
    meeting.server = DigestServer::new(
        "trunk \"line\"",
        vec![Algorithm::Sha256, Algorithm::Md5],
        [8; 32],
        now,
    );
    assert_eq!(
        meeting.verify(&request),
        Verdict::Challenge { stale: false }
    );
}

#[test]
fn a_nonce_forgotten_by_a_full_table_cannot_be_played_again() {
    let mut meeting = Meeting::new("secret");
    let first = meeting.authorized();
    assert_eq!(meeting.verify(&first), known());
    for _ in 0..NONCES_MAX {
        let request = meeting.authorized();
        assert_eq!(meeting.verify(&request), known());
    }
    assert_eq!(meeting.verify(&first), Verdict::Challenge { stale: true });
}

#[test]
fn a_client_without_qop_may_use_a_nonce_once() {
    let mut meeting = Meeting::new("secret");
    let challenge = meeting.challenge(false);
    let without = challenge.headers(Name::WwwAuthenticate).next().unwrap();
    let without = without.replace(", qop=\"auth\"", "");
    let challenge = challenge.edit().set(Name::WwwAuthenticate, without).build();
    meeting.client.take_challenge(&challenge, false).unwrap();
    let request = meeting.client.authorize(&Meeting::register()).unwrap();
    assert!(!request.header(Name::Authorization).unwrap().contains("qop"));
    assert_eq!(meeting.verify(&request), known());
    assert_eq!(meeting.verify(&request), Verdict::Challenge { stale: true });
}

#[test]
fn a_refused_answer_is_not_repeated_unless_the_nonce_was_stale() {
    let mut meeting = Meeting::new("secret");
    meeting.authorized();
    let fresh = meeting.challenge(true);
    assert_eq!(meeting.client.take_challenge(&fresh, true), Ok(()));
    let again = meeting.challenge(false);
    let refused = Err(Refused::WrongCredentials);
    assert_eq!(meeting.client.take_challenge(&again, true), refused);
}

#[test]
fn credentials_are_shown_to_their_realm_only() {
    let mut meeting = Meeting::new("secret");
    let account = Account {
        username: "1001".into(),
        password: "secret".into(),
        realm: Some("elsewhere".into()),
    };
    meeting.client = DigestClient::new(account, [9; 32]);
    let challenge = meeting.challenge(false);
    assert_eq!(
        meeting.client.take_challenge(&challenge, false),
        Err(Refused::OtherRealm)
    );
    assert_eq!(meeting.client.authorize(&Meeting::register()), None);
}

#[test]
fn opaque_comes_back_and_unknown_algorithms_are_passed_over() {
    let mut meeting = Meeting::new("secret");
    let challenge = meeting
        .challenge(false)
        .edit()
        .without(Name::WwwAuthenticate)
        .header(Name::WwwAuthenticate, "Bearer realm=\"r\"")
        .header(
            Name::WwwAuthenticate,
            "Digest realm=\"r\", nonce=\"n\", algorithm=SHA-3",
        )
        .header(
            Name::WwwAuthenticate,
            "Digest realm=\"r\",nonce=\"n\",opaque=\"a\\\"b, c\",qop=\"x,auth\"",
        )
        .build();
    meeting.client.take_challenge(&challenge, false).unwrap();
    let request = meeting.client.authorize(&Meeting::register()).unwrap();
    let value = request.header(Name::Authorization).unwrap();
    assert!(
        value.contains("opaque=\"a\\\"b, c\"") && value.contains("qop=auth, nc=00000001"),
        "{value}"
    );
    assert!(!value.contains("algorithm"), "{value}");
}

#[test]
fn an_account_does_not_print_its_password() {
    let account = Account {
        username: "u".into(),
        password: "hush".into(),
        realm: None,
    };
    assert!(!format!("{account:?}").contains("hush"));
}
