//! What visits are made of: places, words and browsers that are awkward in the ways that real ones are.

/// Where a visitor is, as a feed writes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// ISO 3166-1 alpha-2
    pub(crate) country: &'static str,
    /// Camel case without blanks: that is how the feeds name regions.
    pub(crate) region: &'static str,
    /// Free text: blanks, dots, apostrophes, hyphens, any script.
    pub(crate) city: &'static str,
}

const fn place(country: &'static str, region: &'static str, city: &'static str) -> Place {
    Place { country, region, city }
}

pub(crate) const PLACES: &[Place] = &[
    place("US", "NewYork", "New York"),
    place("US", "Missouri", "St. Louis"),
    place("US", "DistrictOfColumbia", "Washington D.C."),
    place("US", "NorthCarolina", "Winston-Salem"),
    place("US", "Idaho", "Coeur d'Alene"),
    place("US", "PuertoRico", "San Juan"),
    place("US", "Texas", "Houston"),
    place("CA", "Quebec", "Trois-Rivières"),
    place("CA", "NewfoundlandAndLabrador", "St. John's"),
    place("MX", "NuevoLeon", "San Nicolás de los Garza"),
    place("BR", "SaoPaulo", "São Paulo"),
    place("BR", "MinasGerais", "Belo Horizonte"),
    place("AR", "BuenosAires", "La Plata"),
    place("DE", "BadenWurttemberg", "Villingen-Schwenningen"),
    place("DE", "NorthRhineWestphalia", "Köln"),
    place("FR", "ProvenceAlpesCoteDAzur", "Aix-en-Provence"),
    place("GB", "England", "Newcastle upon Tyne"),
    place("PL", "Lodz", "Łódź"),
    place("TR", "Istanbul", "İstanbul"),
    place("IN", "TamilNadu", "Tiruchirappalli"),
    place("ZA", "WesternCape", "Cape Town"),
    place("JP", "Kanagawa", "横浜市"),
];

/// Keywords hold the separators, quotes and scripts that break keys made by joining text.
pub(crate) const KEYWORDS: &[&str] = &[
    "Apartments Without Down Payment",
    "Dental Implants Close To Me",
    "Certified Used SUVs",
    "MBA Online 1-Year",
    "Walk-In Bathtubs \"No Cost\" Quote",
    "Credit Cards, Low Score",
    "Assisted Living — Prices",
    "Warehouse Jobs 24/7",
    "Casas Económicas Sin Enganche",
    "Vagas de Meio Período",
    "Günstiger Treppenlift",
    "Monte-escalier électrique tarif",
    "Kredyt na dowód",
    "アルバイト 求人",
    "C:\\ Drive Recovery",
];

/// Vertical and category; a category may be empty.
pub(crate) const TOPICS: &[(&str, &str)] = &[
    ("Real Estate", "Apartments"),
    ("Health", "Dental"),
    ("Autos", "SUV"),
    ("Education", "Degrees"),
    ("Jobs", ""),
    ("Finance", "Loans"),
];

pub(crate) const DOMAINS: &[&str] = &["home-finder.example", "guia-salud.example", "auto-ratgeber.example"];

/// In-app browsers of both phone systems and two desktops. Versions are plausible, devices common.
pub(crate) const AGENTS: &[&str] = &[
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 \
     [FBAN/FBIOS;FBAV/490.0.0.20.100;FBDV/iPhone15,2;FBMD/iPhone;FBSN/iOS;FBSV/18.2;FBLC/es_MX]",
    "Mozilla/5.0 (Linux; Android 15; Pixel 8 Build/AP4A.250105.002; wv) AppleWebKit/537.36 (KHTML, like Gecko) \
     Version/4.0 Chrome/133.0.0.0 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/500.0.0.30.90;]",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Safari/605.1.15",
];

/// The characters of a click id.
pub(crate) const CLICK_ID_ALPHABET: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_written_without_blanks() {
        for place in PLACES {
            assert!(place.region.bytes().all(|b| b.is_ascii_alphanumeric()), "{}", place.region);
            assert_eq!(place.country.len(), 2);
        }
    }

    #[test]
    fn domains_are_reserved() {
        assert!(DOMAINS.iter().all(|domain| domain.ends_with(".example")));
    }
}
