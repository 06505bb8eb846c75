//! What is the SHA-256 of a stream?

use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// Digest and length of what is left of a stream.
pub(crate) fn sha256(input: &mut dyn Read) -> io::Result<([u8; 32], u64)> {
    let mut digest = Sha256::new();
    let mut block = vec![0; 1 << 20];
    let mut length = 0;
    loop {
        match input.read(&mut block) {
            Ok(0) => return Ok((digest.finalize().into(), length)),
            Ok(read) => {
                digest.update(&block[..read]);
                length += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
