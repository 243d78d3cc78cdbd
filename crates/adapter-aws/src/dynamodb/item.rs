//! Items and subscriptions. People write items by hand, so several forms of a value are read; one is written.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue::{self, Bool, L, N, Null, S, Ss};
use domain::Money;
use ports::subscriptions::Subscription;

use super::IdType;

/// The key.
pub(crate) const ID: &str = "id";
const ENABLED: &str = "enabled";
const NETWORKS: &str = "networks";
const COUNTRIES: &str = "countries";
const MIN_REVENUE: &str = "min_revenue";
const NOTE: &str = "note";

type Item = HashMap<String, AttributeValue>;

/// An item that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the item with id {id:?} has an attribute {attribute:?} that cannot be read: it must be {expected}")]
pub(super) struct Unreadable {
    id: String,
    attribute: &'static str,
    expected: &'static str,
}

/// The subscription that an item states. What is absent or null has its default, and unknown attributes mean nothing.
pub(super) fn read(item: &Item) -> Result<Subscription, Unreadable> {
    let id = item.get(ID).and_then(text).filter(|id| !id.is_empty());
    let id =
        id.ok_or_else(|| Unreadable { id: String::new(), attribute: ID, expected: "text or a number" })?;
    let reader = Reader { item, id: &id };
    let mut subscription = Subscription::of(id.as_str());
    if let Some(enabled) = reader.get(ENABLED, "true or false", truth)? {
        subscription.enabled = enabled;
    }
    subscription.networks = reader.get(NETWORKS, "a list of names", names)?.unwrap_or_default();
    subscription.countries = reader.get(COUNTRIES, "a list of country codes", names)?.unwrap_or_default();
    subscription.min_revenue = reader.get(MIN_REVENUE, "an amount such as 0.50", money)?;
    // A note means nothing to the work: one that is not a text does not stop it.
    subscription.note = item.get(NOTE).and_then(text);
    Ok(subscription)
}

struct Reader<'i> {
    item: &'i Item,
    id: &'i str,
}

impl Reader<'_> {
    fn get<T>(
        &self,
        attribute: &'static str,
        expected: &'static str,
        read: impl Fn(&AttributeValue) -> Option<T>,
    ) -> Result<Option<T>, Unreadable> {
        match self.item.get(attribute) {
            None | Some(Null(_)) => Ok(None),
            Some(value) => match read(value) {
                Some(value) => Ok(Some(value)),
                None => Err(Unreadable { id: self.id.to_owned(), attribute, expected }),
            },
        }
    }
}

fn text(value: &AttributeValue) -> Option<String> {
    match value {
        S(text) | N(text) => Some(text.clone()),
        _ => None,
    }
}

