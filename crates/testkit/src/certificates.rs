//! A certificate authority that lives as long as its test, and the servers it vouches for.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion};
use std::sync::Arc;

/// Signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// When a certificate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Now.
    Now,
    /// Until the end of the year 2000.
    Expired,
    /// From the year 3000 on.
    NotYet,
}

/// A certificate and its key.
#[derive(Debug)]
pub struct Certificate {
    der: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    /// One of this name with a key of its own, whom nobody believes yet.
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let own = params.self_signed(&key).expect("its own certificate");
        Self {
            pem: own.pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// Its own certificate, for those who are to believe it.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for these names and addresses.
    pub fn certificate(&self, names: &[&str], validity: Validity) -> Certificate {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("names of DNS, or addresses");
        match validity {
            Validity::Now => {}
            Validity::Expired => params.not_after = date_time_ymd(2000, 12, 31),
            Validity::NotYet => params.not_before = date_time_ymd(3000, 1, 1),
        }
        let key = KeyPair::generate().expect("a key");
        let signed = params.signed_by(&key, &self.issuer);
        Certificate {
            der: signed.expect("a certificate").der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        }
    }

    /// What a server needs that proves to be one of these, by any version of TLS.
    pub fn server(&self, names: &[&str]) -> Arc<ServerConfig> {
        let certificate = self.certificate(names, Validity::Now);
        certificate.server(rustls::ALL_VERSIONS)
    }
}

impl Certificate {
    /// What a server needs that shows this certificate and speaks these versions of TLS.
    pub fn server(self, versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .expect("ring has suites for every version")
            .with_no_client_auth()
            .with_single_cert(vec![self.der], self.key);
        Arc::new(config.expect("the key of the certificate"))
    }
}
