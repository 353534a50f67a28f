// The smallest component of Rust's wasm32-wasip2 that prints: what the benchmarks start.
fn main() {
    println!("Hello from a component!");
}
