use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Shape::{self, *};
use super::{BODY, EVENT};

const HASH: &str = "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f";
const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn holds(shape: Shape, value: &Value) -> bool {
    shape.check(&RawValue::from_string(value.to_string()).unwrap()).is_ok()
}

#[track_caller]
fn table(shape: Shape, good: &[Value], bad: &[Value]) {
    good.iter().for_each(|value| assert!(holds(shape, value), "{shape:?} refuses {value}"));
    bad.iter().for_each(|value| assert!(!holds(shape, value), "{shape:?} takes {value}"));
}

#[test]
fn hashed_keys() {
    let upper = HASH.to_uppercase();
    table(
        Hashed,
        &[json!(HASH), json!([HASH, HASH]), json!(format!("{HASH}.AbCd_-12")), json!(format!("{HASH}.Ab"))],
        &[
            json!("john@example.com"),
            json!(upper),
            json!(&HASH[1..]),
            json!(format!("{HASH}0")),
            json!(format!("{HASH}.abc")),
            json!(NOTHING),
            json!([HASH, NOTHING]),
            json!([]),
            json!([[HASH]]),
            json!(""),
            json!(null),
            json!(7),
        ],
    );
    table(ExternalId, &[json!("user-1"), json!(["a", HASH])], &[json!(NOTHING), json!(""), json!(1)]);
}

#[test]
fn web_identifiers() {
    table(
        Fbc,
        &[json!("fb.1.1596403881668.IwAR2_x-Y"), json!("fb.1.1596403881668.IwAR2.AbCdEf12")],
        &[
            json!("fb.1.1596403881.IwAR2"),
            json!("fb.1.1596403881668."),
            json!("fb.1.1596403881668"),
            json!("FB.1.1596403881668.x"),
            json!("fb.1.1596403881668.x.y.z"),
            json!("fb.1.1596403881668.a b"),
            json!("IwAR2"),
        ],
    );
    table(
        Fbp,
        &[json!("fb.1.1596403881668.1116446470"), json!("fb.2.1596403881668.1116446470.AQ")],
        &[json!("fb.1.1596403881668.abc"), json!("fb.x.1596403881668.1")],
    );
    table(
        Ip,
        &[json!("192.0.2.1"), json!("2001:db8::1"), json!("192.0.2.1.AbCdEf12")],
        &[
            json!("192.0.2.256"),
            json!("192.0.2.1 "),
            json!("192.0.2.1.22"),
            json!("localhost"),
            json!("1.2.3.4:80"),
        ],
    );
    table(
        Url,
        &[json!("https://shop.example/a?b=c#d"), json!("http://shop.example")],
        &[json!("shop.example"), json!("ftp://shop.example"), json!("https://"), json!("https://a b/")],
    );
}

#[test]
fn plain_values() {
    table(Amount, &[json!(0), json!(12.34), json!(1e3)], &[json!(-1), json!("1"), json!(null), json!(1e300)]);
    table(Integer, &[json!(-5)], &[json!(1.0), json!("1"), json!(u64::MAX), json!(true)]);
    table(AtLeast(1), &[json!(1)], &[json!(0), json!(1.5)]);
    table(Bool, &[json!(true), json!(false)], &[json!(1), json!("true"), json!(null)]);
    table(Text, &[json!("a"), json!("\"\\ é")], &[json!(""), json!(1), json!(null), json!([])]);
    table(TextUpTo(2), &[json!("éé")], &[json!("abc")]);
    table(Texts, &[json!(["a"])], &[json!([]), json!(["a", 1]), json!("a")]);
    table(
        Digits(15, 17),
        &[json!(123_456_789_012_345_u64), json!("12345678901234567")],
        &[json!("1"), json!(-1), json!("1234567890123456a")],
    );
    table(Currency, &[json!("USD"), json!("usd")], &[json!("US"), json!("XXX"), json!("MRU"), json!("")]);
    table(PartnerAgent, &[json!("efflux_1_0")], &[json!("1.0"), json!("a".repeat(23))]);
}

#[test]
fn broken_escapes_are_not_text() {
    let raw = RawValue::from_string("\"\\ud800\"".into()).unwrap();
    assert!(Text.check(&raw).is_err());
}

#[test]
fn a_list_of_goods_has_an_error_of_its_own() {
    let custom = |contents: Value| {
        let event = json!({"event_name": "A", "event_time": 1, "action_source": "other", "user_data": {},
            "custom_data": {"contents": contents, "my_own": {"any": "thing"}}});
        let text = event.to_string();
        EVENT.check(&sandbox_kit::json::Object::parse(&text).unwrap()).map_err(|refusal| refusal.label())
    };
    assert_eq!(custom(json!([{"id": "1", "quantity": 1, "item_price": 2.5}])), Ok(()));
    for (contents, label) in [
        (json!("x"), "100/2804008"),
        (json!({"id": "1", "quantity": 1}), "100/2804008"),
        (json!(["1"]), "100/2804008"),
        (json!([{"id": "1"}]), "100/2804019"),
        (json!([{"id": 1, "quantity": 1}]), "100/2804019"),
        (json!([{"id": "1", "quantity": 1, "name": "x"}]), "100/2804019"),
    ] {
        assert_eq!(custom(contents), Err(label.to_owned()));
    }
}

proptest! {
    /// Only the keys of the table pass a closed object, whatever else is tried.
    #[test]
    fn a_closed_object_takes_no_other_key(key in "[a-z_]{1,12}") {
        let known = BODY.keys.iter().any(|known| known.name == key);
        let text = json!({ key: "ab" }).to_string();
        let outcome = BODY.check(&sandbox_kit::json::Object::parse(&text).unwrap());
        prop_assert_eq!(outcome.is_ok(), known);
    }

    /// Nothing that can be written as JSON makes a check panic.
    #[test]
    fn no_text_breaks_a_check(text in any::<String>()) {
        let value = json!(text);
        for shape in [Text, Hashed, ExternalId, Url, Ip, Fbc, Fbp, Currency, PartnerAgent, Digits(1, 3)] {
            holds(shape, &value);
        }
    }
}
