//! A URI: printed as it was read, equal to itself, changed without becoming another.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trunkline_sip::Uri;

fuzz_target!(|text: &str| {
    let Ok(uri) = Uri::parse(text) else {
        return;
    };
    assert_eq!(uri.as_str(), text);
    assert!(uri.is_equivalent(&uri));
    let changed = uri.with_param("fuzz", Some("a b"));
    if uri.is_sip() && uri.params().count() < 63 {
        assert_eq!(changed.param("fuzz").as_deref(), Some("a b"));
        assert_eq!(changed.user(), uri.user());
        assert_eq!(changed.host(), uri.host());
        assert_eq!(changed.without_param("fuzz").param("fuzz"), None);
    }
    assert_eq!(uri.without_headers().headers().count(), 0);
});
