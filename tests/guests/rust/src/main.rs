//! Rust's standard library on WASI preview 1, a command a part: collections, text, files, environment, panics.
//!
//!     guest collections | text | files DIR | env | stdin | panic | overflow | exit CODE | threads

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::exit;
use std::rc::Rc;
use std::time::{Duration, Instant};

fn collections() {
    let mut seed = 1u64;
    let mut next = move || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as u32
    };
    let numbers: Vec<u32> = (0..50_000).map(|_| next() % 10_000).collect();
    let mut counts: HashMap<u32, u32> = HashMap::new();
    for n in &numbers {
        *counts.entry(*n).or_default() += 1;
    }
    let mut best: Vec<(u32, u32)> = counts.iter().map(|(k, v)| (*v, *k)).collect();
    best.sort_unstable_by(|a, b| b.cmp(a));
    println!("{} different, most frequent {:?}", counts.len(), &best[..3]);
    let tree: BTreeMap<String, usize> =
        numbers.iter().take(1000).enumerate().map(|(i, n)| (format!("k{n:05}"), i)).collect();
    println!("{:?} {:?}", tree.first_key_value(), tree.range("k05".to_string()..).next());
    let mut queue: VecDeque<_> = (0..10).collect();
    queue.rotate_left(3);
    println!("{queue:?} {}", numbers.iter().collect::<HashSet<_>>().len());
    let shared = Rc::new(String::from("shared"));
    let copies: Vec<_> = (0..5).map(|_| Rc::clone(&shared)).collect();
    println!("{} {}", Rc::strong_count(&shared), copies.len());
    let boxed: Vec<Box<dyn Fn(i64) -> i64>> = vec![Box::new(|x| x + 1), Box::new(|x| x * x), Box::new(move |x| x - 7)];
    println!("{}", (0..1000).fold(0i64, |sum, i| sum.wrapping_add(boxed[i as usize % 3](i))));
    println!("{}", u128::MAX / 12345678901234567890u128 + (1u128 << 70).leading_zeros() as u128);
}

fn text() {
    let sample = "Die Fähre — 渡し舟 🚣 fährt über den Fluß";
    println!("{} bytes, {} chars, {}", sample.len(), sample.chars().count(), sample.to_uppercase());
    println!("{:?}", sample.split_whitespace().rev().collect::<Vec<_>>());
    println!("{:?} {:?}", sample.find("über"), sample.char_indices().nth(12));
    println!("{:>8.3}|{:<8}|{:^8}|{:+e}|{:#x}|{:#010b}", 3.14159, "ab", "mid", 1234.5f64, 255, 5);
    println!("{:?} {:?} {:?}", "1e3".parse::<f64>(), "x".parse::<i32>(), "300".parse::<u8>());
    println!("{} {} {} {}", 0.1 + 0.2, f64::MAX, 1e-7, f32::MIN_POSITIVE);
    let mut out = String::new();
    for i in 0..5 {
        write!(out, "{i}:{:?} ", sample.chars().nth(i * 3)).unwrap();
    }
    println!("{out}\n{:?}", String::from_utf8(vec![0x66, 0xff]).map_err(|e| e.to_string()));
}

fn walk(path: &Path, depth: usize) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(path)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(|e| e.file_name());
    for entry in entries {
        let kind = entry.file_type()?;
        let name = entry.file_name().into_string().unwrap();
        if kind.is_dir() {
            println!("{:w$}{name}/", "", w = depth * 2);
            walk(&entry.path(), depth + 1)?;
        } else {
            println!("{:w$}{name} {}", "", entry.metadata()?.len(), w = depth * 2);
        }
    }
    Ok(())
}

fn files(dir: &str) -> io::Result<()> {
    let base = Path::new(dir).join("rust");
    fs::create_dir_all(base.join("a/b/c"))?;
    for i in 0..5 {
        fs::write(base.join(format!("a/file{i}")), format!("content {i}\n").repeat(i + 1))?;
    }
    fs::copy(base.join("a/file4"), base.join("a/b/copy"))?;
    fs::rename(base.join("a/file0"), base.join("renamed"))?;
    fs::hard_link(base.join("renamed"), base.join("a/hard"))?;
    walk(Path::new(dir), 0)?;
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(base.join("rw"))?;
    file.write_all(b"0123456789")?;
    file.seek(SeekFrom::Start(3))?;
    file.write_all(b"abc")?;
    file.rewind()?;
    let mut all = String::new();
    file.read_to_string(&mut all)?;
    println!("{all} {}", file.metadata()?.len());
    file.set_len(4)?;
    println!("{:?} {:?}", fs::read_to_string(base.join("rw"))?, base.join("a/b/../file1").exists());
    for line in BufReader::new(File::open(base.join("a/file2"))?).lines() {
        println!("line {}", line?);
    }
    println!("{:?}", File::open(base.join("missing")).map_err(|e| e.kind()).err());
    println!("{:?}", File::open("/etc/passwd").is_err());
    println!("{:?}", fs::remove_dir(base.join("a")).is_err());
    fs::remove_dir_all(&base)?;
    println!("{}", base.exists());
    Ok(())
}

fn environment() {
    let mut variables: Vec<_> = std::env::vars().collect();
    variables.sort();
    println!("{:?} {variables:?}", std::env::args().skip(1).collect::<Vec<_>>());
    let start = Instant::now();
    std::thread::sleep(Duration::from_millis(5));
    println!("slept long enough: {}", start.elapsed() >= Duration::from_millis(5));
}

fn stdin() {
    let (mut lines, mut letters) = (0, 0);
    for line in io::stdin().lock().lines() {
        let line = line.unwrap();
        lines += 1;
        letters += line.chars().filter(|c| c.is_alphabetic()).count();
    }
    println!("{lines} lines, {letters} letters");
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let arg = |i: usize| args.get(i).map(String::as_str).unwrap_or("");
    match arg(1) {
        "collections" => collections(),
        "text" => text(),
        "files" => {
            if let Err(error) = files(arg(2)) {
                println!("error: {:?}", error.kind());
                exit(1);
            }
        }
        "env" => environment(),
        "stdin" => stdin(),
        "panic" => {
            println!("before the panic");
            let none: Option<u32> = arg(2).parse().ok();
            println!("{}", none.expect("a number"));
        }
        "overflow" => {
            let list = [1, 2, 3];
            println!("{}", list[args.len() + 5]);
        }
        "threads" => println!("{}", std::thread::Builder::new().spawn(|| ()).is_err()),
        "exit" => exit(arg(2).parse().unwrap_or(2)),
        other => {
            println!("unknown command {other:?}");
            exit(2);
        }
    }
}
