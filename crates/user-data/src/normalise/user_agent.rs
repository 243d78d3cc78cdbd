//! User agents: as the browser sent it, never hashed.

use std::borrow::Cow;

use super::Reason;
use super::screen::{is_placeholder, trim};

/// The longest agent passed on, in bytes; those of browsers stay far below.
const LONGEST: usize = 2048;

/// Trims and drops control characters; everything else stays as the browser sent it. What is too long is cut: Meta requires an agent
/// of website events, and its beginning says what there is to say.
///
/// # Errors
///
/// `Empty` or `Placeholder`.
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
        _ => Ok(cut(agent)),
    }
}

fn cut(agent: Cow<'_, str>) -> Cow<'_, str> {
    let end = agent.floor_char_boundary(LONGEST);
    match agent {
        Cow::Borrowed(agent) => Cow::Borrowed(&agent[..end]),
        Cow::Owned(mut agent) => {
            agent.truncate(end);
            Cow::Owned(agent)
        }
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
        assert_eq!(client_user_agent("-"), Err(Reason::Placeholder));
        assert_eq!(client_user_agent(&"a".repeat(2049)).as_deref(), Ok(&*"a".repeat(2048)));
        let long = format!("{}\u{e9}", "a".repeat(2047));
        assert_eq!(client_user_agent(&long).as_deref(), Ok(&long[..2047]));
    }
}
