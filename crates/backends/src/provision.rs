//! Queues, buckets and tables on an AWS endpoint, for trials on an emulator. In AWS the templates in `infrastructure/` make them.

use std::sync::Arc;

use ports::Clock;
use settings::Settings;

use crate::OpenError;

/// Makes the queues, buckets, notifications and the table that the settings name; one line for each. Doing it again changes nothing.
///
/// # Errors
/// [`OpenError::Unreachable`] when AWS does not answer or refuses something; what was made until then stays, so call it again.
/// [`OpenError::NotInThisBuild`] in a build without AWS.
#[cfg(feature = "aws")]
pub async fn provision(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Vec<String>, OpenError> {
    use adapter_aws::provision as make;
    use domain::object::FILTERED_PREFIX;

    /// The worker sets messages aside by itself, with a reason; SQS does it only for what crashes every worker.
    const SQS_MAX_RECEIVES: u32 = 100;

    let aws = crate::aws::connect(settings, clock).await?;
    let buckets = &settings.buckets;
    let mut done = Vec::new();
    let queues = settings.backends.aws.as_ref();
    let ways = [
        (queues.and_then(|q| q.trigger.as_ref()), &buckets.interpreted, ""),
        (queues.and_then(|q| q.report.as_ref()), &buckets.report, FILTERED_PREFIX),
    ];
    for (address, bucket, prefix) in ways {
        let Some(address) = address else { continue };
        let name = address.queue.path_segments().and_then(Iterator::last).unwrap_or_default();
        let made = make::queue(&aws, name, SQS_MAX_RECEIVES).await?;
        make::bucket(&aws, bucket).await?;
        make::announce(&aws, bucket, prefix, &made.main).await?;
        done.push(format!("bucket {bucket} announces what is put below `{prefix}` in {}", made.main));
        if !made.dead.ends_with(address.dead_letters.path()) {
            done.push(format!("its dead letters are in {}: set the address to that", made.dead));
        }
    }
    make::subscriptions(&aws, &buckets.subscriptions_table).await?;
    done.push(format!("table {}", buckets.subscriptions_table));
    Ok(done)
}

/// This build knows no AWS.
///
/// # Errors
/// Always.
#[cfg(not(feature = "aws"))]
pub async fn provision(_: &Settings, _: &Arc<dyn Clock>) -> Result<Vec<String>, OpenError> {
    Err(OpenError::NotInThisBuild { setting: "TRIGGER_CONVERSION_REPORTS_QUEUE_URL" })
}
