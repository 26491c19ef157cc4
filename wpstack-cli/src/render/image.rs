//! Images.

use std::fmt::Write as _;

use serde_json::{Value, json};
use wpstack_core::image::Destination;
use wpstack_image::build::Built;
use wpstack_image::maker::size;
use wpstack_image::registry::{Outcome, Pushed};

use super::style::count;
use crate::images::Outlook;

/// What a plan does about the image.
pub(crate) fn outlook(outlook: &Outlook) -> String {
    let Outlook { tag, digest } = outlook;
    match digest {
        Some(digest) => format!("Image {tag}: built here before, {digest}.\n"),
        None => format!("Image {tag}: to be built.\n"),
    }
}

/// What was built, for people.
pub(crate) fn built(built: &Built) -> String {
    let layers = count(built.image.layers.len(), "layer");
    let packages = count(built.packages.len(), "package");
    format!(
        "\n{} for {}: WordPress {}, {packages}, {layers}, {} compressed\n",
        built.tag,
        built.image.platform.architecture,
        built.wordpress,
        size(built.image.size()),
    )
}

/// What was pushed, for people.
pub(crate) fn pushed(pushed: &Pushed, to: &Destination) -> String {
    let there = pushed.count(Outcome::Found);
    format!(
        "\npushed to {}/{} in {:.1} s: {} sent, {} there already\n",
        to.registry,
        to.repository,
        pushed.took.as_secs_f64(),
        size(pushed.bytes_sent()),
        count(there, "blob"),
    )
}

/// What it consists of, a line for each part.
pub(crate) fn inspected(built: &Built) -> String {
    let image = &built.image;
    let mut text = format!(
        "tag        {}\ndigest     {}\nplatform   {}/{}\nwordpress  {}\npackages   {}\nsize       {}\n\nlayers\n",
        built.tag,
        image.manifest.digest,
        image.platform.os,
        image.platform.architecture,
        built.wordpress,
        built.packages.len(),
        size(image.size()),
    );
    for layer in &image.layers {
        let bytes = size(layer.blob.size);
        _ = writeln!(text, "  {bytes:>9}  {}  {}", layer.blob.digest, layer.title);
    }
    text += "\npackages\n";
    for package in &built.packages {
        _ = writeln!(text, "  {} {}", package.name, package.version);
    }
    text
}

/// The same, for programs.
pub(crate) fn json(built: &Built) -> Value {
    let layers = built.image.layers.iter().map(|layer| {
        json!({ "title": layer.title, "digest": layer.blob.digest, "size": layer.blob.size })
    });
    let packages = built.packages.iter();
    let packages = packages.map(|it| json!({ "name": it.name, "version": it.version }));
    json!({
        "tag": built.tag,
        "digest": built.image.manifest.digest,
        "platform": built.image.platform,
        "wordpress": built.wordpress,
        "size": built.image.size(),
        "layers": layers.collect::<Vec<_>>(),
        "packages": packages.collect::<Vec<_>>(),
    })
}
