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

/// The frames of a block, one after another.
///
/// <https://clickhouse.com/docs/reference/interfaces/specs/NativeFormat#frame-format>
pub(crate) fn compressed(block: &[u8]) -> Bytes {
    let mut frames = Vec::with_capacity(block.len() / 2 + CHECKSUM + HEADER);
    for part in block.chunks(FRAME) {
        let packed = lz4_flex::block::compress(part);
        let mut frame = Vec::with_capacity(HEADER + packed.len());
        frame.put_u8(LZ4);
        // Both lengths are those of at most a frame, far below 4 GiB.
        frame.put_u32_le((HEADER + packed.len()) as u32);
        frame.put_u32_le(part.len() as u32);
        frame.extend_from_slice(&packed);
        // The server keeps the two halves of the checksum the other way round.
        frames.put_u128_le(cityhash_rs::cityhash_102_128(&frame).rotate_right(64));
        frames.extend_from_slice(&frame);
    }
    frames.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_unpack_to_the_block_they_were_made_of() {
        let block: Vec<u8> = (0..FRAME * 2 + 17).map(|at| (at / 7) as u8).collect();
        let (frames, mut unpacked, mut at) = (compressed(&block), Vec::new(), 0);
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
