//! A JSON object of texts, as platforms take what is known of a visitor.

/// A JSON object of texts, written as it grows. Several values of one name, one after the other, become a list without repetitions.
#[derive(Debug)]
pub struct TextObject<'t> {
    text: &'t mut Vec<u8>,
    last: Option<Last>,
}

/// The name that was written last.
#[derive(Debug)]
struct Last {
    name: &'static str,
    /// Where its value begins.
    start: usize,
    is_list: bool,
}

impl<'t> TextObject<'t> {
    /// Begins an object at the end of `text`.
    #[must_use]
    pub const fn new(text: &'t mut Vec<u8>) -> Self {
        Self { text, last: None }
    }

    /// Writes a value.
    pub fn put(&mut self, name: &'static str, value: &str) {
        self.put_with(name, |text| {
            serde_json::to_writer(text, value)
                .expect("a string serialises, and writing to memory never fails");
        });
    }

    /// For values that need no escapes: hexadecimal digits and URL-safe letters.
    pub fn put_plain(&mut self, name: &'static str, value: &str) {
        self.put_with(name, |text| {
            text.push(b'"');
            text.extend_from_slice(value.as_bytes());
            text.push(b'"');
        });
    }

    fn put_with(&mut self, name: &'static str, value: impl Fn(&mut Vec<u8>)) {
        match &mut self.last {
            Some(last) if last.name == name => {
                let mut next = Vec::new();
                value(&mut next);
                if self.text[last.start..].windows(next.len()).any(|before| before == next) {
                    return;
                }
                if !last.is_list {
                    self.text.insert(last.start, b'[');
                    last.is_list = true;
                }
                self.text.push(b',');
                self.text.extend_from_slice(&next);
            }
            _ => {
                self.end_list();
                self.text.extend_from_slice(if self.last.is_none() { b"{\"" } else { b",\"" });
                self.text.extend_from_slice(name.as_bytes());
                self.text.extend_from_slice(b"\":");
                self.last = Some(Last { name, start: self.text.len(), is_list: false });
                value(self.text);
            }
        }
    }

    fn end_list(&mut self) {
        if self.last.as_ref().is_some_and(|last| last.is_list) {
            self.text.push(b']');
        }
    }

    /// Ends the object.
    pub fn close(mut self) {
        self.end_list();
        self.text.extend_from_slice(if self.last.is_none() { b"{}" } else { b"}" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_one_name_become_a_list_without_repetitions() {
        let mut text = Vec::new();
        let mut object = TextObject::new(&mut text);
        object.put("a", "x\"y");
        for hash in ["1", "2", "1"] {
            object.put_plain("b", hash);
        }
        object.put("c", "z");
        object.close();
        assert_eq!(String::from_utf8(text).unwrap(), r#"{"a":"x\"y","b":["1","2"],"c":"z"}"#);
        let mut text = Vec::new();
        TextObject::new(&mut text).close();
        assert_eq!(text, b"{}");
    }
}
