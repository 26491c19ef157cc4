//! `[image]`

use super::Build;
use super::flaw::Flaws;
use super::section::section;
use crate::value::{ImageTag, ImageUri, RepositoryName, StackName};

section! {
    /// The container image: built by wpstack, unless `tag` or `uri` names another.
    pub struct Image {
        /// Name of the ECR repository that the stack makes. Without this key: the stack's name.
        pub repository: Option<RepositoryName> = None,
        /// Tag to run of an image that you push, in place of one that wpstack builds.
        ///
        /// Each plan looks up which image it means, so that a push is deployed.
        // The image is named by its digest from there on: a task definition that says `latest` does
        // not change when something is pushed (defect 12).
        pub tag: Option<ImageTag> = None,
        /// Image from elsewhere, by digest, in place of one that wpstack builds.
        pub uri: Option<ImageUri> = None,
        /// What an image that wpstack builds is made of.
        pub build: Build = Build::default(),
    }
}

/// Where the image of the service comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageSource {
    /// Built of [`Config::recipe`](super::Config::recipe), and pushed to a repository that the stack makes.
    Built {
        /// The repository.
        repository: RepositoryName,
    },
    /// Pushed by somebody, to a repository that the stack makes.
    Pushed {
        /// The repository.
        repository: RepositoryName,
        /// The tag whose image runs.
        tag: ImageTag,
    },
    /// From elsewhere, named by digest; the stack makes no repository.
    Elsewhere(ImageUri),
}

impl Image {
    /// Where the image comes from, for the stack of that name.
    ///
    /// None if the name cannot be a repository's, which is one of the
    /// [flaws](super::Config::flaws).
    #[must_use]
    pub fn source(&self, name: &StackName) -> Option<ImageSource> {
        if let Some(uri) = &self.uri {
            return Some(ImageSource::Elsewhere(uri.clone()));
        }
        let repository = match &self.repository {
            Some(repository) => repository.clone(),
            None => name.as_str().parse().ok()?,
        };
        Some(match &self.tag {
            Some(tag) => ImageSource::Pushed { repository, tag: tag.clone() },
            None => ImageSource::Built { repository },
        })
    }

    /// Whether wpstack builds it.
    #[must_use]
    pub fn is_built(&self) -> bool {
        self.tag.is_none() && self.uri.is_none()
    }

    pub(super) fn flaws(&self, name: &StackName, flaws: &mut Flaws) {
        self.build.flaws(flaws);
        if !self.is_built() && self.build != Build::default() {
            let key = if self.uri.is_some() { "image.uri" } else { "image.tag" };
            let message = "what the image is built of is said, and it is not built";
            let help = format!("remove `{key}` to have it built, or `[image.build]`");
            flaws.add(&["image.build", key], message, help);
        }
        let Some(uri) = &self.uri else {
            if self.source(name).is_none() {
                let message = format!("a repository cannot have the stack's name `{name}`");
                let help = "name it yourself: `repository = \"team/wordpress\"` in `[image]`";
                flaws.add(&["image.repository", "name"], message, help);
            }
            return;
        };
        if self.repository.is_some() {
            let help = "keep `repository` for an image that is pushed there, or `uri` for one from \
                        elsewhere";
            let keys = ["image.uri", "image.repository"];
            flaws.add(&keys, "the image is named twice", help);
        }
        if let Some(tag) = &self.tag {
            let message = format!("the tag `{tag}` is of no use with `uri`");
            let help = "remove `tag`: the digest names the image already";
            flaws.add(&["image.tag", "image.uri"], message, help);
        }
        if !uri.is_pinned() {
            let message = "the image is not named by its digest, so what runs can change unseen";
            let help =
                format!("`docker buildx imagetools inspect {uri}` prints it; append `@sha256:...`");
            flaws.add(&["image.uri"], message, help);
        }
    }
}
