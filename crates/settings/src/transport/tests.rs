use super::*;
use crate::{Environment, Service, Settings};

/// All that a reporter needs in AWS, encrypted.
const ENCRYPTED: [(&str, &str); 6] = [
    ("ENVIRONMENT_LOCATION", "aws"),
    ("REPORT_CONVERSIONS_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/1/report"),
    ("REPORT_DLQ_URL", "https://sqs.eu-west-1.amazonaws.com/1/report-dlq"),
    ("MONGODB_URI", "mongodb+srv://u:secret@cluster.example/"),
    ("CLICKHOUSE_URL", "https://u:secret@ch:8443/d"),
    ("DATABASE_URL", "postgresql://u:secret@pg/d"),
];

fn load(changed: &[(&str, &str)]) -> Result<Settings, crate::Problems> {
    let environment = Environment::from_pairs(ENCRYPTED.iter().chain(changed).copied());
    Settings::load(&environment, Service::Reporter)
}

fn database_url(changed: &[(&str, &str)]) -> String {
    load(changed).unwrap().backends.postgres.unwrap().expose_secret().to_owned()
}

const PLAIN: [(&str, &str); 19] = [
    ("REPORT_CONVERSIONS_QUEUE_URL", "http://127.0.0.1:4566/1/report"),
    ("REPORT_DLQ_URL", "http://127.0.0.1:4566/1/dead"),
    ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
    ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:4566"),
    ("META_GRAPH_URL", "http://graph.facebook.com"),
    ("META_GRAPH_URL", "HTTP:graph.facebook.com"),
    ("CLICKHOUSE_URL", "http://u:secret@ch:8123/d"),
    ("MONGODB_URI", "mongodb://u:secret@a:1,b:2/?replicaSet=r"),
    ("MONGODB_URI", "mongodb://u:secret@a/?ssl=false"),
    ("MONGODB_URI", "mongodb://u:secret@a/?tls=true&ssl=false"),
    ("MONGODB_URI", "mongodb+srv://u:secret@a/?tls=false"),
    ("MONGODB_URI", "mongodb://u:secret@a/?TLS=true&tlsInsecure=true"),
    ("MONGODB_URI", "mongodb+srv://u:secret@a/?tlsAllowInvalidCertificates=true"),
    ("MONGODB_URI_TEST", "mongodb://u:secret@a/"),
    ("DATABASE_URL", "postgres://u:secret@pg/d?sslmode=disable"),
    ("DATABASE_URL", "postgresql://u:secret@pg/d?application_name=x&sslmode=prefer"),
    ("DATABASE_URL", "postgresql://u:secret@pg/d?sslmode=allow"),
    ("DATABASE_URL", "postgresql://u:secret@pg/d?sslmode=require&sslmode=disable"),
    ("DATABASE_URL", "host=pg password=secret sslmode='disable'"),
];

#[test]
fn in_aws_plain_text_is_refused_unless_it_is_allowed() {
    for (name, value) in PLAIN {
        let pairs = ENCRYPTED.into_iter().filter(|(known, _)| !name.starts_with(known));
        let pairs: Vec<_> = pairs.chain([(name, value)]).collect();
        let load = |more: &[(&str, &str)]| {
            let environment = Environment::from_pairs(pairs.iter().chain(more).copied());
            Settings::load(&environment, Service::Reporter)
        };
        let problems = load(&[]).unwrap_err().to_string();
        let shown = name.trim_end_matches("_TEST");
        assert!(
            problems.contains(shown) && problems.contains("ALLOW_PLAINTEXT"),
            "{name}={value}: {problems}"
        );
        assert_eq!(problems.lines().count(), 2, "{problems}");
        assert!(!problems.contains("secret"), "{problems}");
        for allowed in [("ALLOW_PLAINTEXT", "true"), ("ENVIRONMENT_LOCATION", "local")] {
            assert!(load(&[allowed]).is_ok(), "{name}={value} with {allowed:?}");
        }
    }
}

#[test]
fn what_is_encrypted_is_taken() {
    assert!(load(&[]).is_ok());
    for change in [
        ("MONGODB_URI", "mongodb://u:secret@a:1,b:2/?replicaSet=r&tls=true"),
        ("MONGODB_URI", "mongodb://u:secret@a/?SSL=true&tlsInsecure=false"),
        ("MONGODB_URI", "mongodb+srv://u:secret@a/?tls=true"),
        ("DATABASE_URL", "postgresql://u:secret@pg/d?sslmode=verify-full"),
        ("AWS_ENDPOINT_URL", "https://vpce.example"),
        ("META_DEFAULT_EVENT_SOURCE_URL", "http://page.example/"),
        ("META_GRAPH_URL", "https://graph.example"),
    ] {
        assert!(load(&[change]).is_ok(), "{change:?}: {:?}", load(&[change]).err());
    }
}

#[test]
fn in_aws_postgresql_is_spoken_with_over_tls_whatever_the_server_says() {
    assert_eq!(database_url(&[]), "postgresql://u:secret@pg/d?sslmode=require");
    for (given, used) in [
        ("postgresql://u@pg/d?connect_timeout=3", "postgresql://u@pg/d?connect_timeout=3&sslmode=require"),
        ("postgresql://u@pg/d?sslmode=verify-full", "postgresql://u@pg/d?sslmode=verify-full"),
        ("host=pg user=u", "host=pg user=u sslmode=require"),
    ] {
        assert_eq!(database_url(&[("DATABASE_URL", given)]), used);
    }
    let plain = "postgresql://u@pg/d";
    for allowed in [("ALLOW_PLAINTEXT", "true"), ("ENVIRONMENT_LOCATION", "local")] {
        assert_eq!(database_url(&[("DATABASE_URL", plain), allowed]), plain);
    }
}

#[test]
fn a_service_is_asked_about_its_own_addresses_alone() {
    let pairs = [
        ("ENVIRONMENT_LOCATION", "aws"),
        ("CLICKHOUSE_URL", "https://ch"),
        ("DATABASE_URL", "postgresql://pg/d"),
        ("MONGODB_URI", "mongodb://a/"),
        ("META_GRAPH_URL", "http://a/"),
    ];
    assert!(Settings::load(&Environment::from_pairs(pairs), Service::Optimizer).is_ok());
}
