//! Limits, clock, firewall and disk of this machine.

use super::Finding;
use super::ports::Ephemeral;
use crate::gateway::{DESCRIPTORS_A_CALL, DESCRIPTORS_RESERVED};
use crate::models::{MODELS, State, Store};
use crate::net;
use crate::settings::Settings;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use trunkline_call::record::rfc3339;

/// 2025-01-01, before which this program was not.
const BUILT_AFTER: Duration = Duration::from_secs(1_735_689_600);
/// 2100-01-01.
const BUILT_BEFORE: Duration = Duration::from_secs(4_102_444_800);

/// What Linux says of the ports it hands out.
pub fn ephemeral_ports() -> Option<Ephemeral> {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let (first, last) = text.trim().split_once(char::is_whitespace)?;
    let reserved = fs::read_to_string("/proc/sys/net/ipv4/ip_local_reserved_ports");
    Some(Ephemeral {
        range: first.parse().ok()?..=last.trim().parse().ok()?,
        reserved: ranges(&reserved.unwrap_or_default()),
    })
}

/// Reads `8080,10000-20000`.
fn ranges(text: &str) -> Vec<RangeInclusive<u16>> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    text.trim().split(',').filter_map(range).collect()
}

/// How many descriptors this process may have.
pub fn descriptor_limit() -> Option<u64> {
    net::raise_descriptor_limit().ok()
}

pub fn descriptors(calls: usize, limit: Option<u64>) -> Finding {
    let Some(limit) = limit else {
        return Finding::good("descriptors", "this system does not say how many it gives");
    };
    let calls = u64::try_from(calls).unwrap_or(u64::MAX);
    let needed = calls
        .saturating_mul(DESCRIPTORS_A_CALL)
        .saturating_add(DESCRIPTORS_RESERVED);
    if limit >= needed {
        return Finding::good(
            "descriptors",
            format!("{limit}, {needed} are needed for {calls} calls"),
        );
    }
    Finding::warning(
        "descriptors",
        format!("{limit} are given, {needed} are needed for {calls} calls"),
        format!("`ulimit -Hn {needed}`, or LimitNOFILE={needed} in the unit of systemd"),
    )
}

pub fn clock(now: SystemTime) -> Finding {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    if (BUILT_AFTER..BUILT_BEFORE).contains(&since) {
        return Finding::good("clock", format!("it is {}", rfc3339(now)));
    }
    Finding::wrong(
        "clock",
        format!("the clock says {}: records will lie", rfc3339(now)),
        "`timedatectl set-ntp true`",
    )
}

/// Which firewalls are on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Firewalls {
    ufw: bool,
    firewalld: bool,
}

impl Firewalls {
    /// Those of this machine, as far as anybody may see.
    pub fn here() -> Self {
        let ufw = fs::read_to_string("/etc/ufw/ufw.conf").unwrap_or_default();
        Self {
            ufw: ufw
                .lines()
                .any(|line| line.trim().eq_ignore_ascii_case("ENABLED=yes")),
            firewalld: Path::new("/run/firewalld.pid").exists(),
        }
    }
}

pub fn firewall(settings: &Settings, firewalls: &Firewalls) -> Finding {
    let sip = &settings.sip;
    if sip
        .listen
        .iter()
        .all(|listen| listen.address.ip().is_loopback())
    {
        return Finding::good(
            "firewall",
            "SIP is taken on loopback only, where none stands",
        );
    }
    let (first, last) = (sip.rtp_ports.start(), sip.rtp_ports.end());
    let port = sip
        .listen
        .first()
        .map_or(5060, |listen| listen.address.port());
    let (name, remedy) = match firewalls {
        Firewalls { ufw: true, .. } => (
            "ufw",
            format!("`ufw allow {port}` and `ufw allow {first}:{last}/udp`"),
        ),
        Firewalls {
            firewalld: true, ..
        } => (
            "firewalld",
            format!(
                "`firewall-cmd --permanent --add-port={port}/udp --add-port={port}/tcp \
                 --add-port={first}-{last}/udp` and `firewall-cmd --reload`"
            ),
        ),
        _ => {
            return Finding::good(
                "firewall",
                format!(
                    "neither ufw nor firewalld is on; a firewall before this machine must let through port {port} and UDP {first}-{last}"
                ),
            );
        }
    };
    Finding::warning(
        "firewall",
        format!("{name} is on: calls come in only if it lets them through"),
        remedy,
    )
}

