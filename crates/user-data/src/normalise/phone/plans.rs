//! Numbering plans: calling code, trunk prefix and the lengths a national number can have.
//!
//! Lengths are those of ordinary subscribers' numbers, without the trunk prefix, and rather generous than exact. First digits are those
//! of fixed, mobile, personal, company and internet numbers in libphonenumber's metadata 9.0.33 (read 2026-11-29).

/// How one country numbers its telephones.
#[derive(Debug)]
pub(super) struct NumberingPlan {
    country: &'static str,
    /// The calling code.
    pub(super) code: &'static str,
    /// Dialled before a national number inside the country, never from abroad; may be empty.
    trunk: &'static str,
    shortest: usize,
    longest: usize,
    /// The digits that a subscriber's national number can begin with.
    first: &'static str,
    /// National numbers can begin with zero, which then belongs to them.
    keeps_zero: bool,
}

const fn plan(
    country: &'static str,
    code: &'static str,
    trunk: &'static str,
    shortest: usize,
    longest: usize,
    first: &'static str,
) -> NumberingPlan {
    NumberingPlan { country, code, trunk, shortest, longest, first, keeps_zero: false }
}

/// No code is the beginning of another.
static PLANS: [NumberingPlan; 100] = [
    plan("us", "1", "1", 10, 10, "23456789"),
    plan("ca", "1", "1", 10, 10, "23456789"),
    plan("pr", "1", "1", 10, 10, "23456789"),
    plan("do", "1", "1", 10, 10, "23456789"),
    plan("jm", "1", "1", 10, 10, "23456789"),
    plan("tt", "1", "1", 10, 10, "23456789"),
    plan("bs", "1", "1", 10, 10, "23456789"),
    plan("bb", "1", "1", 10, 10, "23456789"),
    plan("gu", "1", "1", 10, 10, "23456789"),
    plan("vi", "1", "1", 10, 10, "23456789"),
    plan("ru", "7", "8", 10, 10, "34789"),
    plan("kz", "7", "8", 10, 10, "34789"),
    plan("eg", "20", "0", 8, 10, "12345689"),
    plan("za", "27", "0", 9, 9, "12345678"),
    plan("gr", "30", "", 10, 10, "25679"),
    plan("nl", "31", "0", 9, 9, "123456789"),
    plan("be", "32", "0", 8, 9, "123456789"),
    plan("fr", "33", "0", 9, 9, "123456789"),
    plan("es", "34", "", 9, 9, "56789"),
    plan("hu", "36", "06", 8, 9, "123456789"),
    NumberingPlan { keeps_zero: true, ..plan("it", "39", "", 6, 11, "01345") },
    NumberingPlan { keeps_zero: true, ..plan("va", "39", "", 6, 11, "01345") },
    plan("ro", "40", "0", 9, 9, "23678"),
    plan("ch", "41", "0", 9, 9, "23456789"),
    plan("at", "43", "0", 7, 12, "1234567"),
    plan("gb", "44", "0", 9, 10, "12357"),
    plan("dk", "45", "", 8, 8, "23456789"),
    plan("se", "46", "0", 7, 9, "123456789"),
    plan("no", "47", "", 8, 8, "23456789"),
    plan("pl", "48", "", 9, 9, "123456789"),
    plan("de", "49", "0", 7, 11, "123456789"),
    plan("pe", "51", "0", 8, 9, "1456789"),
    plan("mx", "52", "", 10, 10, "23456789"),
    plan("ar", "54", "0", 10, 11, "123689"),
    plan("br", "55", "0", 10, 11, "123456789"),
    plan("cl", "56", "", 9, 9, "23456789"),
    plan("co", "57", "", 10, 10, "3469"),
    plan("ve", "58", "0", 10, 10, "2456"),
    plan("my", "60", "0", 8, 10, "13456789"),
    plan("au", "61", "0", 9, 9, "123478"),
    plan("id", "62", "0", 8, 12, "123456789"),
    plan("ph", "63", "0", 8, 10, "23456789"),
    plan("nz", "64", "0", 8, 10, "2346789"),
    plan("sg", "65", "", 8, 8, "36789"),
    plan("th", "66", "0", 8, 9, "123456789"),
    plan("jp", "81", "0", 9, 10, "123456789"),
    plan("kr", "82", "0", 8, 10, "1234567"),
    plan("vn", "84", "0", 9, 10, "12356789"),
    plan("cn", "86", "0", 10, 11, "123456789"),
    plan("tr", "90", "0", 10, 10, "23458"),
    plan("in", "91", "0", 10, 10, "123456789"),
    plan("pk", "92", "0", 9, 10, "123456789"),
    plan("lk", "94", "0", 9, 9, "123456789"),
    plan("ma", "212", "0", 9, 9, "5678"),
    plan("dz", "213", "0", 8, 9, "12345679"),
    plan("tn", "216", "", 8, 8, "2345789"),
    plan("sn", "221", "", 9, 9, "379"),
    NumberingPlan { keeps_zero: true, ..plan("ci", "225", "", 10, 10, "02") },
    plan("gh", "233", "0", 9, 9, "235"),
    plan("ng", "234", "0", 8, 10, "2789"),
    NumberingPlan { keeps_zero: true, ..plan("cg", "242", "", 9, 9, "02") },
    plan("tz", "255", "0", 9, 9, "2467"),
    plan("ke", "254", "0", 9, 9, "124567"),
    plan("ug", "256", "0", 9, 9, "2347"),
    plan("pt", "351", "", 9, 9, "1236789"),
    plan("lu", "352", "", 6, 11, "23456789"),
    plan("ie", "353", "0", 7, 9, "12456789"),
    plan("is", "354", "", 7, 9, "345678"),
    plan("mt", "356", "", 8, 8, "23579"),
    plan("cy", "357", "", 8, 8, "2579"),
    plan("fi", "358", "0", 6, 11, "123456789"),
    plan("bg", "359", "0", 8, 9, "23456789"),
    plan("lt", "370", "0", 8, 8, "3456789"),
    plan("lv", "371", "", 8, 8, "26"),
    plan("ee", "372", "", 7, 8, "345678"),
    plan("md", "373", "0", 8, 8, "235678"),
    plan("ua", "380", "0", 9, 9, "3456789"),
    plan("rs", "381", "0", 8, 9, "12367"),
    plan("hr", "385", "0", 8, 9, "12345679"),
    plan("si", "386", "0", 8, 8, "12345678"),
    plan("cz", "420", "", 9, 9, "2345679"),
    plan("sk", "421", "0", 9, 9, "2345689"),
    plan("cr", "506", "", 8, 8, "2345678"),
    plan("gt", "502", "", 8, 8, "2345678"),
    plan("sv", "503", "", 8, 8, "2567"),
    plan("hn", "504", "", 8, 8, "23789"),
    plan("pa", "507", "", 7, 8, "123456789"),
    plan("bo", "591", "0", 8, 8, "234567"),
    plan("ec", "593", "0", 8, 9, "2345679"),
    plan("py", "595", "0", 8, 9, "23456789"),
    plan("uy", "598", "0", 7, 8, "1249"),
    plan("hk", "852", "", 8, 8, "23456789"),
    plan("tw", "886", "0", 8, 9, "23456789"),
    plan("bd", "880", "0", 8, 10, "123456789"),
    plan("ae", "971", "0", 8, 9, "2345679"),
    plan("il", "972", "0", 8, 9, "12345789"),
    plan("qa", "974", "", 8, 8, "34567"),
    plan("kw", "965", "", 8, 8, "24569"),
    plan("sa", "966", "0", 8, 9, "15"),
    plan("jo", "962", "0", 8, 9, "2345678"),
];

