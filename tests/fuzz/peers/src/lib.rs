//! The protocol between the differential fuzzer (tests/fuzz/fuzz_differential.cc) and another engine.
//!
//! A peer is a process that reads requests from its input and answers each with lines of text: what an embedder can see
//! after loading a module, calling its exports and looking at what it left. All sides make arguments, host functions and
//! lines by the same rules (tests/fuzz/observe.cc), so that comparing engines is comparing text. Numbers are little-endian.
//!
//!   request:  u32 size; u32 module size, module; u8 argument size, arguments; u32 most calls;
//!             u32 exports, each: u8 kind (f t m g), u16 size, name
//!   answer:   u32 size; text

use std::io::{Read, Write};

pub const MOST_CALLED_EXPORTS: usize = 16;
pub const MOST_COMPARED_ELEMENTS: u64 = 64;

pub struct Export {
    pub kind: u8,
    pub name: String,
}

pub struct Request {
    pub module: Vec<u8>,
    pub arguments: Vec<u8>,
    pub most_calls: u32,
    pub exports: Vec<Export>,
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take(&mut self, count: usize) -> Vec<u8> {
        let (head, tail) = self.0.split_at(count);
        self.0 = tail;
        head.to_vec()
    }
    fn u8(&mut self) -> u8 {
        self.take(1)[0]
    }
    fn u16(&mut self) -> usize {
        u16::from_le_bytes(self.take(2).try_into().unwrap()) as usize
    }
    fn u32(&mut self) -> usize {
        u32::from_le_bytes(self.take(4).try_into().unwrap()) as usize
    }
}

fn parse(bytes: &[u8]) -> Request {
    let mut cursor = Cursor(bytes);
    let size = cursor.u32();
    let module = cursor.take(size);
    let size = cursor.u8() as usize;
    let arguments = cursor.take(size);
    let most_calls = cursor.u32() as u32;
    let count = cursor.u32();
    let exports = (0..count)
        .map(|_| {
            let kind = cursor.u8();
            let size = cursor.u16();
            Export { kind, name: String::from_utf8(cursor.take(size)).unwrap() }
        })
        .collect();
    Request { module, arguments, most_calls, exports }
}

/// Answers requests until the input ends. A panic of the engine is an answer too.
pub fn serve(observe: fn(&Request, &mut String)) {
    std::panic::set_hook(Box::new(|info| eprintln!("{info}")));
    // Guests recurse until their fuel is used up, and the engines must not be the ones to stop that.
    let body = move || {
        let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
        let mut size = [0u8; 4];
        while input.read_exact(&mut size).is_ok() {
            let mut bytes = vec![0u8; u32::from_le_bytes(size) as usize];
            input.read_exact(&mut bytes).unwrap();
            let request = parse(&bytes);
            let text = std::panic::catch_unwind(|| {
                let mut text = String::new();
                observe(&request, &mut text);
                text
            })
            .unwrap_or_else(|_| "panic\n".to_string());
            output.write_all(&(text.len() as u32).to_le_bytes()).unwrap();
            output.write_all(text.as_bytes()).unwrap();
            output.flush().unwrap();
        }
    };
    std::thread::Builder::new().stack_size(256 << 20).spawn(body).unwrap().join().unwrap();
}

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    I32,
    I64,
    F32,
    F64,
    Other,
}

/// Arguments and answers of host functions: numbers from a sequence that the input starts.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(bytes: &[u8]) -> Self {
        Numbers(bytes.iter().fold(0xcbf29ce484222325, |state, &byte| (state ^ byte as u64).wrapping_mul(0x100000001b3)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let bits = self.0 ^ (self.0 >> 29);
        match bits >> 61 {
            0 => 0,
            1 => bits & 0xf,
            2 => bits & 0xff,
            3 => !(bits & 0xff),
            4 => {
                if bits & 1 != 0 {
                    0x7fffffff
                } else {
                    0x80000000
                }
            }
            5 => 1 << (bits & 63),
            _ => bits,
        }
    }

    /// The bits of a value of the kind; those that are no numbers use up one, too.
    pub fn value(&mut self, kind: Kind) -> u64 {
        let bits = self.next();
        match kind {
            Kind::F32 => {
                let number = f32::from_bits(bits as u32);
                let plain = bits % 4 != 0 && !number.is_nan();
                (if plain { number } else { (bits & 0xff) as f32 }).to_bits() as u64
            }
            Kind::F64 => {
                let number = f64::from_bits(bits);
                let plain = bits % 4 != 0 && !number.is_nan();
                (if plain { number } else { (bits & 0xff) as f64 }).to_bits()
            }
            _ => bits,
        }
    }
}

/// What host functions of a run share.
pub struct Host {
    pub numbers: Numbers,
    pub calls: u32,
    pub depth: u32,
}

pub fn hash(bytes: &[u8]) -> u64 {
    let mut state = 0xcbf29ce484222325u64;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state = (state ^ u64::from_le_bytes(*word)).wrapping_mul(0x100000001b3);
        state ^= state >> 32;
    }
    for &byte in rest {
        state = (state ^ byte as u64).wrapping_mul(0x100000001b3);
    }
    state
}

pub fn show_f32(bits: u32) -> String {
    if f32::from_bits(bits).is_nan() { " f32:nan".to_string() } else { format!(" f32:{bits:x}") }
}

pub fn show_f64(bits: u64) -> String {
    if f64::from_bits(bits).is_nan() { " f64:nan".to_string() } else { format!(" f64:{bits:x}") }
}

pub fn show_ref(null: bool) -> &'static str {
    if null { " null" } else { " ref" }
}
