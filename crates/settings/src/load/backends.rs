//! Where the backends are, and what is missing.

use std::path::PathBuf;

use secrecy::SecretString;

use super::web_address;
use crate::reader::Reader;
use crate::table::{Service, TABLE};
use crate::types::{AwsSettings, BackendSettings, CloudWatchSettings, MongoSettings, QueueAddress};

pub(super) fn load(reader: &mut Reader<'_>, service: Service) -> BackendSettings {
    let in_aws = reader.choice("ENVIRONMENT_LOCATION", &[("local", false), ("aws", true)]);
    if in_aws {
        all_addresses(reader, service);
    }
    let uses = |name: &str| TABLE.iter().any(|s| s.name == name && s.used_by(service));
    let secret = |reader: &Reader<'_>, name: &'static str| {
        reader.optional(name).filter(|_| uses(name)).map(SecretString::from)
    };
    let mongodb = secret(reader, "MONGODB_URI").or_else(|| {
        // The original's production read the name that was meant for tests.
        reader.optional("MONGODB_URI_TEST").filter(|_| uses("MONGODB_URI")).map(SecretString::from)
    });
    let namespace = reader.optional("CLOUDWATCH_NAMESPACE").or_else(|| in_aws.then(|| "Efflux".to_owned()));
    BackendSettings {
        data_dir: PathBuf::from(reader.text("EFFLUX_DATA_DIR")),
        aws: aws(reader, service),
        mongodb: mongodb.map(|uri| MongoSettings {
            uri,
            database: reader.text("MONGODB_DATABASE").to_owned(),
            legacy: reader.switch("LEDGER_LEGACY"),
        }),
        clickhouse: secret(reader, "CLICKHOUSE_URL"),
        postgres: secret(reader, "DATABASE_URL"),
        cloudwatch: namespace.map(|namespace| CloudWatchSettings {
            namespace,
            environment: reader.text("ENVIRONMENT").to_owned(),
        }),
        aws_endpoint: reader.parsed("AWS_ENDPOINT_URL", web_address),
    }
}

/// In AWS nothing may fall back to an embedded backend.
fn all_addresses(reader: &mut Reader<'_>, service: Service) {
    let is_set = |name: &'static str| {
        reader.optional(name).is_some()
            || name == "MONGODB_URI" && reader.optional("MONGODB_URI_TEST").is_some()
    };
    let addresses = TABLE.iter().filter(|s| s.address && s.used_by(service)).map(|s| s.name);
    let missing: Vec<_> = addresses.filter(|name| !is_set(name)).collect();
    if !missing.is_empty() {
        reader
            .problems
            .push(format!("ENVIRONMENT_LOCATION=aws needs {}: set each, or use local", missing.join(", ")));
    }
}

/// The queues that the service uses; `None` when none has an address. One of two would leave half of the files in a folder.
fn aws(reader: &mut Reader<'_>, service: Service) -> Option<AwsSettings> {
    let trigger = queue(reader, service, "TRIGGER_CONVERSION_REPORTS_QUEUE_URL", "TRIGGER_DLQ_URL");
    let report = queue(reader, service, "REPORT_CONVERSIONS_QUEUE_URL", "REPORT_DLQ_URL");
    if service == Service::Efflux && trigger.is_some() != report.is_some() {
        reader.problems.push(
            "TRIGGER_CONVERSION_REPORTS_QUEUE_URL, REPORT_CONVERSIONS_QUEUE_URL: set both or neither"
                .to_owned(),
        );
    }
    (trigger.is_some() || report.is_some()).then_some(AwsSettings { trigger, report })
}

fn queue(
    reader: &mut Reader<'_>,
    service: Service,
    name: &'static str,
    dead_letters: &'static str,
) -> Option<QueueAddress> {
    if !TABLE.iter().any(|s| s.name == name && s.used_by(service)) {
        return None;
    }
    let queue = reader.parsed(name, web_address)?;
    let Some(dead_letters_url) = reader.parsed(dead_letters, web_address) else {
        // A wrong address has been complained of already.
        if reader.optional(dead_letters).is_none() {
            reader.problems.push(format!("{dead_letters}: {name} is set, so this is needed too"));
        }
        return None;
    };
    Some(QueueAddress { queue, dead_letters: dead_letters_url })
}
