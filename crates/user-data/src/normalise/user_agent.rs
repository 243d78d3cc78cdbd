//! User agents: as the browser sent it, never hashed.

use std::borrow::Cow;

use super::Reason;
use super::screen::{is_placeholder, trim};

/// The longest agent passed on, in bytes; real ones stay far below.
const LONGEST: usize = 2048;

/// Trims and drops control characters; everything else stays as the browser sent it.
///
/// # Errors
///
/// `Empty`, `Placeholder` or `TooLong`.
pub fn client_user_agent(input: &str) -> Result<Cow<'_, str>, Reason> {
    let input = trim(input);
    let agent = if input.contains(char::is_control) {
        let rest: String = input.chars().filter(|c| !c.is_control()).collect();
        Cow::Owned(trim(&rest).to_owned())
    } else {
        Cow::Borrowed(input)
    };
    match agent.len() {
        0 => Err(Reason::Empty),
        _ if is_placeholder(&agent) || agent == "-" => Err(Reason::Placeholder),
        1..=LONGEST => Ok(agent),
        _ => Err(Reason::TooLong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents() {
        assert_eq!(client_user_agent(" Mozilla/5.0 (X11) \n").as_deref(), Ok("Mozilla/5.0 (X11)"));
        assert_eq!(client_user_agent("Mozilla/5.0\r\n (X11)\0").as_deref(), Ok("Mozilla/5.0 (X11)"));
        assert_eq!(client_user_agent("\0"), Err(Reason::Empty));
        assert_eq!(client_user_agent("{user_agent}"), Err(Reason::Placeholder));
        assert_eq!(client_user_agent("null"), Err(Reason::Placeholder));
        assert_eq!(client_user_agent(&"a".repeat(2049)), Err(Reason::TooLong));
    }
}
