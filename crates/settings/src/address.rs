//! Addresses, and what may stand in them. Logs and messages show host, port and path, so a password has no place there.

use url::Url;

/// What is wrong with an address that is not clear.
pub(crate) const UNCLEAR: &str = "an @ stands after the host; percent-encode the characters / ? # @ : of user and password (/ is %2F, @ is %40)";

/// A page that a browser could open.
pub(crate) fn web_page(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|e| e.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("it must start with http:// or https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it must not hold a user or a password".to_owned());
    }
    Ok(url)
}

/// Where something is asked: the beginning of a request's address.
pub(crate) fn web_address(text: &str) -> Result<Url, String> {
    let url = web_page(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("it must not hold a ? or a #".to_owned());
    }
    if url.path().contains('@') { Err(UNCLEAR.to_owned()) } else { Ok(url) }
}

/// Whether user and password, if there are any, end where a reader of the address thinks. With a slash in a password, the rest of it
/// passes for a path or the name of a database.
pub(crate) fn is_clear(address: &str) -> bool {
    let Some((_, rest)) = address.split_once("://") else { return true };
    let before_query = rest.split(['?', '#']).next().unwrap_or(rest);
    before_query.split_once('/').is_none_or(|(_, path)| !path.contains('@'))
}
