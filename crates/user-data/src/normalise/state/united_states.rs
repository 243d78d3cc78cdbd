//! The states, the district and the territories of the United States, and the armed forces' addresses.

/// The 2-letter codes, sorted.
static CODES: [&str; 59] = [
    "aa", "ae", "ak", "al", "ap", "ar", "as", "az", "ca", "co", "ct", "dc", "de", "fl", "ga", "gu", "hi",
    "ia", "id", "il", "in", "ks", "ky", "la", "ma", "md", "me", "mi", "mn", "mo", "mp", "ms", "mt", "nc",
    "nd", "ne", "nh", "nj", "nm", "nv", "ny", "oh", "ok", "or", "pa", "pr", "ri", "sc", "sd", "tn", "tx",
    "ut", "va", "vi", "vt", "wa", "wi", "wv", "wy",
];

/// Names as they are looked up (lower-case letters only) with their codes, sorted by name.
static NAMES: [(&str, &str); 66] = [
    ("alabama", "al"),
    ("alaska", "ak"),
    ("americansamoa", "as"),
    ("arizona", "az"),
    ("arkansas", "ar"),
    ("armedforcesamericas", "aa"),
    ("armedforceseurope", "ae"),
    ("armedforcespacific", "ap"),
    ("california", "ca"),
    ("colorado", "co"),
    ("commonwealthofthenorthernmarianaislands", "mp"),
    ("connecticut", "ct"),
    ("delaware", "de"),
    ("districtofcolumbia", "dc"),
    ("florida", "fl"),
    ("georgia", "ga"),
    ("guam", "gu"),
    ("hawaii", "hi"),
    ("idaho", "id"),
    ("illinois", "il"),
    ("indiana", "in"),
    ("iowa", "ia"),
    ("kansas", "ks"),
    ("kentucky", "ky"),
    ("louisiana", "la"),
    ("maine", "me"),
    ("maryland", "md"),
    ("massachusetts", "ma"),
    ("michigan", "mi"),
    ("minnesota", "mn"),
    ("mississippi", "ms"),
    ("missouri", "mo"),
    ("montana", "mt"),
    ("nebraska", "ne"),
    ("nevada", "nv"),
    ("newhampshire", "nh"),
    ("newjersey", "nj"),
    ("newmexico", "nm"),
    ("newyork", "ny"),
    ("newyorkstate", "ny"),
    ("northcarolina", "nc"),
    ("northdakota", "nd"),
    ("northernmarianaislands", "mp"),
    ("ohio", "oh"),
    ("oklahoma", "ok"),
    ("oregon", "or"),
    ("pennsylvania", "pa"),
    ("puertorico", "pr"),
    ("rhodeisland", "ri"),
    ("southcarolina", "sc"),
    ("southdakota", "sd"),
    ("tennessee", "tn"),
    ("texas", "tx"),
    ("unitedstatesvirginislands", "vi"),
    ("usvirginislands", "vi"),
    ("utah", "ut"),
    ("vermont", "vt"),
    ("virginia", "va"),
    ("virginislands", "vi"),
    ("virginislandsus", "vi"),
    ("washington", "wa"),
    ("washingtondc", "dc"),
    ("washingtonstate", "wa"),
    ("westvirginia", "wv"),
    ("wisconsin", "wi"),
    ("wyoming", "wy"),
];

/// Whether `text` is one of the codes, in lower case.
pub(super) fn is_code(text: &str) -> bool {
    text.len() == 2 && CODES.binary_search(&text).is_ok()
}

/// The code of a name that has lower-case letters only.
pub(super) fn code_of_name(name: &str) -> Option<&'static str> {
    NAMES.binary_search_by_key(&name, |(known, _)| known).ok().map(|place| NAMES[place].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order_and_agree() {
        assert!(CODES.is_sorted_by(|a, b| a < b));
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        for code in CODES {
            assert!(NAMES.iter().any(|(_, known)| *known == code), "{code} has no name");
        }
        for (name, code) in NAMES {
            assert!(is_code(code));
            assert_eq!(code_of_name(name), Some(code));
        }
    }
}
