//! What several tests share.

#![allow(dead_code, reason = "each test binary uses its own part of it")]

pub(crate) mod ask;
pub(crate) mod golden;
pub(crate) mod random;
pub(crate) mod recorded;
pub(crate) mod run;
pub(crate) mod scenarios;
