//! gzip on all cores, with the same bytes whatever their number.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::thread::{self, JoinHandle};

use flate2::{Compression, GzBuilder};

/// How hard to try. Measured on one core, WordPress (81 MB of text) and 220 MB of Debian's libraries:
///
/// | level | WordPress | libraries | seconds |
/// |---|---|---|---|
/// | 1 | 34.9 MB | 98.5 MB | 1.4 + 3.9 |
/// | 4 | 27.6 MB | 77.5 MB | 2.8 + 8.1 |
/// | 6 | 27.1 MB | 76.3 MB | 3.4 + 9.6 |
/// | 7 | 27.0 MB | 75.8 MB | 3.8 + 14.9 |
/// | 9 | 27.0 MB | 74.0 MB | 5.0 + 23.1 |
const LEVEL: u32 = 6;

/// How much goes into one member. gzip allows any number of members one after the other, and every engine and registry
/// reads them, for tools like `pigz -i` and eStargz have long written them. Members of this size cost 0.03 %, and let the
/// distribution's layer, which is most of an image, be compressed on all cores.
const MEMBER: usize = 4 << 20;

/// A byte of gzip's header that says on which system it was written. 255: unknown.
const NO_SYSTEM: u8 = 255;

/// Compresses what is written to it. The boundaries of members depend on the contents only, so the result does too.
#[derive(Debug)]
pub(super) struct Gzip<W> {
    inner: W,
    member: Vec<u8>,
    /// Members on their way, the oldest first.
    pending: VecDeque<JoinHandle<io::Result<Vec<u8>>>>,
    workers: usize,
    /// The size of a member: less than [`MEMBER`] in tests.
    size: usize,
    is_begun: bool,
}

impl<W: Write> Gzip<W> {
    pub(super) fn new(inner: W) -> Self {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        Self {
            inner,
            member: Vec::new(),
            pending: VecDeque::new(),
            workers,
            size: MEMBER,
            is_begun: false,
        }
    }

    /// Compresses the rest.
    pub(super) fn finish(mut self) -> io::Result<W> {
        // Nothing at all is one empty member: a file of zero bytes is no gzip.
        if !self.member.is_empty() || !self.is_begun {
            self.compress()?;
        }
        while !self.pending.is_empty() {
            self.collect()?;
        }
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn compress(&mut self) -> io::Result<()> {
        self.is_begun = true;
        let member = std::mem::take(&mut self.member);
        // Bounded, so that a slow disk does not fill the memory.
        if self.pending.len() >= self.workers {
            self.collect()?;
        }
        let worker = thread::Builder::new().name("gzip".to_owned());
        self.pending.push_back(worker.spawn(move || compressed(&member))?);
        Ok(())
    }

    fn collect(&mut self) -> io::Result<()> {
        let Some(oldest) = self.pending.pop_front() else { return Ok(()) };
        let bytes = oldest.join().map_err(|_| io::Error::other("the compressor panicked"))??;
        self.inner.write_all(&bytes)
    }
}

impl<W: Write> Write for Gzip<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.size - self.member.len());
        self.member.extend_from_slice(&bytes[..taken]);
        if self.member.len() == self.size {
            self.compress()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // A member is ended by its size and by nothing else: otherwise the bytes would depend on the writer.
    }
}

fn compressed(member: &[u8]) -> io::Result<Vec<u8>> {
    // Neither a name nor a time: flate2 writes zero for the latter.
    let builder = GzBuilder::new().mtime(0).operating_system(NO_SYSTEM);
    let mut gzip = builder.write(Vec::with_capacity(member.len() / 2), Compression::new(LEVEL));
    gzip.write_all(member)?;
    gzip.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::MultiGzDecoder;

    use super::*;

    fn gzip(bytes: &[u8], workers: usize, piece: usize) -> Vec<u8> {
        let mut gzip = Gzip { workers, size: 50_000, ..Gzip::new(Vec::new()) };
        for piece in bytes.chunks(piece) {
            gzip.write_all(piece).unwrap();
        }
        gzip.finish().unwrap()
    }

    #[test]
    fn neither_cores_nor_pieces_change_the_bytes() {
        let bytes: Vec<u8> = (0..180_077_u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
        let one = gzip(&bytes, 1, bytes.len());
        assert_eq!(gzip(&bytes, 5, 7_003), one);
        let mut read = Vec::new();
        MultiGzDecoder::new(&one[..]).read_to_end(&mut read).unwrap();
        assert!(read == bytes, "what was compressed comes back");
    }

    #[test]
    fn nothing_is_a_member_too_and_the_header_tells_nothing() {
        let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, NO_SYSTEM];
        assert_eq!(gzip(b"", 2, 1)[..10], header);
        assert_eq!(gzip(b"text", 2, 1)[..10], header);
    }
}
