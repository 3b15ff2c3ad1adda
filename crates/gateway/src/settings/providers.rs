//! What we share with the providers of telephone numbers.

use trunkline_providers::answer::TexmlCodec;
use trunkline_providers::signature::telnyx::PublicKey;
use trunkline_providers::{Provider, Secret};

/// Every provider's settings. One without a credential is not configured: its webhooks are refused.
#[derive(Clone, Debug, Default)]
pub struct ProviderSettings {
    /// Twilio, or one that copies its interface.
    pub twilio: TwilioSettings,
    /// Telnyx.
    pub telnyx: TelnyxSettings,
    /// Plivo.
    pub plivo: PlivoSettings,
    /// Vobiz.
    pub vobiz: PlivoSettings,
    /// Vonage.
    pub vonage: VonageSettings,
    /// Exotel.
    pub exotel: ExotelSettings,
}

impl ProviderSettings {
    /// Whether requests of a provider are taken without proof, from this machine.
    pub fn is_unverified(&self, provider: Provider) -> bool {
        match provider {
            Provider::Twilio => self.twilio.unverified,
            Provider::Telnyx => self.telnyx.unverified,
            Provider::Plivo => self.plivo.unverified,
            Provider::Vobiz => self.vobiz.unverified,
            Provider::Vonage => self.vonage.unverified,
            Provider::Exotel => self.exotel.unverified,
        }
    }
}

/// Twilio.
#[derive(Clone, Debug, Default)]
pub struct TwilioSettings {
    /// Signs webhooks.
    pub auth_token: Option<Secret>,
    /// Sign webhooks too, by their identifiers.
    pub shared_keys: Vec<(String, Secret)>,
    /// Requests from this machine need no signature.
    pub unverified: bool,
}

/// Telnyx.
#[derive(Clone, Debug, Default)]
pub struct TelnyxSettings {
    /// Verifies webhooks.
    pub public_key: Option<PublicKey>,
    /// What its streams carry.
    pub codec: TexmlCodec,
    /// Requests from this machine need no signature.
    pub unverified: bool,
}

/// Plivo, and Vobiz.
#[derive(Clone, Debug, Default)]
pub struct PlivoSettings {
    /// Signs webhooks.
    pub auth_token: Option<Secret>,
    /// Requests from this machine need no signature.
    pub unverified: bool,
}

/// Vonage.
#[derive(Clone, Debug, Default)]
pub struct VonageSettings {
    /// Signs webhooks.
    pub signature_secret: Option<Secret>,
    /// Requests from this machine need no signature.
    pub unverified: bool,
}

/// Exotel, which sends a name and a password in place of a signature.
#[derive(Clone, Debug, Default)]
pub struct ExotelSettings {
    /// The name and the password in the URL that Exotel is given.
    pub credentials: Option<(String, Secret)>,
    /// Requests from this machine need no credentials.
    pub unverified: bool,
}
