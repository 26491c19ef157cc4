//! How an image is run.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use wpstack_core::image::contract;
use wpstack_core::value::Architecture;

use super::{Document, Platform, media};
use crate::digest::Digest;
use crate::layer::Layer;

/// The search path of programs, as Debian has it.
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Text is UTF-8: without, PHP's programs take file names for ASCII.
const LANG: &str = "LANG=C.UTF-8";
/// What asks the supervisor for a graceful end.
const STOP: &str = "SIGTERM";

/// What the image's configuration says that neither the layers nor the contract do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The processor.
    pub architecture: Architecture,
    /// When what the image consists of was published. Never the time of the build: it would change the digest.
    pub created: Timestamp,
    /// What is said about the image.
    pub labels: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Config<'a> {
    created: String,
    architecture: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
    os: &'a str,
    config: Run<'a>,
    rootfs: RootFs<'a>,
    history: Vec<Step<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Run<'a> {
    user: String,
    exposed_ports: BTreeMap<String, Nothing>,
    env: [&'static str; 2],
    entrypoint: [&'static str; 1],
    working_dir: &'static str,
    labels: &'a BTreeMap<String, String>,
    stop_signal: &'static str,
}

/// An empty object. No volume is declared: an engine would make an anonymous one for every container that has none.
#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct RootFs<'a> {
    r#type: &'static str,
    diff_ids: Vec<&'a Digest>,
}

#[derive(Serialize)]
struct Step<'a> {
    created: String,
    created_by: &'static str,
    comment: &'a str,
}

impl Settings {
    /// The configuration of an image with these layers.
    pub(super) fn config<'a>(&self, layers: &'a [Layer]) -> Document {
        let Platform { architecture, os, variant } = Platform::linux(self.architecture);
        let created = self.created.to_string();
        let step = |layer: &'a Layer| Step {
            created: created.clone(),
            created_by: "wpstack",
            comment: &layer.title,
        };
        let config = Config {
            created: created.clone(),
            architecture: &architecture,
            variant: variant.as_deref(),
            os: &os,
            config: Run {
                user: format!("{0}:{0}", contract::USER),
                exposed_ports: [(format!("{}/tcp", contract::PORT), Nothing {})].into(),
                env: [PATH, LANG],
                entrypoint: [contract::INIT],
                working_dir: contract::WEB_ROOT,
                labels: &self.labels,
                stop_signal: STOP,
            },
            rootfs: RootFs {
                r#type: "layers",
                diff_ids: layers.iter().map(|layer| &layer.blob.diff_id).collect(),
            },
            history: layers.iter().map(step).collect(),
        };
        Document::new(media::CONFIG, &config)
    }
}
