//! Network addresses: the visitor's own address, never hashed.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Reason;
use super::given::is_suffix;
use super::screen::trim;

/// Trims and checks the address; one with the Parameter Builder's suffix passes unchanged. An IPv4 address inside an
/// IPv6 one comes out as IPv4.
///
/// # Errors
///
/// `Malformed` for anything but one address; `NotPublic` for one that no visitor can have.
pub fn client_ip_address(input: &str) -> Result<Cow<'_, str>, Reason> {
    let input = trim(input);
    if input.is_empty() {
        return Err(Reason::Empty);
    }
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
    fn nobodys() {
        for input in
            ["127.0.0.1", "0.0.0.0", "::1", "::", "10.1.2.3", "192.168.1.1", "169.254.1.1", "100.64.0.1"]
        {
            assert_eq!(client_ip_address(input), Err(Reason::NotPublic), "{input}");
        }
        for input in
            ["fe80::1", "fd00::1", "224.0.0.1", "255.255.255.255", "::ffff:127.0.0.1", "127.0.0.1.Bg"]
        {
            assert_eq!(client_ip_address(input), Err(Reason::NotPublic), "{input}");
        }
        for input in
            ["8.8.8", "8.8.8.8:80", "[2001:db8::1]", "8.8.8.8, 1.1.1.1", "null", "256.1.1.1", "fe80::1%eth0"]
        {
            assert_eq!(client_ip_address(input), Err(Reason::Malformed), "{input}");
        }
        assert_eq!(client_ip_address(" "), Err(Reason::Empty));
    }
}