/// Codes in use (ITU-T E.164) of countries that have no plan here, sorted.
static OTHER_CODES: [&str; 117] = [
    "211", "218", "220", "222", "223", "224", "226", "227", "228", "229", "230", "231", "232", "235", "236",
    "237", "238", "239", "240", "241", "243", "244", "245", "246", "247", "248", "249", "250", "251", "252",
    "253", "257", "258", "260", "261", "262", "263", "264", "265", "266", "267", "268", "269", "290", "291",
    "297", "298", "299", "350", "355", "374", "375", "376", "377", "378", "382", "383", "387", "389", "423",
    "500", "501", "505", "508", "509", "53", "590", "592", "594", "596", "597", "599", "670", "672", "673",
    "674", "675", "676", "677", "678", "679", "680", "681", "682", "683", "685", "686", "687", "688", "689",
    "690", "691", "692", "850", "853", "855", "856", "93", "95", "960", "961", "963", "964", "967", "968",
    "970", "973", "975", "976", "977", "98", "992", "993", "994", "995", "996", "998",
];

/// Whether `digits` begin with a code that is in use and has no plan here.
pub(super) fn has_other_code(digits: &str) -> bool {
    [2, 3]
        .iter()
        .filter_map(|length| digits.get(..*length))
        .any(|code| OTHER_CODES.binary_search(&code).is_ok())
}

