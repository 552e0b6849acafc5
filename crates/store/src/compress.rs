//! ClickHouse's compressed stream: LZ4 frames, each with a checksum.
//!
//! The client compresses whatever it is given at every attempt and cannot clone what it compressed, so
//! a block is compressed here, once,, and the same bytes are sent until they are acknowledged.

use bytes::{BufMut, Bytes};

/// How much of a block goes into one frame: the server unpacks a frame as a whole.
const FRAME: usize = 1 << 20;
const HEADER: usize = 9;
const LZ4: u8 = 0x82;

/// Compresses what is written to it, frame by frame.
///
/// <https://clickhouse.com/docs/reference/interfaces/specs/NativeFormat#frame-format>
#[derive(Default)]
pub(crate) struct Compressor {
    frames: Vec<u8>,
    /// What is not in a frame yet.
    part: Vec<u8>,
    written: u64,
}

impl Compressor {
    pub(crate) fn write(&mut self, mut bytes: &[u8]) {
        self.written += bytes.len() as u64;
        while !bytes.is_empty() {
            let (fitting, rest) = bytes.split_at(bytes.len().min(FRAME - self.part.len()));
            self.part.extend_from_slice(fitting);
            if self.part.len() == FRAME {
                self.end_frame();
            }
            bytes = rest;
        }
    }

    /// How many bytes were written.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// The frames, one after another.
    pub(crate) fn finish(mut self) -> Bytes {
        self.end_frame();
        self.frames.into()
    }

    fn end_frame(&mut self) {
        if self.part.is_empty() {
            return;
        }
        let packed = lz4_flex::block::compress(&self.part);
        let mut frame = Vec::with_capacity(HEADER + packed.len());
        frame.put_u8(LZ4);
        // Both lengths are those of at most a frame, far below 4 GiB.
        frame.put_u32_le((HEADER + packed.len()) as u32);
        frame.put_u32_le(self.part.len() as u32);
        frame.extend_from_slice(&packed);
        // The server keeps the two halves of the checksum the other way round.
        self.frames.put_u128_le(cityhash_rs::cityhash_102_128(&frame).rotate_right(64));
        self.frames.extend_from_slice(&frame);
        self.part.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKSUM: usize = 16;

    #[test]
    fn frames_unpack_to_the_block_they_were_made_of() {
        let block: Vec<u8> = (0..FRAME * 2 + 17).map(|at| (at / 7) as u8).collect();
        let mut compressor = Compressor::default();
        block.chunks(100_003).for_each(|bytes| compressor.write(bytes));
        assert_eq!(compressor.written(), block.len() as u64);
        let (frames, mut unpacked, mut at) = (compressor.finish(), Vec::new(), 0);
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
