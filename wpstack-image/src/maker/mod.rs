//! From a recipe to an image in a registry: fetches, builds without a container engine, pushes.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use wpstack_core::image::ImageSpec;
//! use wpstack_core::time::SystemClock;
//! use wpstack_image::maker::Maker;
//!
//! let maker = Maker::new("/var/cache/wpstack", Arc::new(SystemClock));
//! let recipe = maker.recipe(ImageSpec::default())?;
//! let built = maker.build(&recipe).await?;
//! println!("{} is {}", built.tag, built.image.manifest.digest);
//! # Ok(())
//! # }
//! ```

mod error;
mod memo;
mod parts;
mod progress;
mod push;
mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use wpstack_core::image::{
    Base, Debian, Destination, ImageMaker, ImageSpec, Mirror, Recipe, Source,
};
use wpstack_core::time::Clock;
use wpstack_core::value::{Checksum, ImageDigest};
use wpstack_core::{ProviderError, Teller};

pub use error::MakeError;
pub use progress::{Event, Observer};
pub use words::size;

use crate::build::{self, Built};
use crate::dockerfile::{Context, Ingredients};
use crate::fetch::Fetcher;
use crate::inputs::Inputs;
use crate::layer::Cache;
use crate::registry::Pushed;
use crate::rootfs;
use progress::Fetches;

/// Builds images of recipes and pushes them. Everything that it fetches or builds stays in a cache, so that it is
/// fetched and built once; several processes may share it, and all of it may be deleted at any time.
#[derive(Clone)]
pub struct Maker {
    home: PathBuf,
    cache: PathBuf,
    clock: Arc<dyn Clock>,
    observer: Observer,
}

impl Maker {
    /// A maker that keeps what it fetches and builds in the directory `cache`.
    #[must_use]
    pub fn new(cache: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Self { home: PathBuf::new(), cache: cache.into(), clock, observer: Arc::new(|_| {}) }
    }

    /// The same, for recipes whose relative paths begin in the directory `home`.
    #[must_use]
    pub fn at_home_in(self, home: impl Into<PathBuf>) -> Self {
        Self { home: home.into(), ..self }
    }

    /// The same, which tells `observer` what it does.
    #[must_use]
    pub fn observed(self, observer: Observer) -> Self {
        Self { observer, ..self }
    }

    /// The recipe, with the checksums of what it takes from this machine.
    ///
    /// # Errors
    /// When something of that cannot be read.
    pub fn recipe(&self, spec: ImageSpec) -> Result<Recipe, MakeError> {
        let inputs = self.checksums(&spec)?;
        Ok(Recipe { spec, inputs })
    }

    /// The checksums of what a recipe takes from this machine, by where it names it.
    ///
    /// # Errors
    /// When something of that cannot be read.
    pub fn checksums(&self, spec: &ImageSpec) -> Result<BTreeMap<String, Checksum>, MakeError> {
        Ok(Inputs::read(&self.resolved(spec))?.checksums())
    }

    /// The digest of the recipe's image, if it was built here before and need not be built again.
    #[must_use]
    pub fn known(&self, recipe: &Recipe) -> Option<ImageDigest> {
        let built = self.remembered(recipe, false)?;
        built.image.manifest.digest.to_string().parse().ok()
    }

    /// Builds the image, or takes it from the cache.
    ///
    /// # Errors
    /// When something cannot be fetched, believed, read or put together.
    pub async fn build(&self, recipe: &Recipe) -> Result<Built, MakeError> {
        let (maker, wanted) = (self.clone(), recipe.clone());
        if let Some(built) = blocking(move || maker.remembered(&wanted, true)).await? {
            (self.observer)(&Event::Known { digest: built.image.manifest.digest.to_string() });
            return Ok(built);
        }
        let (spec, inputs) = self.inputs(recipe).await?;
        let parts = parts::parts(&spec, &self.fetcher()?, &self.observer).await?;
        let cache = Cache::open(&self.cache.join("layers"))?;
        let observer = Arc::clone(&self.observer);
        let observer: build::Observer = Arc::new(move |step| observer(&Event::Build(step)));
        let built = build::assemble(recipe, inputs, parts, &cache, &observer).await?;
        if is_pinned(&recipe.spec) {
            memo::keep(&self.memos(), &built)?;
        }
        Ok(built)
    }

    /// Builds the image and pushes it under the recipe's tag.
    ///
    /// # Errors
    /// As [`Maker::build`], and when the registry does not take it.
    pub async fn push(&self, recipe: &Recipe, to: &Destination) -> Result<Pushed, MakeError> {
        let built = self.build(recipe).await?;
        push::push(&built, to, &self.clock, &self.observer).await
    }

