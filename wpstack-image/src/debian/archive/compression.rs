//! The ways in which the parts of a package are compressed.

use std::io::{self, BufReader, Read};

use flate2::read::GzDecoder;
use liblzma::read::XzDecoder;
use liblzma::stream::Stream;
use ruzstd::decoding::StreamingDecoder;

use super::ArchiveError;

/// What unpacking may take of memory: what `xz -9` asks for, and some.
const MEMORY: u64 = 256 << 20;
const WINDOW: u64 = 128 << 20;

/// The contents of a part by the end of its name: `.xz`.
pub(super) fn decompress<'r>(
    part: impl Read + 'r,
    name: &str,
    compression: &str,
) -> Result<Box<dyn Read + 'r>, ArchiveError> {
    let part = BufReader::with_capacity(1 << 16, part);
    Ok(match compression {
        "" => Box::new(part),
        ".gz" => Box::new(GzDecoder::new(part)),
        ".xz" => {
            let stream = Stream::new_stream_decoder(MEMORY, 0).map_err(io::Error::from)?;
            Box::new(XzDecoder::new_stream(part, stream))
        }
        ".zst" => {
            let decoder = StreamingDecoder::new_with_max_window_size(part, WINDOW);
            Box::new(decoder.map_err(io::Error::other)?)
        }
        _ => return Err(ArchiveError::Compression(name.to_owned())),
    })
}
