//! AWS, in a build without it.

use std::marker::PhantomData;
use std::sync::Arc;

use ports::{BlobStore, Clock, Diagnose, EventQueue, SubscriptionStore};
use settings::{QueueAddress, Settings};

use crate::OpenError;
use crate::upload::Upload;

pub(crate) struct OnAws<'s>(PhantomData<&'s Settings>);

impl<'s> OnAws<'s> {
    pub(crate) const fn new(_: &'s Settings, _: &'s Arc<dyn Clock>) -> Self {
        Self(PhantomData)
    }

    pub(crate) async fn trigger_queue(&self, _: &QueueAddress) -> Result<Arc<dyn EventQueue>, OpenError> {
        Err(OpenError::NotInThisBuild { setting: "TRIGGER_CONVERSION_REPORTS_QUEUE_URL" })
    }

    pub(crate) async fn report_queue(&self, _: &QueueAddress) -> Result<Arc<dyn EventQueue>, OpenError> {
        Err(OpenError::NotInThisBuild { setting: "REPORT_CONVERSIONS_QUEUE_URL" })
    }

    pub(crate) async fn blobs(&self) -> Result<Arc<dyn BlobStore>, OpenError> {
        Err(OpenError::NotInThisBuild { setting: "REPORT_CONVERSIONS_BUCKET" })
    }

    pub(crate) async fn subscriptions(&self) -> Result<Arc<dyn SubscriptionStore>, OpenError> {
        Err(OpenError::NotInThisBuild { setting: "SUBSCRIPTIONS_TABLE" })
    }
}

/// No metrics are carried away where none are asked for.
pub(crate) async fn cloudwatch(
    settings: &Settings,
    _: &'static str,
    _: &Arc<dyn Clock>,
) -> Result<Option<Upload>, OpenError> {
    match &settings.backends.cloudwatch {
        Some(_) => Err(OpenError::NotInThisBuild { setting: "CLOUDWATCH_NAMESPACE" }),
        None => Ok(None),
    }
}

pub(crate) async fn provision(_: &Settings, _: &Arc<dyn Clock>) -> Result<Vec<String>, OpenError> {
    Err(OpenError::NotInThisBuild { setting: "TRIGGER_CONVERSION_REPORTS_QUEUE_URL" })
}

pub(crate) async fn diagnosis(_: &Settings, _: &Arc<dyn Clock>) -> Result<Box<dyn Diagnose>, OpenError> {
    Err(OpenError::NotInThisBuild { setting: "TRIGGER_CONVERSION_REPORTS_QUEUE_URL" })
}