fn truth(value: &AttributeValue) -> Option<bool> {
    match value {
        Bool(truth) => Some(*truth),
        S(text) | N(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Some(true),
            "false" | "no" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Names as a list, a set, or one text with commas.
fn names(value: &AttributeValue) -> Option<Vec<String>> {
    let all = match value {
        L(values) => values.iter().map(|v| v.as_s().ok().cloned()).collect::<Option<Vec<_>>>()?,
        // DynamoDB gives a set in no order.
        Ss(names) => {
            let mut names = names.clone();
            names.sort();
            names
        }
        S(text) => text.split(',').map(str::to_owned).collect(),
        _ => return None,
    };
    let trimmed = all.into_iter().map(|name| name.trim().to_owned());
    Some(trimmed.filter(|name| !name.is_empty()).collect())
}

fn money(value: &AttributeValue) -> Option<Money> {
    match value {
        S(text) | N(text) => Money::from_str(text).ok(),
        _ => None,
    }
}

/// A subscription as an item; `None` when its id does not fit the table.
pub(super) fn write(subscription: &Subscription, ids: IdType) -> Option<Item> {
    let mut item = Item::from([(ID.to_owned(), id(&subscription.id, ids)?)]);
    let mut put = |name: &str, value| item.insert(name.to_owned(), value);
    // An item that only has an id takes every row: no more is written than says something.
    if !subscription.enabled {
        put(ENABLED, Bool(false));
    }
    for (name, values) in [(NETWORKS, &subscription.networks), (COUNTRIES, &subscription.countries)] {
        if !values.is_empty() {
            put(name, L(values.iter().cloned().map(S).collect()));
        }
    }
    if let Some(least) = subscription.min_revenue {
        put(MIN_REVENUE, N(least.decimal().to_string()));
    }
    if let Some(note) = &subscription.note {
        put(NOTE, S(note.clone()));
    }
    Some(item)
}

/// An id as the table has it; `None` when it cannot be in the table.
pub(super) fn id(id: &str, ids: IdType) -> Option<AttributeValue> {
    match ids {
        IdType::Text => Some(S(id.to_owned())),
        IdType::Number => {
            let digits = !id.is_empty() && id.len() <= 38 && id.bytes().all(|b| b.is_ascii_digit());
            // A leading zero would not come back.
            (digits && !(id.len() > 1 && id.starts_with('0'))).then(|| N(id.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(pairs: &[(&str, AttributeValue)]) -> Item {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    fn s(text: &str) -> AttributeValue {
        S(text.to_owned())
    }

    #[test]
    fn only_an_id_means_what_it_meant_in_the_legacy_system() {
        let expected = Ok(Subscription::of("120330000000000001"));
        assert_eq!(read(&item(&[(ID, s("120330000000000001"))])), expected);
        assert_eq!(read(&item(&[(ID, N("120330000000000001".to_owned()))])), expected);
        let null = item(&[
            (ID, s("120330000000000001")),
            (ENABLED, Null(true)),
            (NETWORKS, Null(true)),
            ("else", s("x")),
        ]);
        assert_eq!(read(&null), expected);
    }

    #[test]
    fn the_forms_that_people_write_are_read() {
        let expected = Subscription {
            networks: vec!["sedo".to_owned(), "tonic".to_owned()],
            countries: vec!["DE".to_owned()],
            min_revenue: Some("0.5".parse().unwrap()),
            note: Some("7".to_owned()),
            enabled: false,
            ..Subscription::of("1")
        };
        let forms = [
            [
                (ID, s("1")),
                (ENABLED, Bool(false)),
                (NETWORKS, Ss(vec!["tonic".to_owned(), "sedo".to_owned()])),
                (COUNTRIES, L(vec![s("DE")])),
                (MIN_REVENUE, N("0.5".to_owned())),
                (NOTE, s("7")),
            ],
            [
                (ID, N("1".to_owned())),
                (ENABLED, s("False")),
                (NETWORKS, s("sedo, tonic")),
                (COUNTRIES, s("DE")),
                (MIN_REVENUE, s("0.50")),
                (NOTE, N("7".to_owned())),
            ],
        ];
        for form in forms {
            assert_eq!(read(&item(&form)), Ok(expected.clone()));
        }
        assert_eq!(read(&write(&expected, IdType::Text).unwrap()), Ok(expected));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let unreadable = [
            (ENABLED, s("maybe")),
            (NETWORKS, L(vec![Bool(true)])),
            (COUNTRIES, N("49".to_owned())),
            (MIN_REVENUE, s("much")),
        ];
        for (attribute, value) in unreadable {
            let error = read(&item(&[(ID, s("120")), (attribute, value)])).unwrap_err().to_string();
            assert!(error.contains("120") && error.contains(attribute), "{error}");
        }
        assert!(read(&item(&[(NOTE, s("x"))])).unwrap_err().to_string().contains("\"id\""));
    }

    #[test]
    fn ids_fit_the_table() {
        assert_eq!(id("007", IdType::Text), Some(s("007")));
        assert_eq!(id("120330", IdType::Number), Some(N("120330".to_owned())));
        for no_number in ["", "007", "a", "1.0", "-1"] {
            assert_eq!(id(no_number, IdType::Number), None);
        }
        assert_eq!(write(&Subscription::of("1"), IdType::Text).unwrap().len(), 1);
    }
}
