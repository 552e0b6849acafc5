//! Ready-made rows on disk: what the pipeline would insert, batch by batch.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
};

use store::{Rows, Table};

/// Writes batches of rows.
pub struct RowsWriter(BufWriter<File>);

impl RowsWriter {
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self(BufWriter::with_capacity(1 << 20, File::create(path)?)))
    }

    /// Adds the rows of one batch, which held so many events.
    pub fn push(&mut self, events: u64, rows: &Rows) -> io::Result<()> {
        self.0.write_all(&events.to_le_bytes())?;
        for (rows, bytes) in rows.encoded() {
            self.0.write_all(&rows.to_le_bytes())?;
            self.0.write_all(&(bytes.len() as u64).to_le_bytes())?;
            self.0.write_all(&bytes)?;
        }
        Ok(())
    }

    pub fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The rows of one batch, ready-made: each table's number of rows and their bytes.
pub type Blocks = [(u64, Vec<u8>); Table::ALL.len()];

/// Reads them back: each batch's number of events and its rows.
pub fn read(path: &Path) -> io::Result<Vec<(u64, Blocks)>> {
    let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut batches = Vec::new();
    while let Some(events) = number(&mut file)? {
        let mut blocks = Blocks::default();
        for block in &mut blocks {
            let (rows, length) = (number(&mut file)?.unwrap_or(0), number(&mut file)?.unwrap_or(0));
            let mut bytes = vec![0; length as usize];
            file.read_exact(&mut bytes)?;
            *block = (rows, bytes);
        }
        batches.push((events, blocks));
    }
    Ok(batches)
}

fn number(file: &mut impl Read) -> io::Result<Option<u64>> {
    let mut bytes = [0; 8];
    match file.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(u64::from_le_bytes(bytes))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}
