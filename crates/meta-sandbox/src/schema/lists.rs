//! The values of the enumerated keys.

pub(super) const ACTION_SOURCES: &[&str] = &[
    "email",
    "website",
    "app",
    "phone_call",
    "chat",
    "physical_store",
    "system_generated",
    "business_messaging",
    "other",
];

pub(super) const CHANNELS: &[&str] = &["whatsapp", "messenger", "instagram"];

pub(super) const CONTENT_TYPES: &[&str] = &["product", "product_group"];

pub(super) const DELIVERY: &[&str] = &["in_store", "curbside", "home_delivery"];

/// A flag written as a number.
pub(super) const FLAGS: &[i64] = &[0, 1];

/// The states of the United States that limited data use knows; 0 asks Meta to find out.
pub(super) const LDU_STATES: &[i64] =
    &[0, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013];

pub(super) const SEGMENTS: &[&str] = &[
    "new_customer_to_business",
    "new_customer_to_business_line",
    "new_customer_to_product_area",
    "new_customer_to_medium",
    "existing_customer_to_business",
    "existing_customer_to_business_line",
    "existing_customer_to_product_area",
    "existing_customer_to_medium",
    "customer_in_loyalty_program",
];

/// The only event names a messaging event may carry.
pub(crate) const MESSAGING_NAMES: &[&str] = &[
    "Purchase",
    "LeadSubmitted",
    "InitiateCheckout",
    "AddToCart",
    "ViewContent",
    "OrderCreated",
    "OrderShipped",
    "OrderDelivered",
    "OrderCanceled",
    "OrderReturned",
    "CartAbandoned",
    "QualifiedLead",
    "RatingProvided",
    "ReviewProvided",
];
