//! Tells the linker that Python's own symbols come with whoever loads the module (macOS asks).

fn main() {
    pyo3_build_config::add_extension_module_link_args();
}
