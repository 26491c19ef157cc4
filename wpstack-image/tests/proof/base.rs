//! Debian as an image to begin with, as `mmdebstrap` makes it: no registry that has its own can be reached everywhere.

use std::path::PathBuf;
use std::process::Command;

use wpstack_core::image::Mirror;
use wpstack_image::engine::{BuildOptions, Engine};
use wpstack_image::testing::mirror;

use crate::machine::{directory, fresh, run};

/// The image's name.
pub(crate) const NAME: &str = "localhost/debian:proof";

/// Debian with what its own images have, kept from run to run.
pub(crate) async fn make(engine: &Engine) {
    let archive = directory("base").join("debian.tar");
    if !archive.exists() {
        let Mirror::Live { main, security: _ } = mirror::of_this_machine() else {
            panic!("a live mirror")
        };
        let whole = directory("base").join("new.tar");
        let mut make = Command::new("mmdebstrap");
        make.args(["--variant=minbase", "trixie"]).arg(&whole);
        run(make.arg(format!("deb {main} trixie main")));
        std::fs::rename(&whole, &archive).unwrap();
    }
    let place = fresh("base-context");
    std::fs::hard_link(&archive, place.join("debian.tar")).unwrap();
    std::fs::write(place.join("Dockerfile"), "FROM scratch\nADD debian.tar /\n").unwrap();
    let context: PathBuf = place.join("context.tar");
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(&place).arg("-cf").arg(&context).args(["Dockerfile", "debian.tar"]);
    run(&mut tar);
    let context = std::fs::read(context).unwrap();
    let options = BuildOptions { tag: Some(NAME.to_owned()), ..BuildOptions::default() };
    engine.build(context, "Dockerfile", &options, &|_| {}).await.unwrap();
    fresh("base-context");
}
