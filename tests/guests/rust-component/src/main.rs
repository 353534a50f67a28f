// A component of Rust's wasm32-wasip2: what the standard library makes of WASI 0.2. The first argument says which part runs.
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom, Write};
use std::net::{Shutdown, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

fn kind(error: &io::Error) -> ErrorKind {
    error.kind()
}

fn surroundings() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    println!("arguments {args:?}");
    let variables: BTreeMap<String, String> = std::env::vars().collect();
    for (name, value) in variables {
        println!("{name}={value}");
    }
}

fn walk(path: &Path, depth: usize) -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(path)?.collect::<io::Result<_>>()?;
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let kind = entry.file_type()?;
        let size = if kind.is_file() { entry.metadata()?.len() } else { 0 };
        println!("{:depth$}{} {} {}", "", entry.file_name().to_string_lossy(), if kind.is_dir() { "folder" } else { "file" }, size);
        if kind.is_dir() {
            walk(&entry.path(), depth + 2)?;
        }
    }
    Ok(())
}

fn files(base: &str) -> io::Result<()> {
    let base = Path::new(base);
    fs::create_dir_all(base.join("made/deep/deeper"))?;
    fs::write(base.join("made/one.txt"), "first line\nsecond line\n")?;
    let mut file = OpenOptions::new().append(true).open(base.join("made/one.txt"))?;
    file.write_all(b"third line\n")?;
    drop(file);
    let mut file = OpenOptions::new().read(true).write(true).open(base.join("made/one.txt"))?;
    file.seek(SeekFrom::Start(6))?;
    file.write_all(b"LINE")?;
    file.seek(SeekFrom::End(-5))?;
    let mut tail = String::new();
    file.read_to_string(&mut tail)?;
    println!("tail {tail:?}, length {}", file.metadata()?.len());
    file.set_len(11)?;
    file.rewind()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    println!("cut {text:?}");
    let big: Vec<u8> = (0..300_000u32).map(|i| (i * 7 % 251) as u8).collect();
    fs::write(base.join("made/deep/big.bin"), &big)?;
    println!("big {}", fs::read(base.join("made/deep/big.bin"))? == big);
    fs::rename(base.join("made/one.txt"), base.join("made/deep/two.txt"))?;
    fs::copy(base.join("made/deep/two.txt"), base.join("made/three.txt"))?;
    fs::hard_link(base.join("made/three.txt"), base.join("made/four.txt"))?;
    println!("links {}", fs::read_to_string(base.join("made/four.txt"))?);
    walk(base, 0)?;
    fs::remove_file(base.join("made/four.txt"))?;
    fs::remove_dir(base.join("made/deep/deeper"))?;
    println!("gone {:?}", fs::metadata(base.join("made/deep/deeper")).map_err(|e| kind(&e)).err());
    println!("full {:?}", fs::remove_dir(base.join("made")).map_err(|e| kind(&e)).err());
    println!("missing {:?}", File::open(base.join("nothing")).map_err(|e| kind(&e)).err());
    println!("exists {:?}", fs::create_dir(base.join("made")).map_err(|e| kind(&e)).err());
    println!("outside {:?}", File::open(base.join("../secret")).is_err());
    println!("absolute {:?}", File::open("/etc/passwd").is_err());
    let age = SystemTime::now().duration_since(fs::metadata(base.join("made/three.txt"))?.modified()?);
    println!("young {}", age.map(|age| age < Duration::from_secs(600)).unwrap_or(true));
    Ok(())
}

fn tcp() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let mut client = TcpStream::connect(address)?;
    let (mut server, peer) = listener.accept()?;
    println!("peer {}", peer == client.local_addr()?);
    client.write_all(b"question")?;
    let mut buffer = [0; 8];
    server.read_exact(&mut buffer)?;
    println!("server got {:?}", String::from_utf8_lossy(&buffer));
    let big: Vec<u8> = (0..100_000u32).map(|i| (i * 13 % 241) as u8).collect();
    let mut got = Vec::new();
    for piece in big.chunks(10_000) {
        server.write_all(piece)?;
        let mut room = vec![0; piece.len()];
        client.read_exact(&mut room)?;
        got.extend(room);
    }
    println!("big {}", got == big);
    server.shutdown(Shutdown::Write)?;
    println!("end {}", client.read(&mut buffer)?);
    client.set_ttl(42)?;
    println!("ttl {}", client.ttl()?);
    drop(listener);
    println!("refused {:?}", TcpStream::connect(address).map_err(|e| kind(&e)).err());
    Ok(())
}

