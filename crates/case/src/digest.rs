//! What is the SHA-256 of a stream?

use std::io::{self, Read, Seek, SeekFrom};

use sha2::{Digest, Sha256};

const BLOCK: usize = 1 << 17;

/// Digest and length of what is left of a stream.
pub(crate) fn sha256(input: &mut dyn Read) -> io::Result<([u8; 32], u64)> {
    let mut digest = Sha256::new();
    let length = take_all(input, &mut digest)?;
    Ok((digest.finalize().into(), length))
}

fn take_all(input: &mut dyn Read, digest: &mut Sha256) -> io::Result<u64> {
    let mut block = vec![0; BLOCK];
    let mut length = 0;
    loop {
        match input.read(&mut block) {
            Ok(0) => return Ok(length),
            Ok(read) => {
                digest.update(&block[..read]);
                length += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Bytes that are digested while somebody reads them, so that they need not be read twice.
///
/// Whoever reads them may leap: what was leapt over is read when the digest is asked for.
pub(crate) struct Digested<T> {
    inner: T,
    digest: Sha256,
    /// Where the next byte is read.
    at: u64,
    /// Up to where it is digested.
    done: u64,
}

impl<T> Digested<T> {
    /// Bytes that stand at their beginning.
    pub(crate) fn of(inner: T) -> Self {
        Self { inner, digest: Sha256::new(), at: 0, done: 0 }
    }
}

impl<T: Read + Seek> Digested<T> {
    /// The digest of all bytes.
    ///
    /// # Errors
    /// Where what nobody has read yet cannot be read.
    pub(crate) fn finish(mut self) -> io::Result<[u8; 32]> {
        self.inner.seek(SeekFrom::Start(self.done))?;
        take_all(&mut self.inner, &mut self.digest)?;
        Ok(self.digest.finalize().into())
    }
}

impl<T: Read> Read for Digested<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        // Only what continues what is digested already.
        let known = self.done.checked_sub(self.at).and_then(|known| usize::try_from(known).ok());
        if let Some(new) = known.and_then(|known| buffer[..read].get(known..)) {
            self.digest.update(new);
            self.done += new.len() as u64;
        }
        self.at += read as u64;
        Ok(read)
    }
}

impl<T: Seek> Seek for Digested<T> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.inner.seek(to)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_it_is_read_the_digest_is_that_of_all_bytes() -> io::Result<()> {
        let bytes: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
        let (expected, length) = sha256(&mut bytes.as_slice())?;
        assert_eq!((expected, length), (Sha256::digest(&bytes).into(), bytes.len() as u64));
        let mut part = vec![0; 1000];
        for leaps in [&[][..], &[0], &[200_000], &[500, 0, 299_500, 100], &[400_000]] {
            let mut digested = Digested::of(io::Cursor::new(&bytes));
            digested.read_exact(&mut part)?;
            for leap in leaps {
                digested.seek(SeekFrom::Start(*leap))?;
                let _ = digested.read(&mut part)?;
            }
            assert_eq!(digested.finish()?, expected, "{leaps:?}");
        }
        Ok(())
    }
}
