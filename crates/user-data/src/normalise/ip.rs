//! Network addresses: the visitor's own address, never hashed.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Reason;
use super::given::is_suffix;
use super::screen::trim;

/// The most addresses of a list that are looked at.
const MOST_IN_LIST: usize = 16;

/// Trims and checks the address; one with the Parameter Builder's suffix passes unchanged. An IPv4 address inside an
/// IPv6 one comes out as IPv4. Of a list, as proxies write it, the first public address is taken, and a port is left out.
///
/// # Errors
///
/// `Malformed` where no address is to be read; `NotPublic` where there are none but those that no visitor can have.
pub fn client_ip_address(input: &str) -> Result<Cow<'_, str>, Reason> {
    let input = trim(input);
    if input.is_empty() {
        return Err(Reason::Empty);
    }
    let parts = || {
        input.split([',', ';', ' ', '\t']).map(str::trim).filter(|part| !part.is_empty()).take(MOST_IN_LIST)
    };
    let found = parts().map(|part| one(bare(part)));
    found.reduce(better).unwrap_or(Err(Reason::Malformed))
}

/// The first that is public; else the better reason.
fn better<'a>(
    a: Result<Cow<'a, str>, Reason>,
    b: Result<Cow<'a, str>, Reason>,
) -> Result<Cow<'a, str>, Reason> {
    match (&a, &b) {
        (Ok(_), _) => a,
        (_, Ok(_)) | (Err(Reason::Malformed), _) => b,
        _ => a,
    }
}

fn one(input: &str) -> Result<Cow<'_, str>, Reason> {
    let (address, suffixed) = match input.parse::<IpAddr>() {
        Ok(address) => (address, false),
        Err(_) => (with_suffix(input).ok_or(Reason::Malformed)?, true),
    };
    let plain = address.to_canonical();
    if !is_visitors(plain) {
        return Err(Reason::NotPublic);
    }
    Ok(if plain == address || suffixed { Cow::Borrowed(input) } else { Cow::Owned(plain.to_string()) })
}

/// Without quotes, brackets, port and zone: `"[2001:db8::1]:443"`, `203.0.113.7:80`, `fe80::1%eth0`.
fn bare(input: &str) -> &str {
    let input = input.trim_matches('"');
    if let Some((address, _)) = input.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return address;
    }
    let input = input.split('%').next().unwrap_or_default();
    match input.split_once(':') {
        Some((address, port)) if !port.contains(':') && port.bytes().all(|byte| byte.is_ascii_digit()) => {
            address
        }
        _ => input,
    }
}

fn with_suffix(input: &str) -> Option<IpAddr> {
    let (address, suffix) = input.split_at(input.rfind('.')?);
    address.parse().ok().filter(|_| is_suffix(suffix))
}

/// Documentation ranges pass: examples and tests live there, and no real visitor does.
fn is_visitors(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_visitors_v4(address),
        IpAddr::V6(address) => is_visitors_v6(address),
    }
}

fn is_visitors_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let shared = first == 100 && (64..128).contains(&second);
    let special = first == 0 || first >= 240 || shared;
    let local = address.is_loopback() || address.is_private() || address.is_link_local();
    !(special || local || address.is_multicast())
}

fn is_visitors_v6(address: Ipv6Addr) -> bool {
    let local = address.is_loopback() || address.is_unicast_link_local() || address.is_unique_local();
    !(local || address.is_unspecified() || address.is_multicast())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visitors() {
        for input in
            ["8.8.8.8", "203.0.113.7", "2001:db8::1", "2a00:1450:4001:80b::200e", "203.0.113.7.AQIAAgAB"]
        {
            assert_eq!(client_ip_address(input).as_deref(), Ok(input));
        }
        assert_eq!(client_ip_address("2001:db8::1.Bg").as_deref(), Ok("2001:db8::1.Bg"));
        assert_eq!(client_ip_address(" 8.8.8.8\n").as_deref(), Ok("8.8.8.8"));
        assert_eq!(client_ip_address("::ffff:8.8.8.8").as_deref(), Ok("8.8.8.8"));
    }

    #[test]
    fn lists_and_ports() {
        for (input, address) in [
            ("203.0.113.41, 10.0.0.1", "203.0.113.41"),
            ("10.0.0.1, 203.0.113.41,198.51.100.7", "203.0.113.41"),
            ("unknown, 203.0.113.41", "203.0.113.41"),
            ("8.8.8.8:51234", "8.8.8.8"),
            ("[2a00:1450::1]:443", "2a00:1450::1"),
            ("[2a00:1450::1]", "2a00:1450::1"),
            ("\"[2a00:1450::1]:443\"", "2a00:1450::1"),
            ("127.0.0.1 ::ffff:8.8.8.8", "8.8.8.8"),
            ("10.0.0.1, 203.0.113.7.AQIAAgAB", "203.0.113.7.AQIAAgAB"),
        ] {
            assert_eq!(client_ip_address(input).as_deref(), Ok(address), "{input}");
        }
    }

    #[test]
    fn nobodys() {
        for input in
            ["127.0.0.1", "0.0.0.0", "::1", "::", "10.1.2.3", "192.168.1.1", "169.254.1.1", "100.64.0.1"]
        {
            assert_eq!(client_ip_address(input), Err(Reason::NotPublic), "{input}");
        }
        for input in [
            "fe80::1",
            "fd00::1",
            "224.0.0.1",
            "255.255.255.255",
            "::ffff:127.0.0.1",
            "127.0.0.1.Bg",
            "fe80::1%eth0",
            "10.0.0.1:80",
            "10.0.0.1, x",
        ] {
            assert_eq!(client_ip_address(input), Err(Reason::NotPublic), "{input}");
        }
        for input in ["8.8.8", "8.8.8.8:x", "[2001:db8", "null", "256.1.1.1", "a, b", ",", "unknown"] {
            assert_eq!(client_ip_address(input), Err(Reason::Malformed), "{input}");
        }
        assert_eq!(client_ip_address(" "), Err(Reason::Empty));
    }
}
