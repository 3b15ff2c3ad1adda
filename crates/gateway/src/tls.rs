//! TLS toward others: whom we believe.

use rustls::{ClientConfig, RootCertStore};
use std::sync::{Arc, OnceLock};

/// The configuration of every connection that we open: TLS 1.2 and 1.3, and the certificates that
/// this machine believes. They are read at the first use; where there are none, every connection
/// fails, and the log says why.
pub fn client() -> Arc<ClientConfig> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    let config = CONFIG.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        let (good, bad) = roots.add_parsable_certificates(found.certs);
        if good == 0 {
            tracing::error!(
                "this machine has no certificates to believe, so that no TLS connection can be \
                 opened: install ca-certificates, or set SSL_CERT_FILE"
            );
        }
        tracing::debug!("{good} certificates are believed, {bad} could not be read");
        Arc::new(with_roots(roots))
    });
    Arc::clone(config)
}

/// The same, believing these certificates.
pub fn with_roots(roots: RootCertStore) -> ClientConfig {
    // Named, not looked up: another crate that brings another provider changes nothing here.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the suites of TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
