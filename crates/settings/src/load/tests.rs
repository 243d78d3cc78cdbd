use super::*;
use crate::destinations::meta::{DataProcessing, Place};
use ports::configuration::OnUnknown;
use ports::ledger::Restatements;

fn problems(service: Service, pairs: &[(&str, &str)]) -> Vec<String> {
    match Settings::load(&Environment::from_pairs(pairs.iter().copied()), service) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.lines().to_vec(),
    }
}

#[test]
fn an_empty_environment_is_fine() {
    let settings = Settings::load(&Environment::default(), Service::Efflux).unwrap();
    assert_eq!(settings.http.port, 5000);
    assert_eq!(settings.reporting.currency, "USD");
    assert_eq!(settings.optimizer.tables, ["report_conversions"]);
    assert!(settings.backends.aws.is_none() && settings.backends.mongodb.is_none());
}

#[test]
fn all_problems_are_named_at_once() {
    let found = problems(
        Service::Efflux,
        &[
            ("PORT", "many"),
            ("LEASE_SECONDS", "6"),
            ("META_EVENT_NAMES", "loud"),
            ("OPTIMIZE_SCHEDULE", "soon"),
            ("META_GRAPH_URL", "ftp://x"),
        ],
    );
    for name in ["PORT", "LEASE_SECONDS", "META_EVENT_NAMES", "OPTIMIZE_SCHEDULE", "META_GRAPH_URL"] {
        assert!(found.iter().any(|line| line.starts_with(name)), "{name}: {found:?}");
    }
}

#[test]
fn in_aws_every_address_of_the_service_is_needed() {
    let found =
        problems(Service::Reporter, &[("ENVIRONMENT_LOCATION", "aws"), ("CLICKHOUSE_URL", "https://c")]);
    assert_eq!(
        found,
        [
            "ENVIRONMENT_LOCATION=aws needs REPORT_CONVERSIONS_QUEUE_URL, REPORT_DLQ_URL, MONGODB_URI, DATABASE_URL: set each, or use local"
        ]
    );
    assert!(!problems(Service::Filter, &[("ENVIRONMENT_LOCATION", "aws")])[0].contains("MONGODB_URI"));
}

#[test]
fn secrets_never_stand_in_messages() {
    let found = problems(Service::Efflux, &[("PORT", "x"), ("DATABASE_URL", "postgres://u:secret@h/d")]);
    assert!(!found.join(" ").contains("secret"));
    // Addresses are logged, so a secret has no place in them.
    for name in ["META_GRAPH_URL", "AWS_ENDPOINT_URL"] {
        let found = problems(Service::Efflux, &[(name, "http://u:secret@h/")]).join(" ");
        assert!(found.contains(name) && found.contains("password") && !found.contains("secret"), "{found}");
    }
    // A slash in a password: the rest of it would pass for a path, which is shown.
    for (name, value) in [
        ("META_GRAPH_URL", "https://u:12/secret@h"),
        ("META_GRAPH_URL", "https://h/?access_token=secret"),
        ("AWS_ENDPOINT_URL", "http://u:12/secret@h/"),
        ("REPORT_DLQ_URL", "http://h/1/q?secret"),
        ("MONGODB_URI", "mongodb://u:12/secret@h/"),
        ("CLICKHOUSE_URL", "http://u:12/secret@h:8123/d"),
        ("DATABASE_URL", "postgresql://u:12/secret@h/d"),
    ] {
        let queue = ("REPORT_CONVERSIONS_QUEUE_URL", "http://h/1/q");
        let found = problems(Service::Reporter, &[queue, (name, value)]).join(" ");
        assert!(found.contains(name) && !found.contains("secret"), "{name}={value}: {found}");
    }
    let environment = Environment::from_pairs([("DATABASE_URL", "postgres://u:secret@h/d")]);
    assert!(!format!("{environment:?}").contains("secret"));
}

#[test]
fn the_webhook_of_notices_is_secret_and_encrypted_in_aws() {
    for value in ["http://u:secret@h/x", "https://h/x#secret", "ftp://h/secret", "secret"] {
        let found = problems(Service::Filter, &[("NOTIFY_URL", value)]).join(" ");
        assert!(found.contains("NOTIFY_URL") && !found.contains("secret"), "{found}");
    }
    assert!(problems(Service::Filter, &[("NOTIFY_SECRET", "secret")])[0].contains("NOTIFY_URL is not set"));
    let in_aws = |allowed, name, value| {
        let location = [("ENVIRONMENT_LOCATION", "aws"), ("ALLOW_PLAINTEXT", allowed)];
        let found = problems(Service::Filter, &[&location[..], &[(name, value)]].concat());
        found.iter().any(|line| line.starts_with(name))
    };
    assert!(in_aws("false", "NOTIFY_URL", "http://hooks.example.com/x?key=secret"));
    assert!(!in_aws("true", "NOTIFY_URL", "http://hooks.example.com/x?key=secret"));
    assert!(!in_aws("false", "NOTIFY_URL", "https://hooks.example.com/x?key=secret"));
    assert!(!in_aws("false", "CONSOLE_URL", "http://console.example.com/"), "nothing connects to it");
    let environment = Environment::from_pairs([("NOTIFY_URL", "https://h/hidden-part")]);
    let settings = Settings::load(&environment, Service::Filter).unwrap();
    assert!(!format!("{settings:?}").contains("hidden-part"));
}