/// The plan of a country, by its lower-case alpha-2 code.
pub(super) fn of_country(alpha_2: &str) -> Option<&'static NumberingPlan> {
    PLANS.iter().find(|plan| plan.country == alpha_2)
}

/// The plan with whose code `digits` begin.
pub(super) fn of_code(digits: &str) -> Option<&'static NumberingPlan> {
    PLANS.iter().find(|plan| digits.starts_with(plan.code))
}

impl NumberingPlan {
    /// The national number without its trunk prefix, when `digits` can be one.
    pub(super) fn fit<'a>(&self, digits: &'a str) -> Option<&'a str> {
        if self.is_national(digits) {
            return Some(digits);
        }
        let bare = digits.strip_prefix(self.trunk).filter(|_| !self.trunk.is_empty())?;
        self.is_national(bare).then_some(bare)
    }

    fn is_national(&self, digits: &str) -> bool {
        let length = (self.shortest..=self.longest).contains(&digits.len());
        length
            && (self.keeps_zero || !digits.starts_with('0'))
            && digits.starts_with(|first| self.first.contains(first))
            && (self.code != "1" || is_north_american(digits))
    }
}

/// Ten digits of which the first and the fourth are neither 0 nor 1. Neither area nor exchange is a service code such as 911.
fn is_north_american(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    [0, 3].iter().all(|place| {
        let is_service = bytes.get(place + 1..place + 3) == Some(b"11");
        !is_service && bytes.get(*place).is_some_and(|digit| *digit >= b'2')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_prefix_free_and_lengths_possible() {
        for plan in &PLANS {
            assert!(
                plan.shortest <= plan.longest && plan.code.len() + plan.longest <= 15,
                "{}",
                plan.country
            );
            for other in &PLANS {
                assert!(plan.code == other.code || !plan.code.starts_with(other.code), "{}", plan.country);
            }
        }
    }

    #[test]
    fn other_codes_are_in_order_and_have_no_plan() {
        assert!(OTHER_CODES.is_sorted_by(|a, b| a < b));
        for code in OTHER_CODES {
            assert!(
                !PLANS.iter().any(|plan| code.starts_with(plan.code) || plan.code.starts_with(code)),
                "{code}"
            );
        }
    }

    #[test]
    fn the_trunk_prefix_goes() {
        let british = of_country("gb").unwrap();
        assert_eq!(british.fit("02079460958"), Some("2079460958"));
        assert_eq!(british.fit("0207946"), None);
        assert_eq!(of_country("it").unwrap().fit("0612345678"), Some("0612345678"));
        assert_eq!(of_country("hu").unwrap().fit("06301234567"), Some("301234567"));
    }
}
