//! ClickHouse's Native format, as far as our tables need it: a block of rows, column by column.
//!
//! The client speaks RowBinary. Taking a million events and their cases apart row by row cost the server five CPU
//! seconds; taking over columns costs it less than one (docs/benchmarks.md).
//!
//! <https://clickhouse.com/docs/reference/interfaces/specs/NativeFormat>

use std::{collections::HashMap, fmt};

use domain::{Instant, Text};
use foldhash::fast::RandomState;

/// What a column holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Type {
    /// `String`.
    Text,
    /// `LowCardinality(String)`: few different ones, each sent once a block.
    Word,
    /// `LowCardinality(Nullable(String))`.
    WordOrNull,
    /// Numbers of one width, and instants, by their name in ClickHouse.
    Fixed(&'static str, usize),
    /// `Nullable(…)` of any of the above but words.
    OrNull(&'static Type),
    /// `Array(…)` of texts.
    Texts,
    /// `Array(Tuple(…))`.
    Tuples(&'static [Named]),
}

/// A column of a table, or an element of a tuple.
pub(crate) type Named = (&'static str, Type);

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Text => f.write_str("String"),
            Type::Word => f.write_str("LowCardinality(String)"),
            Type::WordOrNull => f.write_str("LowCardinality(Nullable(String))"),
            Type::Fixed(name, _) => f.write_str(name),
            Type::OrNull(inner) => write!(f, "Nullable({inner})"),
            Type::Texts => f.write_str("Array(String)"),
            Type::Tuples(elements) => {
                f.write_str("Array(Tuple(")?;
                for (at, (name, element)) in elements.iter().enumerate() {
                    write!(f, "{}{name} {element}", if at == 0 { "" } else { ", " })?;
                }
                f.write_str("))")
            }
        }
    }
}

/// The values of a column so far. An array is a column of its ends; so many columns of its elements follow it.
#[derive(Debug)]
enum Column {
    Plain(Vec<u8>),
    OrNull { nulls: Vec<u8>, values: Vec<u8>, nothing: usize },
    Words(Words),
    Array { ends: Vec<u8>, end: u64, elements: usize },
}

/// Words by their number in a dictionary.
#[derive(Debug, Default)]
struct Words {
    takes_null: bool,
    numbers: HashMap<Text, u32, RandomState>,
    /// The dictionary, in the order of the numbers.
    dictionary: Vec<u8>,
    /// How many words it has.
    count: u32,
    used: Vec<u32>,
}

/// How the numbers of words are told: those of a dictionary that comes with the block and is all there is.
const OWN_DICTIONARY: u64 = 1 << 9 | 1 << 10;
/// The version of that form, before all words of a column.
const WORDS_VERSION: u64 = 1;

/// Rows of one table, put in value by value in the order of its columns.
#[derive(Debug)]
pub(crate) struct Block {
    types: &'static [Named],
    columns: Vec<Column>,
    /// The column of the next value.
    at: usize,
    pub(crate) rows: u64,
}

impl Block {
    pub(crate) fn new(types: &'static [Named]) -> Self {
        let mut columns = Vec::new();
        types.iter().for_each(|(_, of)| add_columns(*of, &mut columns));
        Self { types, columns, at: 0, rows: 0 }
    }

    pub(crate) fn end_row(&mut self) {
        // Columns of different lengths would be read as other rows than were meant.
        assert_eq!(self.at, self.columns.len(), "a value for every column");
        self.at = 0;
        self.rows += 1;
    }

    /// Lets go of the rows and keeps the room they took.
    pub(crate) fn clear(&mut self) {
        self.columns.iter_mut().for_each(Column::clear);
        self.rows = 0;
    }

    fn next(&mut self) -> &mut Column {
        self.at += 1;
        &mut self.columns[self.at - 1]
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) {
        self.next().put(|bytes| put_text(bytes, value));
    }