#[test]
fn restatements_are_one_of_two_words() {
    assert_eq!(problems(Service::Efflux, &[("RESTATEMENTS", "all")]).len(), 1);
    let environment = Environment::from_pairs([("RESTATEMENTS", "increments")]);
    let settings = Settings::load(&environment, Service::Reporter).unwrap();
    assert_eq!(settings.reporting.restatements, Restatements::Increments);
}

#[test]
fn a_wrong_log_level_is_named_and_the_legacy_systems_are_understood() {
    assert_eq!(problems(Service::Filter, &[("LOG_LEVEL", "inof")]).len(), 1);
    let level = |text| {
        Settings::load(&Environment::from_pairs([("LOG_LEVEL", text)]), Service::Filter)
            .unwrap()
            .telemetry
            .level
    };
    assert_eq!(
        [level("verbose"), level("INFO"), level("warn, pipeline=debug")],
        ["debug", "info", "warn,pipeline=debug"]
    );
}

#[test]
fn typing_errors_are_warned_of() {
    let environment = Environment::from_pairs([("META_GRPAH_URL", "x"), ("EFFLUX_DATA_DIR", "d")]);
    let settings = Settings::load(&environment, Service::Efflux).unwrap();
    assert_eq!(settings.warnings, ["META_GRPAH_URL is set and means nothing: is META_GRAPH_URL meant?"]);
}

#[test]
fn a_name_that_is_almost_ours_is_warned_of_and_others_are_not() {
    let names = [
        "META_GRAPH_VERSON",
        "MAX_ROWS_BYTES",
        "RETRY_FRIST_SECONDS",
        "META_NEW",
        "AWS_REGION",
        "PATH",
        "LOG_LEVE",
    ];
    let environment = Environment::from_pairs(names.map(|name| (name, "v25.0")));
    let warnings = Settings::load(&environment, Service::Reporter).unwrap().warnings;
    assert_eq!(
        warnings,
        [
            "LOG_LEVE is set and means nothing: is LOG_LEVEL meant?",
            "MAX_ROWS_BYTES is set and means nothing: is MAX_ROW_BYTES meant?",
            "META_GRAPH_VERSON is set and means nothing: is META_GRAPH_VERSION meant?",
            "META_NEW is set and means nothing",
            "RETRY_FRIST_SECONDS is set and means nothing: is RETRY_FIRST_SECONDS meant?",
        ]
    );
}

#[test]
fn the_form_of_the_log_is_one_of_two() {
    let format = |value: &str| {
        let environment = Environment::from_pairs([("LOGGING_ENVIRONMENT", value)]);
        Settings::load(&environment, Service::Filter).map(|settings| settings.telemetry.format)
    };
    assert_eq!(format("Production"), Ok(crate::LogFormat::Json));
    assert_eq!(format("development"), Ok(crate::LogFormat::Text));
    let said = format("prod").unwrap_err().to_string();
    assert!(
        said.contains("LOGGING_ENVIRONMENT: one of production, development is needed, not `prod`"),
        "{said}"
    );
}

#[test]
fn a_queue_needs_its_dead_letter_queue() {
    let queue = ("REPORT_CONVERSIONS_QUEUE_URL", "http://127.0.0.1:4566/1/report");
    assert_eq!(
        problems(Service::Reporter, &[queue]),
        ["REPORT_DLQ_URL: REPORT_CONVERSIONS_QUEUE_URL is set, so this is needed too"]
    );
    assert_eq!(problems(Service::Filter, &[queue]), [""; 0], "the filter does not use it");
    let dead = ("REPORT_DLQ_URL", "http://127.0.0.1:4566/1/report-dead");
    assert_eq!(problems(Service::Efflux, &[queue, dead]).len(), 1, "files would be in two places");
}

#[test]
fn the_legacy_systems_name_of_the_mongodb_address_is_read() {
    let environment = Environment::from_pairs([("MONGODB_URI_TEST", "mongodb://u:secret@h")]);
    let settings = Settings::load(&environment, Service::Reporter).unwrap();
    assert_eq!(settings.backends.mongodb.as_ref().unwrap().database, "efflux");
    assert!(!format!("{settings:?}").contains(":secret@"));
}

