//! What goes wrong, and when.

/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// Whether a blob is there.
    HeadBlob,
    /// A blob.
    GetBlob,
    /// To begin an upload.
    BeginUpload,
    /// To have a blob mounted.
    Mount,
    /// To send a part of a blob.
    Patch,
    /// To send a blob, or to end the upload of its parts.
    PutBlob,
    /// Whether a manifest is there.
    HeadManifest,
    /// A manifest.
    GetManifest,
    /// To put a manifest in its place.
    PutManifest,
    /// What refers to an image.
    Referrers,
    /// A bearer token.
    Token,
    /// Something else.
    Other,
}

/// Something that goes wrong.
#[derive(Clone, Debug)]
pub struct Fault {
    /// With which requests.
    pub on: On,
    /// How often.
    pub times: u32,
    /// What happens to them.
    pub effect: Effect,
}

/// Which requests a fault meets.
#[derive(Clone, Debug)]
pub enum On {
    /// All of that kind.
    Operation(Operation),
    /// Those that send the blob of this digest.
    Blob(String),
    /// All.
    Any,
}

/// What happens to a request.
#[derive(Clone, Debug)]
pub enum Effect {
    /// It is refused with this status and a text that is no envelope, as by some machine before the registry.
    Status(u16),
    /// It is refused with 429, and `Retry-After` says this.
    Throttle(Option<String>),
    /// The connection is cut when so many bytes of its body have come.
    CutAfter(u64),
    /// It takes effect, and the connection is cut before the answer.
    LoseAnswer,
    /// It is never answered.
    Silence,
    /// The answer tells another digest than it should.
    TellAnotherDigest,
    /// The blob's bytes arrive damaged.
    Damage,
    /// The upload is forgotten before its end.
    ForgetUpload,
}

impl Fault {
    /// A fault that happens once.
    #[must_use]
    pub fn once(on: On, effect: Effect) -> Self {
        Self { on, times: 1, effect }
    }

    /// The same, that many times.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    pub(super) fn meets(&self, operation: Operation, digest: Option<&str>) -> bool {
        self.times > 0
            && match &self.on {
                On::Any => true,
                On::Operation(wanted) => *wanted == operation,
                On::Blob(blob) => operation == Operation::PutBlob && digest == Some(blob.as_str()),
            }
    }
}
