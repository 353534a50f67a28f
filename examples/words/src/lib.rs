//! The half in Rust: makes sentences, and has the words counted by whoever is plugged in.
use demo::words::text;

wit_bindgen::generate!({ path: "words.wit", world: "writer" });

struct Writer;

impl Guest for Writer {
    fn report(text: String, most: u32) -> Result<String, String> {
        let counts = text::count(&text);
        if counts.is_empty() {
            return Err("there is no word in it".into());
        }
        let first: Vec<String> = counts.iter().take(most as usize).map(|(word, n)| format!("{word} {n}x")).collect();
        Ok(format!("{} different words: {}", counts.len(), first.join(", ")))
    }
}

export!(Writer);
