//! `ecr.repository`

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::resource::{Expected, Field, Resource};
use crate::value::{Days, RepositoryName, Tags};

/// A place for container images. <https://docs.aws.amazon.com/AmazonECR/latest/userguide/Repositories.html>
///
/// Deleted with images in it only on consent, or with [`Repository::force_delete`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repository {
    /// Its name, unique in account and region.
    pub name: RepositoryName,
    /// Whether pushed images are scanned for known vulnerabilities.
    pub scan_on_push: bool,
    /// Which images go by themselves.
    pub lifecycle: Lifecycle,
    /// Whether it may be deleted with the images in it: those of a recipe can be built again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force_delete: bool,
    /// Further tags.
    pub tags: Tags,
}

/// Which images of a repository go by themselves.
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// Images without a tag go after this time.
    pub untagged_after: Days,
    /// Of the others the newest ones stay.
    pub keep: u32,
}

impl Lifecycle {
    /// The policy text that ECR takes.
    #[must_use]
    pub fn policy(&self) -> String {
        let expire = json!({ "type": "expire" });
        let days = self.untagged_after.0;
        json!({ "rules": [
            {
                "rulePriority": 1,
                "description": format!("untagged images go after {days} days"),
                "selection": {
                    "tagStatus": "untagged", "countType": "sinceImagePushed",
                    "countUnit": "days", "countNumber": days,
                },
                "action": expire,
            },
            {
                "rulePriority": 2,
                "description": format!("the newest {} images stay", self.keep),
                "selection": {
                    "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": self.keep,
                },
                "action": expire,
            },
        ] })
        .to_string()
    }
}

/// What ECR tells of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryState {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Where images are pushed to and pulled from.
    pub uri: String,
    /// Whether there are images in it that a deletion would lose: any, or with [`Repository::force_delete`] those under a
    /// tag that is not of a recipe.
    #[serde(default)]
    pub has_images: bool,
}

impl Resource for Repository {
    const TYPE: &'static str = "ecr.repository";
    const FIELDS: &'static [Field] = crate::fields!(Repository {
        name: Replace(Restart),
        scan_on_push: Update(NoInterruption),
        lifecycle: Update(NoInterruption),
        force_delete: Order,
        tags: Update(NoInterruption),
    });
    const EXPECTED: Expected = Expected::seconds(1, 1);

    type State = RepositoryState;

    fn id(state: &RepositoryState) -> String {
        state.uri.clone()
    }

    fn protection(&self, state: &RepositoryState) -> Option<&'static str> {
        let what = if self.force_delete {
            "it holds images that wpstack did not build"
        } else {
            "it holds images"
        };
        state.has_images.then_some(what)
    }

    fn coexists(old: &Self, new: &Self) -> bool {
        old.name != new.name
    }
}
