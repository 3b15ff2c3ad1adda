//! What a process holds.

use std::path::Path;

use super::Running;
use crate::workspace::Failure;

/// What a process holds.
pub struct Holdings {
    /// Resident memory.
    pub rss_kib: f64,
    /// Open descriptors.
    pub descriptors: f64,
    /// Threads.
    pub threads: f64,
    /// UDP sockets among the descriptors.
    pub udp_ports: f64,
}

impl Running {
    /// What the measured process holds now.
    pub fn holdings(&self) -> Result<Holdings, Failure> {
        let folder = format!("/proc/{}", self.pid());
        let folder = Path::new(&folder);
        let descriptors = descriptors(folder)?;
        let inodes = udp_inodes(folder);
        let udp = inodes
            .iter()
            .filter(|inode| descriptors.contains(&format!("socket:[{inode}]")));
        Ok(Holdings {
            rss_kib: resident(folder)?,
            descriptors: descriptors.len() as f64,
            threads: std::fs::read_dir(folder.join("task"))?.count() as f64,
            udp_ports: udp.count() as f64,
        })
    }
}

fn resident(folder: &Path) -> Result<f64, Failure> {
    let status = std::fs::read_to_string(folder.join("status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let figure = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    Ok(figure.ok_or("its status has no VmRSS")?)
}

/// What each descriptor is of: a file, or `socket:[inode]`.
fn descriptors(folder: &Path) -> Result<Vec<String>, Failure> {
    let entries = std::fs::read_dir(folder.join("fd"))?;
    let links = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    Ok(links.map(|link| link.display().to_string()).collect())
}

/// The inodes of all UDP sockets the process can see.
fn udp_inodes(folder: &Path) -> Vec<String> {
    let tables = ["net/udp", "net/udp6"]
        .map(|table| std::fs::read_to_string(folder.join(table)).unwrap_or_default());
    let lines = tables.iter().flat_map(|table| table.lines().skip(1));
    // The tenth column is the socket's inode.
    lines
        .filter_map(|line| line.split_whitespace().nth(9))
        .map(str::to_owned)
        .collect()
}
