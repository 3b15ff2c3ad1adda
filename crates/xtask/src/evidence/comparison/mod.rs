//! What measurements beside other systems share: the same machine, the same core and the same load
//! for all of them in turns, and a page with a table of what came of it.

pub mod figures;
mod holdings;
pub mod machine;
mod page;
pub mod report;
mod rig;
mod running;

pub use holdings::Holdings;
pub use page::Page;
pub use rig::Rig;
pub use running::{Running, free_port};

use crate::workspace::Failure;

/// Whether `arguments` ask for everything once with little load, instead of for evidence.
pub fn is_quick(name: &str, arguments: &[&str]) -> Result<bool, Failure> {
    match arguments {
        [] => Ok(false),
        ["--quick"] => Ok(true),
        _ => Err(format!("usage: cargo xtask evidence {name} [--quick]").into()),
    }
}
