//! Every key a configuration may have, mapping by mapping.

/// The keys of one mapping.
#[derive(Debug)]
pub struct Keys {
    /// Where the mapping stands: `sip`, `trunks.NAME`, `routes[]`; nothing for the file itself.
    pub mapping: &'static str,
    /// Keys that are read.
    pub known: &'static [&'static str],
    /// Keys of the whole product that this build does not have yet. They are refused by name, so
    /// that nobody believes that they do something.
    pub later: &'static [&'static str],
}

macro_rules! keys {
    ($($name:ident $mapping:literal [$($known:literal)*] later [$($later:literal)*];)*) => {
        $(
            #[doc = concat!("The keys of `", $mapping, "`.")]
            pub const $name: Keys = Keys {
                mapping: $mapping,
                known: &[$($known),*],
                later: &[$($later),*],
            };
        )*
        /// Every mapping.
        pub const ALL: &[&Keys] = &[$(&$name),*];
    };
}

keys! {
    FILE "" [
        "server" "sip" "streams" "dial" "trunks" "providers" "default_country" "time_zone" "dids"
        "routes" "apps" "tls" "fetch" "speech" "prompts" "limits" "records" "shards" "server_host" "server_port" "log_level"
        "public_ws_url" "provider" "provider_config"
    ] later ["pbx" "store" "bus"];
    OLDER_PROVIDERS "provider_config" ["twilio" "telnyx"] later [];
    OLDER_TWILIO "provider_config.twilio" ["account_sid" "auth_token"] later [];
    OLDER_TELNYX "provider_config.telnyx" ["api_key" "app_id"] later [];
    SERVER "server" ["host" "port" "public_url" "api_tokens"] later ["tls"];
    TOKEN "server.api_tokens[]" ["name" "token" "role"] later [];
    SIP "sip" [
        "listen" "rtp_ports" "external_address" "codecs" "open" "users" "digest" "dns"
        "rtp_timeout" "ring_timeout"
    ] later ["tls" "srtp"];
    USER "sip.users[]" ["name" "password"] later [];
    STREAMS "streams" ["audiosocket"] later [];
    DIAL "dial" ["allow"] later [];
    TRUNK "trunks.NAME" ["host" "port" "transport" "register" "username" "password"] later [];
    PROVIDERS "providers" ["twilio" "telnyx" "plivo" "vobiz" "vonage" "exotel"] later [];
    TWILIO "providers.twilio" ["account_sid" "auth_token" "base_url" "shared_keys" "verify"] later [];
    SHARED_KEY "providers.twilio.shared_keys[]" ["id" "secret"] later [];
    TELNYX "providers.telnyx" [
        "public_key" "api_key" "connection_id" "base_url" "codec" "verify"
    ] later [];
    PLIVO "providers.plivo" ["auth_token" "verify"] later [];
    VOBIZ "providers.vobiz" ["auth_token" "verify"] later [];
    VONAGE "providers.vonage" ["signature_secret" "verify"] later [];
    EXOTEL "providers.exotel" ["username" "password" "verify"] later [];
    DID "dids.NUMBER" [
        "app" "user_id" "display_name" "llm_model" "system_prompt" "tts_voice"
    ] later [];
    ROUTE "routes[]" [
        "to" "from" "trunk" "provider" "user" "header" "source" "time" "app" "parameters"
    ] later [];
    APP "apps.NAME" [
        "type" "role" "url" "protocol" "sample_rate" "codec" "bidirectional_codec" "answer"
        "on_lost" "stt" "llm" "tts" "realtime" "barge_in" "greeting" "prompt" "end_of_turn"
        "silence" "silence_prompts" "longest" "phrases" "transfers" "tools"
    ] later [];
    AGENT_STT "apps.NAME.stt" ["type" "url" "key" "model" "language"] later [];
    AGENT_LLM "apps.NAME.llm" ["type" "url" "key" "model" "hours"] later [];
    AGENT_TTS "apps.NAME.tts" ["type" "url" "key" "model" "voice" "rate" "speed" "command"] later [];
    AGENT_REALTIME "apps.NAME.realtime" ["type" "url" "key" "model" "voice"] later [];
    AGENT_PHRASES "apps.NAME.phrases" [
        "wait" "sorry" "failure" "silence" "farewell" "hand_over" "not_reached"
    ] later [];
    AGENT_TOOL "apps.NAME.tools.NAME" ["url" "key" "description" "parameters"] later [];
    ON_LOST "apps.NAME.on_lost" ["within" "music" "prompt"] later [];
    TLS "tls" ["ca_file"] later [];
    FETCH "fetch" ["allow"] later [];
    SPEECH "speech" ["command"] later [];
    LIMITS "limits" ["calls" "call_duration" "app_deaf" "requests_per_source"] later [];
    RECORDS "records" ["file"] later [];
}
