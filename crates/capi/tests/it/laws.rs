pub(crate) fn rows(_: &[u8]) {}
pub(crate) fn notifications(_: &[u8]) {}
pub(crate) fn answers(_: &[u8]) {}
pub(crate) fn values(_: &[u8]) {}
