//! ClickHouse's compressed stream: LZ4 frames, each with a checksum.
//!
//! The client compresses whatever it is given at every attempt and cannot clone what it compressed, so
//! a block is compressed here, once, and the same bytes are sent until they are acknowledged.

use bytes::{BufMut, Bytes};

/// How much of a block goes into one frame: the server unpacks a frame as a whole.
const FRAME: usize = 1 << 20;
const CHECKSUM: usize = 16;
const HEADER: usize = 9;
const LZ4: u8 = 0x82;

/// Compresses what is written to it, frame by frame. It keeps the room it needs from one block to the next.
///
/// <https://clickhouse.com/docs/reference/interfaces/specs/NativeFormat#frame-format>
#[derive(Debug, Default)]
pub(crate) struct Compressor {
    frames: Vec<u8>,
    /// What is not in a frame yet.
    part: Vec<u8>,
    /// Room for a frame while it is compressed.
    packed: Vec<u8>,
    written: u64,
}

impl Compressor {
    pub(crate) fn write(&mut self, mut bytes: &[u8]) {
        self.written += bytes.len() as u64;
        while !bytes.is_empty() {
            let (fitting, rest) = bytes.split_at(bytes.len().min(FRAME - self.part.len()));
            if fitting.len() == FRAME {
                self.frame(fitting);
            } else {
                self.part.extend_from_slice(fitting);
                if self.part.len() == FRAME {
                    self.end_frame();
                }
            }
            bytes = rest;
        }
    }

    /// The frames of a block, one after another, and how many bytes were written; then it is ready for the next one.
    pub(crate) fn finish(&mut self) -> (Bytes, u64) {
        self.end_frame();
        // No larger than it must be: much of it waits.
        let frames = Bytes::copy_from_slice(&self.frames);
        self.frames.clear();
        (frames, std::mem::take(&mut self.written))
    }

    fn end_frame(&mut self) {
        if !self.part.is_empty() {
            let part = std::mem::take(&mut self.part);
            self.frame(&part);
            self.part = part;
            self.part.clear();
        }
    }

    fn frame(&mut self, plain: &[u8]) {
        self.packed.resize(lz4_flex::block::get_maximum_output_size(FRAME), 0);
        #[expect(clippy::expect_used, reason = "there is room for the most it can take")]
        let packed = lz4_flex::block::compress_into(plain, &mut self.packed).expect("what is compressed fits");
        let begin = self.frames.len();
        self.frames.put_u128_le(0);
        self.frames.put_u8(LZ4);
        // Both lengths are those of at most a frame, far below 4 GiB.
        self.frames.put_u32_le((HEADER + packed) as u32);
        self.frames.put_u32_le(plain.len() as u32);
        self.frames.extend_from_slice(&self.packed[..packed]);
        let (checksum, frame) = self.frames[begin..].split_at_mut(CHECKSUM);
        // The server keeps the two halves of the checksum the other way round.
        checksum.copy_from_slice(&cityhash_rs::cityhash_102_128(frame).rotate_right(64).to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_unpack_to_the_block_they_were_made_of() {
        let block: Vec<u8> = (0..FRAME * 2 + 17).map(|at| (at / 7) as u8).collect();
        let mut compressor = Compressor::default();
        block.chunks(100_003).for_each(|bytes| compressor.write(bytes));
        let (frames, written) = compressor.finish();
        assert_eq!(written, block.len() as u64);
        let (mut unpacked, mut at) = (Vec::new(), 0);
        while at < frames.len() {
            let length = |from: usize| u32::from_le_bytes(frames[from..from + 4].try_into().unwrap()) as usize;
            assert_eq!(frames[at + CHECKSUM], LZ4);
            let (packed, plain) = (length(at + CHECKSUM + 1), length(at + CHECKSUM + 5));
            let data = &frames[at + CHECKSUM + HEADER..at + CHECKSUM + packed];
            unpacked.extend(lz4_flex::block::decompress(data, plain).unwrap());
            at += CHECKSUM + packed;
        }
        assert_eq!(unpacked, block);
        assert!(frames.len() < block.len() / 2);
    }
}