/// Talks to a server of the test's: what it answers depends on the first line.
fn client(address: &str) -> io::Result<()> {
    let mut open = Vec::new();
    for i in 0..3 {
        let mut stream = TcpStream::connect(address)?;
        writeln!(stream, "upper\nconnection {i}")?;
        open.push(stream);
    }
    for (i, mut stream) in open.into_iter().enumerate().rev() {
        writeln!(stream, "and one line more")?;
        stream.shutdown(std::net::Shutdown::Write)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        println!("{i} {answer:?}");
    }
    let mut stream = TcpStream::connect(address)?;
    let sent: Vec<u8> = (0..3_000_000u32).map(|i| (i * i >> 7) as u8).collect();
    stream.write_all(b"echo\n")?;
    stream.write_all(&sent)?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut received = Vec::new();
    stream.read_to_end(&mut received)?;
    println!("{} bytes back, the same {}", received.len(), received == sent);
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"leave\n")?;
    println!("left {:?}", stream.read(&mut [0; 10])?);
    Ok(())
}

/// A file to standard output.
fn copy(path: &str) -> io::Result<()> {
    io::copy(&mut fs::File::open(path)?, &mut io::stdout().lock())?;
    Ok(())
}

fn udp() -> io::Result<()> {
    let a = UdpSocket::bind("127.0.0.1:0")?;
    let b = UdpSocket::bind("127.0.0.1:0")?;
    let mut buffer = [0; 2000];
    println!("sent {}", a.send_to(b"datagram", b.local_addr()?)?);
    let (size, from) = b.recv_from(&mut buffer)?;
    println!("got {:?} from a {}", String::from_utf8_lossy(&buffer[..size]), from == a.local_addr()?);
    b.connect(a.local_addr()?)?;
    println!("sent {}", b.send(&[7; 1200])?);
    println!("got {}", a.recv(&mut buffer)?);
    Ok(())
}

fn names() {
    match ("localhost", 80).to_socket_addrs() {
        Ok(found) => println!("localhost {}", found.into_iter().any(|address| address.ip().is_loopback())),
        Err(error) => println!("localhost fails: {}", error.kind() != ErrorKind::Other),
    }
    println!("bad name {}", ("no such name", 80).to_socket_addrs().is_err());
    println!("number {:?}", ("127.0.0.1", 80).to_socket_addrs().map(|found| found.count()).ok());
}

fn denied() {
    println!("connect {:?}", TcpStream::connect("127.0.0.1:9").map_err(|e| kind(&e)).err());
    println!("listen {:?}", TcpListener::bind("127.0.0.1:0").map_err(|e| kind(&e)).err());
    println!("udp {:?}", UdpSocket::bind("127.0.0.1:0").map_err(|e| kind(&e)).err());
    println!("files {}", fs::read_dir("/").is_err());
}

fn clocks() {
    let start = Instant::now();
    std::thread::sleep(Duration::from_millis(20));
    println!("slept {}", start.elapsed() >= Duration::from_millis(20));
    println!("this century {}", SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() > 1_700_000_000);
    let map: std::collections::HashMap<u32, u32> = (0..100).map(|i| (i, i * i)).collect();
    println!("random state {}", map[&9]);
}

fn input() -> io::Result<()> {
    let mut sum = 0u64;
    let mut lines = 0;
    for line in io::stdin().lock().lines() {
        let line = line?;
        lines += 1;
        sum += line.bytes().map(u64::from).sum::<u64>();
    }
    println!("{lines} lines, sum {sum}");
    eprintln!("to standard error");
    Ok(())
}

fn output(count: usize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for i in 0..count {
        writeln!(out, "line {i} of {count}, and some words to fill it")?;
    }
    out.flush()
}

fn main() -> Result<(), io::Error> {
    let args: Vec<String> = std::env::args().collect();
    let word = args.get(1).map(String::as_str).unwrap_or("hello");
    match word {
        "hello" => println!("Hello from a component!"),
        "surroundings" => surroundings(),
        "files" => files(&args[2])?,
        "tcp" => tcp()?,
        "client" => client(&args[2])?,
        "copy" => copy(&args[2])?,
        "udp" => udp()?,
        "names" => names(),
        "denied" => denied(),
        "clocks" => clocks(),
        "input" => input()?,
        "output" => output(args[2].parse().unwrap())?,
        "exit" => std::process::exit(args[2].parse().unwrap()),
        "error" => return Err(io::Error::other("a failure of its own")),
        "panic" => panic!("a panic of its own"),
        other => panic!("unknown word {other}"),
    }
    Ok(())
}