/// Whether the models are here that the voice agent runs where it is told no server.
pub fn models(store: &Store) -> Finding {
    let folder = store.folder().display();
    let (mut names, mut worst) = (Vec::new(), State::Ready);
    for model in MODELS {
        let state = store.state(model);
        if state != State::Ready {
            names.push(model.name);
            worst = state;
        }
    }
    let names = names.join(", ");
    match worst {
        State::Ready => Finding::good("models", format!("they are in {folder}")),
        State::Missing => Finding::warning(
            "models",
            format!("not in {folder}: {names}; without them an agent needs servers"),
            "`trunkline models fetch`",
        ),
        State::Changed => Finding::wrong(
            "models",
            format!("not as they must be in {folder}: {names}"),
            "`trunkline models verify`, and `trunkline models fetch`",
        ),
    }
}

/// Whether the file of records can be written.
pub fn records(settings: &Settings) -> Option<Finding> {
    let path = settings.records.file.as_deref()?;
    let opened = fs::OpenOptions::new().create(true).append(true).open(path);
    let name = path.display();
    Some(match opened {
        Ok(_) => Finding::good("records", format!("{name} can be written")),
        Err(error) => Finding::wrong(
            "records",
            format!("{name} cannot be written: {error}"),
            "write another records.file, or give this user the right to write there",
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn few_descriptors_are_warned_of() {
        assert_eq!(descriptors(100, Some(1_024)).verdict, Verdict::Good);
        let finding = descriptors(4_000, Some(1_024));
        assert_eq!(finding.verdict, Verdict::Warning);
        assert!(
            finding.remedy.as_deref().unwrap().contains("12256"),
            "{finding:?}"
        );
    }

    #[test]
    fn a_clock_that_was_never_set_is_wrong() {
        assert_eq!(clock(UNIX_EPOCH).verdict, Verdict::Wrong);
        assert_eq!(clock(UNIX_EPOCH + BUILT_BEFORE).verdict, Verdict::Wrong);
        assert_eq!(clock(UNIX_EPOCH + BUILT_AFTER).verdict, Verdict::Good);
    }

    #[test]
    fn a_firewall_that_is_on_is_warned_of() {
        let mut settings = Settings::default();
        let off = Firewalls::default();
        assert_eq!(firewall(&settings, &off).verdict, Verdict::Good);
        let ufw = Firewalls { ufw: true, ..off };
        let finding = firewall(&settings, &ufw);
        assert_eq!(finding.verdict, Verdict::Warning);
        assert!(
            finding
                .remedy
                .as_deref()
                .unwrap()
                .contains("ufw allow 10000:20000/udp")
        );
        let firewalld = Firewalls {
            firewalld: true,
            ..off
        };
        let finding = firewall(&settings, &firewalld);
        assert!(
            finding
                .remedy
                .as_deref()
                .unwrap()
                .contains("--add-port=10000-20000/udp")
        );
        settings
            .sip
            .listen
            .iter_mut()
            .for_each(|l| l.address.set_ip([127, 0, 0, 1].into()));
        assert_eq!(firewall(&settings, &ufw).verdict, Verdict::Good);
    }

    #[test]
    fn a_file_of_records_in_no_folder_is_wrong() {
        let mut settings = Settings::default();
        assert_eq!(records(&settings), None);
        settings.records.file = Some("no/such/folder/calls.jsonl".into());
        assert_eq!(records(&settings).unwrap().verdict, Verdict::Wrong);
    }

    #[test]
    fn reserved_ports_are_read() {
        assert_eq!(ranges("8080,10000-20000\n"), [8080..=8080, 10_000..=20_000]);
        assert_eq!(ranges("\n"), []);
    }

    #[test]
    fn models_that_are_missing_or_cut_off_are_told_with_what_to_type() {
        let folder = std::env::temp_dir();
        let folder = folder.join(format!("trunkline-doctor-{}", std::process::id()));
        let store = Store::new(folder.clone());
        let missing = models(&store);
        assert_eq!(missing.verdict, Verdict::Warning);
        assert!(
            missing.message.contains("whisper-tiny.en, hibari"),
            "{missing:?}"
        );
        for file in MODELS.iter().flat_map(|model| model.files) {
            let path = store.path(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::File::create(path).unwrap().set_len(file.bytes).unwrap();
        }
        assert_eq!(models(&store).verdict, Verdict::Good);
        let first = store.path(MODELS.iter().flat_map(|model| model.files).next().unwrap());
        fs::File::create(first).unwrap();
        assert_eq!(models(&store).verdict, Verdict::Wrong);
        fs::remove_dir_all(folder).unwrap();
    }
}
