//! The `trunkline` command.

fn main() -> std::process::ExitCode {
    trunkline::cli::run()
}