    pub(crate) fn text(&mut self, value: &str) {
        match self.next() {
            Column::Words(words) => words.put(value),
            column => column.put(|bytes| put_text(bytes, value.as_bytes())),
        }
    }

    fn fixed<const WIDTH: usize>(&mut self, value: [u8; WIDTH]) {
        self.next().put(|bytes| bytes.extend_from_slice(&value));
    }

    pub(crate) fn flag(&mut self, value: bool) {
        self.fixed([u8::from(value)]);
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.fixed([value]);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.fixed(value.to_le_bytes());
    }

    pub(crate) fn i16(&mut self, value: i16) {
        self.fixed(value.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.fixed(value.to_le_bytes());
    }

    pub(crate) fn i32(&mut self, value: i32) {
        self.fixed(value.to_le_bytes());
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.fixed(value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.fixed(value.to_le_bytes());
    }

    pub(crate) fn u128(&mut self, value: u128) {
        self.fixed(value.to_le_bytes());
    }

    pub(crate) fn f64(&mut self, value: f64) {
        self.fixed(value.to_le_bytes());
    }

    /// A `DateTime64(3)`.
    pub(crate) fn instant(&mut self, value: Instant) {
        self.i64(value.ms());
    }

    /// A value of a column that takes NULL.
    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            None => self.next().put_null(),
            Some(value) => write(self, value),
        }
    }

    /// An array: `write` puts in the elements of each tuple, in their order.
    pub(crate) fn array<T>(&mut self, values: &[T], write: impl Fn(&mut Self, &T)) {
        let elements = self.next().put_array(values.len());
        let first = self.at;
        for value in values {
            self.at = first;
            write(self, value);
        }
        self.at = first + elements;
    }

    /// Tells the bytes of the block as it is sent, piece by piece.
    pub(crate) fn encode(&self, out: &mut impl FnMut(&[u8])) {
        let mut header = Vec::new();
        put_length(&mut header, self.types.len());
        put_length(&mut header, self.rows as usize);
        let mut columns = &self.columns[..];
        for (name, of) in self.types {
            put_text(&mut header, name.as_bytes());
            put_text(&mut header, of.to_string().as_bytes());
            let (of_this, rest) = columns.split_at(width(*of));
            // The versions of all words inside come before any value.
            let words = of_this.iter().filter(|column| matches!(column, Column::Words(_)));
            words.for_each(|_| header.extend_from_slice(&WORDS_VERSION.to_le_bytes()));
            out(&header);
            of_this.iter().for_each(|column| column.encode(out));
            header.clear();
            columns = rest;
        }
    }

    /// How many bytes the values take.
    pub(crate) fn len(&self) -> usize {
        self.columns.iter().map(Column::len).sum()
    }
}

/// How many columns a type takes here.
fn width(of: Type) -> usize {
    match of {
        Type::Texts => 2,
        Type::Tuples(elements) => 1 + elements.iter().map(|(_, element)| width(*element)).sum::<usize>(),
        _ => 1,
    }
}

fn add_columns(of: Type, columns: &mut Vec<Column>) {
    let array = || Column::Array { ends: Vec::new(), end: 0, elements: width(of) - 1 };
    match of {
        Type::Text | Type::Fixed(..) => columns.push(Column::Plain(Vec::new())),
        Type::Word => columns.push(Column::Words(Words::default())),
        Type::WordOrNull => columns.push(Column::Words(Words::with_null())),
        Type::OrNull(inner) => {
            let nothing = if let Type::Fixed(_, width) = inner { *width } else { 1 };
            columns.push(Column::OrNull { nulls: Vec::new(), values: Vec::new(), nothing });
        }
        Type::Texts => columns.extend([array(), Column::Plain(Vec::new())]),
        Type::Tuples(elements) => {
            columns.push(array());
            elements.iter().for_each(|(_, element)| add_columns(*element, columns));
        }
    }
}

