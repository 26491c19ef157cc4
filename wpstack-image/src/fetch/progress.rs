//! Telling somebody how far it is.

use std::fmt::Debug;

/// Hears of what is fetched.
///
/// # Contract
/// Called from any thread, for several files at a time, each named by its URL. For one attempt: `began`, then
/// `fetched` any number of times, then `ended`, whether it went well or not. A file from the cache is only `cached`.
pub trait Progress: Debug + Send + Sync {
    /// A download begins; its size, when the server tells it.
    fn began(&self, url: &str, size: Option<u64>);

    /// So many bytes more have come.
    fn fetched(&self, url: &str, bytes: u64);

    /// The download is over.
    fn ended(&self, url: &str);

    /// The file was there already.
    fn cached(&self, url: &str);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn began(&self, _url: &str, _size: Option<u64>) {}
    fn fetched(&self, _url: &str, _bytes: u64) {}
    fn ended(&self, _url: &str) {}
    fn cached(&self, _url: &str) {}
}
