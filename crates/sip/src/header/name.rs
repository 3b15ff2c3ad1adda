//! Header names: the known ones as an enum, with their compact forms.

macro_rules! names {
    ($($variant:ident $long:literal $compact:literal $list:literal;)+) => {
        /// A header this crate knows by name. Compact and long forms are the same `Name`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[allow(missing_docs)] // The spelling beside each variant is its documentation.
        pub enum Name { $($variant),+ }

        impl Name {
            /// Every known header.
            pub const ALL: &'static [Name] = &[$(Name::$variant),+];

            /// The long forms, in the order of `ALL`.
            const LONG: &'static [&'static str] = &[$($long),+];

            /// The long form, spelled as in the RFC that defines the header.
            pub const fn as_str(self) -> &'static str {
                match self { $(Name::$variant => $long),+ }
            }

            /// The one-letter form of RFC 3261 §7.3.3, if the header has one.
            pub const fn compact(self) -> Option<u8> {
                match self { $(Name::$variant => first_byte($compact)),+ }
            }

            /// Whether several values may share one line, separated by commas.
            pub const fn is_list(self) -> bool {
                match self { $(Name::$variant => $list),+ }
            }
        }
    };
}

names! {
    Accept "Accept" "" true;
    AcceptEncoding "Accept-Encoding" "" true;
    AcceptLanguage "Accept-Language" "" true;
    AlertInfo "Alert-Info" "" true;
    Allow "Allow" "" true;
    AllowEvents "Allow-Events" "u" true;
    AuthenticationInfo "Authentication-Info" "" false;
    Authorization "Authorization" "" false;
    CallId "Call-ID" "i" false;
    CallInfo "Call-Info" "" true;
    Contact "Contact" "m" true;
    ContentDisposition "Content-Disposition" "" false;
    ContentEncoding "Content-Encoding" "e" true;
    ContentLanguage "Content-Language" "" true;
    ContentLength "Content-Length" "l" false;
    ContentType "Content-Type" "c" false;
    CSeq "CSeq" "" false;
    Date "Date" "" false;
    Diversion "Diversion" "" true;
    ErrorInfo "Error-Info" "" true;
    Event "Event" "o" false;
    Expires "Expires" "" false;
    From "From" "f" false;
    HistoryInfo "History-Info" "" true;
    Identity "Identity" "y" false;
    InReplyTo "In-Reply-To" "" true;
    MaxForwards "Max-Forwards" "" false;
    MimeVersion "MIME-Version" "" false;
    MinExpires "Min-Expires" "" false;
    MinSe "Min-SE" "" false;
    Organization "Organization" "" false;
    PAssertedIdentity "P-Asserted-Identity" "" true;
    PPreferredIdentity "P-Preferred-Identity" "" true;
    Path "Path" "" true;
    Priority "Priority" "" false;
    Privacy "Privacy" "" false;
    ProxyAuthenticate "Proxy-Authenticate" "" false;
    ProxyAuthorization "Proxy-Authorization" "" false;
    ProxyRequire "Proxy-Require" "" true;
    RAck "RAck" "" false;
    Reason "Reason" "" true;
    RecordRoute "Record-Route" "" true;
    ReferSub "Refer-Sub" "" false;
    ReferTo "Refer-To" "r" false;
    ReferredBy "Referred-By" "b" false;
    RemotePartyId "Remote-Party-ID" "" true;
    Replaces "Replaces" "" false;
    ReplyTo "Reply-To" "" false;
    Require "Require" "" true;
    RetryAfter "Retry-After" "" false;
    Route "Route" "" true;
    RSeq "RSeq" "" false;
    Server "Server" "" false;
    ServiceRoute "Service-Route" "" true;
    SessionExpires "Session-Expires" "x" false;
    SipEtag "SIP-ETag" "" false;
    SipIfMatch "SIP-If-Match" "" false;
    Subject "Subject" "s" false;
    SubscriptionState "Subscription-State" "" false;
    Supported "Supported" "k" true;
    Timestamp "Timestamp" "" false;
    To "To" "t" false;
    Unsupported "Unsupported" "" true;
    UserAgent "User-Agent" "" false;
    Via "Via" "v" true;
    Warning "Warning" "" true;
    WwwAuthenticate "WWW-Authenticate" "" false;
}

const fn first_byte(text: &str) -> Option<u8> {
    text.as_bytes().first().copied()
}

impl Name {
    /// The known header spelled `text`, in either form and any case.
    pub fn parse(text: &str) -> Option<Name> {
        let at = match text.as_bytes() {
            [letter] => {
                let letter = Some(letter.to_ascii_lowercase());
                Name::ALL.iter().position(|name| name.compact() == letter)
            }
            _ => Name::LONG
                .iter()
                .position(|long| long.eq_ignore_ascii_case(text)),
        };
        Name::ALL.get(at?).copied()
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a header is looked up or written by: a known name, or any other spelling.
///
/// Everything that takes a header name takes `impl Into<Key>`, so both `Name::Contact` and
/// `"X-Account"` work; a known name given as text finds the same header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// A header of the enum.
    Known(Name),
    /// Any other header, compared without case.
    Other(&'a str),
}

impl<'a> Key<'a> {
    /// The spelling that goes on the wire.
    pub fn as_str(self) -> &'a str {
        match self {
            Key::Known(name) => name.as_str(),
            Key::Other(text) => text,
        }
    }
}

impl From<Name> for Key<'_> {
    fn from(name: Name) -> Self {
        Key::Known(name)
    }
}

impl<'a> From<&'a str> for Key<'a> {
    fn from(text: &'a str) -> Self {
        Name::parse(text).map_or(Key::Other(text), Key::Known)
    }
}