    /// The recipe as a Dockerfile with all its files, for whoever builds through a container engine. Of Alpine there is no
    /// other way. `from` is the image to begin with in place of the distribution's own.
    ///
    /// # Errors
    /// When something cannot be fetched, believed or read, or would break out of its place in the Dockerfile.
    pub async fn dockerfile(
        &self,
        recipe: &Recipe,
        from: Option<&str>,
    ) -> Result<Context, MakeError> {
        let (spec, inputs) = self.inputs(recipe).await?;
        let sources = parts::sources(&spec, &self.fetcher()?, &self.observer).await?;
        let (recipe, from) = (recipe.clone(), from.map(str::to_owned));
        blocking(move || {
            let (core, archives) = sources;
            // Of Alpine too: its Dockerfile bridges what differs.
            let debian = ImageSpec { base: Base::Debian(Debian::default()), ..spec.clone() };
            let configuration = rootfs::tree(&debian)?;
            let contents = build::contents(&recipe, inputs, core, &archives, &configuration)?;
            let ingredients = Ingredients {
                spec: &spec,
                configuration: &configuration,
                wordpress: &contents.tree,
                labels: &contents.labels,
                from: from.as_deref(),
            };
            Ok(Context::new(&ingredients)?)
        })
        .await?
    }

    /// The recipe with absolute paths, and what it takes from this machine.
    async fn inputs(&self, recipe: &Recipe) -> Result<(ImageSpec, Inputs), MakeError> {
        let spec = self.resolved(&recipe.spec);
        let reading = spec.clone();
        let inputs = blocking(move || Inputs::read(&reading)).await??;
        match inputs.checksums() == recipe.inputs {
            true => Ok((spec, inputs)),
            false => Err(MakeError::Changed),
        }
    }

    fn fetcher(&self) -> Result<Fetcher, MakeError> {
        let fetches = Arc::new(Fetches::new(Arc::clone(&self.observer)));
        Ok(Fetcher::new(self.cache.join("fetched"), Arc::clone(&self.clock), fetches)?)
    }

    /// What was built of the recipe before, if that is sure to be what would be built now.
    fn remembered(&self, recipe: &Recipe, thoroughly: bool) -> Option<Built> {
        if !is_pinned(&recipe.spec) {
            return None;
        }
        let cache = Cache::open(&self.cache.join("layers")).ok()?;
        memo::find(&self.memos(), &recipe.tag(), &cache, thoroughly)
    }

    fn memos(&self) -> PathBuf {
        self.cache.join("images")
    }

    /// The recipe with relative paths made absolute.
    fn resolved(&self, spec: &ImageSpec) -> ImageSpec {
        let mut spec = spec.clone();
        let at_home = |path: &mut PathBuf| *path = self.home.join(&*path);
        let language = spec.language.iter_mut().map(|language| &mut language.source);
        let sources = spec.plugins.values_mut().chain(spec.themes.values_mut()).chain(language);
        for source in sources {
            match source {
                Source::Directory(path) => at_home(path),
                Source::Archive { url, .. } if !url.contains("://") => {
                    *url = self.home.join(&*url).to_string_lossy().into_owned();
                }
                Source::Archive { .. } => {}
            }
        }
        spec.files.values_mut().for_each(at_home);
        spec
    }

    /// The directory that everything is kept in.
    #[must_use]
    pub fn cache(&self) -> &Path {
        &self.cache
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, MakeError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| MakeError::Broken)
}

/// Whether the recipe means the same on every day. A live mirror changes.
fn is_pinned(spec: &ImageSpec) -> bool {
    matches!(&spec.base, Base::Debian(Debian { mirror: Mirror::Snapshot(_), .. }))
}

impl fmt::Debug for Maker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { home, cache, clock: _, observer: _ } = self;
        let mut shown = formatter.debug_struct("Maker");
        shown.field("home", home).field("cache", cache).finish_non_exhaustive()
    }
}

#[async_trait]
impl ImageMaker for Maker {
    async fn make(
        &self,
        recipe: &Recipe,
        to: &Destination,
        teller: &Teller,
    ) -> Result<ImageDigest, ProviderError> {
        // Threads that still read or pack when this is dropped have nobody to tell.
        let listener = Arc::new(teller.clone());
        let (own, teller) = (Arc::clone(&self.observer), Arc::downgrade(&listener));
        let maker = self.clone().observed(Arc::new(move |event| {
            own(event);
            if let (Some(teller), Some(words)) = (teller.upgrade(), event.words()) {
                teller.tell(&words);
            }
        }));
        let digest = maker.push(recipe, to).await?.digest;
        drop(listener);
        Ok(digest)
    }
}

#[cfg(test)]
mod tests;
