//! NVIDIA Nemotron.

use super::ModelProfile;

pub(super) fn profile(name: &str) -> ModelProfile {
    ModelProfile::without_native_tools().with_structured_output(name.starts_with("nemotron-nano"))
}