#[test]
fn limited_data_use_is_checked_as_a_whole() {
    let with = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().map(|(name, value)| (format!("META_DATA_PROCESSING_OPTIONS{name}"), *value));
        Settings::load(&Environment::from_pairs(pairs), Service::Reporter)
            .map(|s| s.destinations.meta.data_processing().unwrap())
    };
    assert_eq!(with(&[]), Ok(DataProcessing::Unsaid));
    assert_eq!(with(&[("", "none")]), Ok(DataProcessing::Unlimited));
    assert_eq!(with(&[("", "ldu")]), Ok(DataProcessing::Limited(Place::new(0, 0).unwrap())));
    let california = DataProcessing::Limited(Place::new(1, 1000).unwrap());
    assert_eq!(with(&[("", "LDU"), ("_COUNTRY", "1"), ("_STATE", "1000")]), Ok(california));
    for wrong in [
        &[("", "LDU"), ("_STATE", "1000")][..],
        &[("", "LDU"), ("_COUNTRY", "1"), ("_STATE", "7")],
        &[("", "LDU"), ("_COUNTRY", "2")],
        &[("", "CCPA")],
        &[("_COUNTRY", "1")],
    ] {
        assert!(with(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn the_partner_agent_and_the_secret_are_checked() {
    for name in ["x", "12345", "a name", "abcdefghijklmnopqrstuvw"] {
        assert_eq!(problems(Service::Reporter, &[("META_PARTNER_AGENT", name)]).len(), 1, "{name}");
    }
    let found = problems(Service::Reporter, &[("META_APP_SECRET", "hush hush")]);
    assert!(found.len() == 1 && !found[0].contains("hush"), "{found:?}");
    let environment = Environment::from_pairs([("META_APP_SECRET", "hush")]);
    let settings = Settings::load(&environment, Service::Reporter).unwrap();
    assert!(settings.destinations.meta.app_secret.is_some() && !format!("{settings:?}").contains("hush"));
}

#[test]
fn a_renamed_setting_is_read_by_its_former_name_and_the_new_one_goes_first() {
    let load = |pairs: &[(&str, &str)]| {
        Settings::load(&Environment::from_pairs(pairs.iter().copied()), Service::Reporter)
    };
    let settings = load(&[("META_CURRENCY", "eur"), ("META_ON_UNKNOWN_OUTCOME", "HOLD")]).unwrap();
    assert_eq!(settings.reporting.currency, "EUR");
    assert_eq!(settings.reporting.on_unknown_outcome, OnUnknown::Hold);
    assert_eq!(
        settings.warnings,
        [
            "META_CURRENCY is the former name of CURRENCY: use that",
            "META_ON_UNKNOWN_OUTCOME is the former name of ON_UNKNOWN_OUTCOME: use that"
        ]
    );
    let settings = load(&[("META_CURRENCY", "EUR"), ("CURRENCY", "EUR")]).unwrap();
    assert_eq!(settings.reporting.currency, "EUR");
    assert_eq!(
        problems(Service::Reporter, &[("META_CURRENCY", "EUR"), ("CURRENCY", "USD")]),
        ["CURRENCY: it is also set by its former name META_CURRENCY, to another value; remove META_CURRENCY"]
    );
}

#[test]
fn a_wrong_value_is_named_and_any_word_may_be_written_in_capitals() {
    let environment = Environment::from_pairs([("META_EVENT_NAMES", "LEGACY")]);
    assert!(Settings::load(&environment, Service::Reporter).is_ok());
    for (name, value, line) in [
        ("META_EVENT_NAMES", "loud", "META_EVENT_NAMES: one of standard, legacy is needed, not `loud`"),
        ("ENVIRONMENT_LOCATION", "moon", "ENVIRONMENT_LOCATION: one of local, aws is needed, not `moon`"),
        ("ON_UNKNOWN_OUTCOME", "x", "ON_UNKNOWN_OUTCOME: one of resend, hold is needed, not `x`"),
        ("RESTATEMENTS", "all", "RESTATEMENTS: one of first, increments is needed, not `all`"),
        (
            "META_DATA_PROCESSING_OPTIONS",
            "CCPA",
            "META_DATA_PROCESSING_OPTIONS: one of LDU, none is needed, not `CCPA`",
        ),
        ("PORT", "70000", "PORT: a number from 0 to 65535 is needed, not `70000`"),
        ("LEDGER_LEGACY", "maybe", "LEDGER_LEGACY: true or false is needed, not `maybe`"),
        ("CURRENCY", "$", "CURRENCY: a code of three letters is needed, not `$`"),
        (
            "AWS_ENDPOINT_URL",
            "ftp://x",
            "AWS_ENDPOINT_URL: `ftp://x` cannot be read: it must start with http:// or https://",
        ),
    ] {
        assert_eq!(problems(Service::Efflux, &[(name, value)]), [line]);
    }
}

#[test]
fn every_default_can_be_read() {
    let wrong: Vec<_> = table().filter(|s| s.default.is_empty()).map(|s| (s.name, "")).collect();
    assert_eq!(problems(Service::Efflux, &wrong), [""; 0]);
    // Each value is nonsense for most settings: the default stands in, and nothing panics.
    let nonsense: Vec<_> = table().map(|setting| (setting.name, "\u{1}")).collect();
    assert!(problems(Service::Efflux, &nonsense).len() > 20);
}
