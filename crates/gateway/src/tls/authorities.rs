//! Whom we believe: the authorities of this machine, and those that the configuration adds.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, TrustAnchor};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tokio::task::spawn_blocking;

/// The largest file of certificates that is read: all that browsers believe is a quarter of it.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Whose certificates are believed where we connect by TLS.
#[derive(Clone, Default)]
pub struct Trust(Arc<Believed>);

#[derive(Default)]
struct Believed {
    /// Besides those of this machine.
    added: Vec<TrustAnchor<'static>>,
    /// Made at the first use: most gateways open no TLS connection.
    config: OnceLock<Arc<ClientConfig>>,
}

/// Why a file of certificates is none.
#[derive(Debug, thiserror::Error)]
pub enum BadAuthorities {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    /// It is longer than any such file is.
    #[error("it is no file, or larger than 1 MiB")]
    TooLarge,
    /// It has no certificate, or something else under that name.
    #[error("it holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// One of its certificates cannot be understood.
    #[error("its certificate {0} cannot be understood")]
    Nonsense(usize),
}

impl Trust {
    /// Believes the certificates of a PEM file besides those of this machine.
    ///
    /// # Errors
    /// Where it has none, or one that is no certificate.
    pub fn with_file(path: &Path) -> Result<Self, BadAuthorities> {
        let about = std::fs::metadata(path)?;
        if !about.is_file() || about.len() > FILE_BYTES_MAX {
            return Err(BadAuthorities::TooLarge);
        }
        Self::with_pem(&std::fs::read(path)?)
    }

    /// The same with what such a file holds.
    ///
    /// # Errors
    /// As [`Self::with_file`].
    pub fn with_pem(pem: &[u8]) -> Result<Self, BadAuthorities> {
        let mut added = RootCertStore::empty();
        for (place, read) in CertificateDer::pem_slice_iter(pem).enumerate() {
            let nonsense = || BadAuthorities::Nonsense(place + 1);
            let certificate = read.map_err(|_| nonsense())?;
            added.add(certificate).map_err(|_| nonsense())?;
        }
        if added.is_empty() {
            return Err(BadAuthorities::NoCertificate);
        }
        Ok(Self(Arc::new(Believed {
            added: added.roots,
            config: OnceLock::new(),
        })))
    }

    /// The configuration of every connection that we open: TLS 1.2 and 1.3.
    pub fn client(&self) -> Arc<ClientConfig> {
        let make = || {
            let mut roots = of_machine().clone();
            roots.extend(self.0.added.iter().cloned());
            Arc::new(believing(roots))
        };
        Arc::clone(self.0.config.get_or_init(make))
    }

    /// The same for a task on whose thread others wait: what this machine believes is read from
    /// hundreds of files at the first use.
    pub async fn client_beside(&self) -> Arc<ClientConfig> {
        if let Some(config) = self.0.config.get() {
            return Arc::clone(config);
        }
        let trust = self.clone();
        let made = spawn_blocking(move || trust.client()).await;
        made.unwrap_or_else(|_| self.client())
    }
}

impl std::fmt::Debug for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trust")
            .field("added", &self.0.added.len())
            .finish_non_exhaustive()
    }
}

/// Those that this machine believes. Where there are none and none are added, every connection
/// fails, and the log says why.
fn of_machine() -> &'static RootCertStore {
    static ROOTS: OnceLock<RootCertStore> = OnceLock::new();
    ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        let (good, bad) = roots.add_parsable_certificates(found.certs);
        if good == 0 {
            tracing::warn!(
                "this machine has no certificates to believe: install ca-certificates, set \
                 SSL_CERT_FILE, or name a file in tls.ca_file"
            );
        }
        tracing::debug!("{good} certificates are believed, {bad} could not be read");
        roots
    })
}

fn believing(roots: RootCertStore) -> ClientConfig {
    // Named, not looked up: another crate that brings another provider changes nothing here.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the suites of TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[cfg(test)]
mod tests {
    use super::*;
    use trunkline_testkit::Authority;

    #[test]
    fn a_file_of_certificates_is_believed_and_any_other_is_refused_with_the_reason() {
        let (one, other) = (Authority::new("ours"), Authority::new("another"));
        let both = format!("{}\nA comment.\n{}", one.pem(), other.pem());
        let trust = Trust::with_pem(both.as_bytes()).unwrap();
        assert_eq!(trust.0.added.len(), 2);
        let refused = |pem: &str| Trust::with_pem(pem.as_bytes()).unwrap_err().to_string();
        assert!(refused("").contains("no certificate in PEM"));
        let broken = one.pem().replacen("MII", "MIX", 1);
        let told = refused(&format!("{}{broken}", other.pem()));
        assert!(told.contains("certificate 2 cannot"), "{told}");
        let unread = Trust::with_file(Path::new("/")).unwrap_err();
        assert!(matches!(unread, BadAuthorities::TooLarge));
        let gone = Trust::with_file(Path::new("/no/such/file")).unwrap_err();
        assert!(matches!(gone, BadAuthorities::Unreadable(_)));
    }
}
