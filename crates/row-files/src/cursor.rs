//! Finds the end of one JSON value, byte by byte, without reading into it.

/// Progress through one value; survives the text growing at its end and being dropped at its start.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    at: usize,
    depth: usize,
    in_text: bool,
    scalar: bool,
}

impl Cursor {
    /// Length of the value that starts at the beginning of `text`, once its end is in there.
    pub(crate) fn find_end(&mut self, text: &[u8]) -> Option<usize> {
        while self.at < text.len() {
            if self.in_text {
                let Some(found) = memchr::memchr2(b'"', b'\\', &text[self.at..]) else {
                    self.at = text.len();
                    return None;
                };
                let at = self.at + found;
                if text[at] == b'\\' {
                    // The escaped byte may not be here yet: then start again at the backslash.
                    if at + 1 >= text.len() {
                        self.at = at;
                        return None;
                    }
                    self.at = at + 2;
                    continue;
                }
                self.in_text = false;
                self.at = at + 1;
                if self.depth == 0 {
                    return Some(self.at);
                }
                continue;
            }
            let byte = text[self.at];
            if self.scalar {
                if matches!(byte, b',' | b']' | b'}' | b'[' | b'{' | b'"') || byte.is_ascii_whitespace() {
                    return Some(self.at);
                }
                self.at += 1;
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(self.at + 1);
                    }
                }
                _ if self.depth == 0 => self.scalar = true,
                _ => {}
            }
            self.at += 1;
        }
        None
    }

    /// How much of the text has been looked at for good.
    pub(crate) const fn passed(&self) -> usize {
        self.at
    }

    /// The first bytes of the text, all looked at, are gone.
    pub(crate) const fn forget(&mut self, bytes: usize) {
        self.at = self.at.saturating_sub(bytes);
    }

    /// How many arrays and objects are open.
    pub(crate) const fn depth(&self) -> usize {
        self.depth
    }

    /// A number or word may end with the text; anything else is cut off.
    pub(crate) fn end_of_text(&self, length: usize) -> Option<usize> {
        self.scalar.then_some(length)
    }
}
