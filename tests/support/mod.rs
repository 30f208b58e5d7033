//! Helps the tests: goldens, and screens made by typing.
#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod golden;
pub(crate) mod typed;
