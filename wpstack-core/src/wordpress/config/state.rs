//! `[state]`

use super::flaw::Flaws;
use super::section::section;
use crate::value::{BucketName, KmsKey, ObjectPrefix, Region, Seconds, StackName};

section! {
    /// Where it is kept what is known to exist.
    pub struct State {
        /// For a team, the S3 bucket to keep it in. Without this key: `.wpstack/` beside this file.
        pub s3: Option<S3> = None,
    }
}

section! {
    /// For a team, the S3 bucket to keep it in. Without this key: `.wpstack/` beside this file.
    pub struct S3 {
        /// Name of the bucket, which `wpstack state init` makes.
        pub bucket: Option<BucketName> = None,
        /// What the objects' names begin with. Without this key: the stack's name.
        pub key: Option<ObjectPrefix> = None,
        /// Region of the bucket. Without this key: the stack's.
        pub region: Option<Region> = None,
        /// KMS key that encrypts the state. Without this key: the bucket's, or S3's own.
        pub kms_key: Option<KmsKey> = None,
        /// After how long without a sign of life others may take over the lock of a run.
        pub lease: Seconds = "60s",
    }
}

impl State {
    pub(super) fn flaws(&self, name: &StackName, flaws: &mut Flaws) {
        let Some(s3) = &self.s3 else {
            return;
        };
        if s3.bucket.is_none() {
            let help = "for example `s3 = { bucket = \"team-states\" }`";
            // The second key: not where there is one that could not be read.
            let keys = ["state.s3", "state.s3.bucket"];
            flaws.add(&keys, "the state's bucket is not named", help);
        }
        if s3.prefix(name).is_none() {
            let message = format!("objects cannot begin with the stack's name `{name}`");
            let help = "name them yourself: `key = \"states/blog\"` in `[state.s3]`";
            flaws.add(&["state.s3", "name"], message, help);
        }
        let why = "a sign of life is given four times in it";
        flaws.check_range("state.s3.lease", &s3.lease, &(Seconds(2)..=Seconds(3600)), why);
    }
}

impl S3 {
    /// What the objects' names begin with, for the stack of that name.
    ///
    /// None if the name cannot begin them, which is one of the [flaws](super::Config::flaws).
    #[must_use]
    pub fn prefix(&self, name: &StackName) -> Option<ObjectPrefix> {
        match &self.key {
            Some(key) => Some(key.clone()),
            None => name.as_str().parse().ok(),
        }
    }
}
