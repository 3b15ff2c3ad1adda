//! What we share with the providers of telephone numbers.

use trunkline_providers::answer::TexmlCodec;
use trunkline_providers::rest::{Account, TelnyxAccount, TwilioAccount};
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
    /// Whose REST interface is asked for things, where it is known by which account.
    pub fn account(&self, provider: Provider) -> Option<Account> {
        match provider {
            Provider::Twilio => self.twilio.account(),
            Provider::Telnyx => self.telnyx.account(),
            _ => None,
        }
    }

    /// The account that calls are placed with.
    ///
    /// # Errors
    /// Which keys are missing; nothing where calls cannot be placed there at all.
    pub fn placing(&self, provider: Provider) -> Result<Account, Option<&'static str>> {
        let missing = match provider {
            Provider::Twilio => "providers.twilio.account_sid and providers.twilio.auth_token",
            Provider::Telnyx => "providers.telnyx.api_key and providers.telnyx.connection_id",
            _ => return Err(None),
        };
        let is_whole = provider != Provider::Telnyx || self.telnyx.connection_id.is_some();
        let account = self.account(provider).filter(|_| is_whole);
        account.ok_or(Some(missing))
    }

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
#[derive(Clone, Debug)]
pub struct TwilioSettings {
    /// Whose account it is: `AC…`.
    pub account_sid: Option<String>,
    /// Signs webhooks, and opens the REST interface.
    pub auth_token: Option<Secret>,
    /// Where that interface is, without a slash at its end.
    pub base_url: String,
    /// Sign webhooks too, by their identifiers.
    pub shared_keys: Vec<(String, Secret)>,
    /// Requests from this machine need no signature.
    pub unverified: bool,
}

impl Default for TwilioSettings {
    fn default() -> Self {
        Self {
            account_sid: None,
            auth_token: None,
            base_url: "https://api.twilio.com".to_owned(),
            shared_keys: Vec::new(),
            unverified: false,
        }
    }
}

impl TwilioSettings {
    /// The account that calls are placed and moved with, if it is known.
    fn account(&self) -> Option<Account> {
        let account_sid = self.account_sid.clone()?;
        Some(Account::Twilio(TwilioAccount {
            base_url: self.base_url.clone(),
            user: account_sid.clone(),
            account_sid,
            password: self.auth_token.clone()?,
        }))
    }
}

/// Telnyx.
#[derive(Clone, Debug)]
pub struct TelnyxSettings {
    /// Verifies webhooks.
    pub public_key: Option<PublicKey>,
    /// Asks for things over Telnyx's REST interface.
    pub api_key: Option<Secret>,
    /// The Call Control application that calls are placed through.
    pub connection_id: Option<String>,
    /// Where that interface is, without a slash at its end.
    pub base_url: String,
    /// What its streams carry.
    pub codec: TexmlCodec,
    /// Requests from this machine need no signature.
    pub unverified: bool,
}

impl Default for TelnyxSettings {
    fn default() -> Self {
        Self {
            public_key: None,
            api_key: None,
            connection_id: None,
            base_url: "https://api.telnyx.com".to_owned(),
            codec: TexmlCodec::default(),
            unverified: false,
        }
    }
}

impl TelnyxSettings {
    /// The account whose calls are placed, moved and ended, if there is a key for it.
    fn account(&self) -> Option<Account> {
        let api_key = self.api_key.clone()?;
        Some(Account::Telnyx(TelnyxAccount {
            base_url: self.base_url.clone(),
            api_key,
            connection_id: self.connection_id.clone(),
        }))
    }
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