impl Column {
    fn put(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        match self {
            Column::Plain(values) => write(values),
            Column::OrNull { nulls, values, .. } => {
                nulls.push(0);
                write(values);
            }
            Column::Words(_) | Column::Array { .. } => debug_assert!(false, "not a value for this column"),
        }
    }

    /// An array of so many values; in how many columns they lie.
    fn put_array(&mut self, values: usize) -> usize {
        let Column::Array { ends, end, elements } = self else {
            debug_assert!(false, "this column takes no arrays");
            return 0;
        };
        *end += values as u64;
        ends.extend_from_slice(&end.to_le_bytes());
        *elements
    }

    fn put_null(&mut self) {
        match self {
            Column::OrNull { nulls, values, nothing } => {
                nulls.push(1);
                // An empty text, or a number that is not looked at.
                values.resize(values.len() + *nothing, 0);
            }
            Column::Words(words) => words.used.push(0),
            Column::Plain(_) | Column::Array { .. } => debug_assert!(false, "this column takes no NULL"),
        }
    }

    fn clear(&mut self) {
        match self {
            Column::Plain(values) => values.clear(),
            Column::OrNull { nulls, values, .. } => {
                nulls.clear();
                values.clear();
            }
            Column::Words(words) => words.clear(),
            Column::Array { ends, end, .. } => {
                ends.clear();
                *end = 0;
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Column::Plain(values) => values.len(),
            Column::OrNull { nulls, values, .. } => nulls.len() + values.len(),
            Column::Words(words) => words.dictionary.len() + 2 * words.used.len(),
            Column::Array { ends, .. } => ends.len(),
        }
    }

    fn encode(&self, out: &mut impl FnMut(&[u8])) {
        match self {
            Column::Plain(values) => out(values),
            Column::OrNull { nulls, values, .. } => {
                out(nulls);
                out(values);
            }
            Column::Words(words) => words.encode(out),
            Column::Array { ends, .. } => out(ends),
        }
    }
}

impl Words {
    /// Where NULL may stand, it is number 0.
    fn with_null() -> Self {
        let mut words = Self { takes_null: true, ..Self::default() };
        words.clear();
        words
    }

    fn clear(&mut self) {
        self.numbers.clear();
        self.used.clear();
        self.dictionary.clear();
        self.count = 0;
        if self.takes_null {
            // The dictionary has an empty word there, which no text is told by.
            self.dictionary.push(0);
            self.count = 1;
        }
    }

    fn put(&mut self, word: &str) {
        let number = match self.numbers.get(word) {
            Some(number) => *number,
            None => self.add(word),
        };
        self.used.push(number);
    }

    fn add(&mut self, word: &str) -> u32 {
        let number = self.count;
        self.numbers.insert(word.into(), number);
        put_text(&mut self.dictionary, word.as_bytes());
        self.count += 1;
        number
    }

    fn encode(&self, out: &mut impl FnMut(&[u8])) {
        if self.used.is_empty() {
            return;
        }
        let (width, numbers): (u64, Vec<u8>) = match self.count {
            0..=0x100 => (0, self.used.iter().map(|number| *number as u8).collect()),
            0x101..=0x1_0000 => (1, self.used.iter().flat_map(|number| (*number as u16).to_le_bytes()).collect()),
            _ => (2, self.used.iter().flat_map(|number| number.to_le_bytes()).collect()),
        };
        out(&(OWN_DICTIONARY | width).to_le_bytes());
        out(&u64::from(self.count).to_le_bytes());
        out(&self.dictionary);
        out(&(self.used.len() as u64).to_le_bytes());
        out(&numbers);
    }
}

/// A `String`, which need not be text.
fn put_text(bytes: &mut Vec<u8>, text: &[u8]) {
    put_length(bytes, text.len());
    bytes.extend_from_slice(text);
}

/// LEB128.
fn put_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        bytes.push((length as u8 & 0x7f) | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}
