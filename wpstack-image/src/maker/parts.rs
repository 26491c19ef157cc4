//! What an image is put together of, fetched.

use std::collections::BTreeMap;

use serde::Serialize;
use tokio::runtime::Handle;
use wpstack_core::image::{Base, Core, Debian, FORMAT, ImageSpec, Source};

use super::{Event, MakeError, Observer};
use crate::build::{CoreArchive, Made, Part, Parts, Role};
use crate::debian::{self, Selection};
use crate::digest::Digest;
use crate::fetch::Fetcher;
use crate::oci::Labels;
use crate::rootfs;
use crate::sbom::Package;

/// The largest archive of WordPress, of a plugin or of a theme.
const ARCHIVE: u64 = 512 << 20;

pub(super) async fn parts(
    spec: &ImageSpec,
    fetcher: &Fetcher,
    observer: &Observer,
) -> Result<Parts, MakeError> {
    let Base::Debian(debian) = &spec.base else { return Err(MakeError::NeedsEngine) };
    let (selection, (core, archives)) = futures::try_join!(
        async { Ok(debian::select(debian, spec.architecture, fetcher).await?) },
        sources(spec, fetcher, observer),
    )?;
    let configuration = rootfs::tree(spec)?;
    let packages = selection.packages.iter().map(listed).collect();
    Ok(Parts {
        distribution: distribution(selection, fetcher.clone()),
        packages,
        core,
        archives,
        configuration: Part::ready("configuration", Role::Configuration, configuration),
        published: None,
        labels: Labels::default(),
    })
}

/// The distribution's files, which are put together only if no layer was made of these packages before.
fn distribution(selection: Selection, fetcher: Fetcher) -> Part {
    #[derive(Serialize)]
    struct Identity<'a> {
        format: u32,
        packages: Vec<(&'a str, &'a str)>,
    }
    let packages = selection.packages.iter();
    let packages = packages.map(|it| (it.name.as_str(), it.checksum.as_str())).collect();
    let identity = serde_json::to_vec(&Identity { format: FORMAT, packages });
    let inputs = Digest::of(&identity.expect("texts become JSON"));
    let runtime = Handle::current();
    let make = move || {
        let root = runtime.block_on(selection.unpack(&fetcher))?;
        Ok(Made { tree: root.tree, ..Made::default() })
    };
    Part::new("distribution", Role::Software, inputs, make)
}

/// WordPress, and the recipe's archives.
pub(super) async fn sources(
    spec: &ImageSpec,
    fetcher: &Fetcher,
    observer: &Observer,
) -> Result<(CoreArchive, Archives), MakeError> {
    futures::try_join!(core(spec, fetcher, observer), archives(spec, fetcher))
}

async fn core(
    spec: &ImageSpec,
    fetcher: &Fetcher,
    observer: &Observer,
) -> Result<CoreArchive, MakeError> {
    match &spec.wordpress {
        Core::Debian => {
            // Alpine has no WordPress that somebody signed.
            let debian = match &spec.base {
                Base::Debian(debian) => debian,
                Base::Alpine(_) => &Debian::default(),
            };
            let source = debian::wordpress_source(debian, fetcher).await?;
            if let Some(newer) = source.unavailable.into_iter().next() {
                observer(&Event::Outdated { version: source.version, newer });
            }
            Ok(CoreArchive { path: source.path, checksum: source.checksum, url: Some(source.url) })
        }
        Core::Release { url, checksum, version: _ } => Ok(CoreArchive {
            path: fetcher.file(url, checksum, ARCHIVE).await?,
            checksum: checksum.clone(),
            url: Some(url.clone()),
        }),
    }
}

type Archives = BTreeMap<wpstack_core::value::Checksum, std::path::PathBuf>;

async fn archives(spec: &ImageSpec, fetcher: &Fetcher) -> Result<Archives, MakeError> {
    let language = spec.language.iter().map(|language| &language.source);
    let sources = spec.plugins.values().chain(spec.themes.values()).chain(language);
    let wanted = sources.filter_map(|source| match source {
        Source::Archive { url, checksum } => Some((url, checksum)),
        Source::Directory(_) => None,
    });
    let fetched = wanted.map(|(url, checksum)| async {
        let path = fetcher.file(url, checksum, ARCHIVE).await?;
        Ok::<_, MakeError>((checksum.clone(), path))
    });
    let fetched = futures::future::try_join_all(fetched).await?;
    Ok(fetched.into_iter().collect())
}

fn listed(package: &debian::Package) -> Package {
    Package {
        name: package.name.clone(),
        version: package.version.clone(),
        architecture: package.architecture.clone(),
        source: Some(package.source.clone()),
        source_version: Some(package.source_version.clone()),
        checksum: Some(package.checksum.clone()),
    }
}
