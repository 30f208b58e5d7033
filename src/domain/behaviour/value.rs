//! Parses and prints the values of switches: `yes` and `no`, releases, lists of features, names.

use super::{
    AddedExempt, DropAdded, DropUnknown, HostUnderKvm, InvtscCheck, InvtscMessage, LiveMissing, Original, PartialCheck,
    PartialWords, Regime, RegistersRead, TsxHint,
};
use crate::domain::feature::{FeatureId, FeatureSet};
use crate::domain::version::Version;

/// A value that a switch can have.
pub(super) trait SettingValue: Sized {
    /// Reads the value; features are looked up with `feature`.
    ///
    /// # Errors
    /// What was expected instead, for a sentence after "expected".
    fn read(text: &str, feature: &dyn Fn(&str) -> Option<FeatureId>) -> Result<Self, String>;

    /// Returns the value as it is read; features are named with `feature`.
    fn write(&self, feature: &dyn Fn(FeatureId) -> String) -> String;
}

impl SettingValue for bool {
    fn read(text: &str, _: &dyn Fn(&str) -> Option<FeatureId>) -> Result<Self, String> {
        match text {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err("yes or no".to_owned()),
        }
    }

    fn write(&self, _: &dyn Fn(FeatureId) -> String) -> String {
        if *self { "yes" } else { "no" }.to_owned()
    }
}

impl SettingValue for Version {
    fn read(text: &str, _: &dyn Fn(&str) -> Option<FeatureId>) -> Result<Self, String> {
        text.parse().map_err(|_not_a_version| "a release number such as 9.0.0".to_owned())
    }

    fn write(&self, _: &dyn Fn(FeatureId) -> String) -> String {
        self.to_string()
    }
}

impl SettingValue for FeatureSet {
    fn read(text: &str, feature: &dyn Fn(&str) -> Option<FeatureId>) -> Result<Self, String> {
        text.split_whitespace()
            .map(|name| feature(name).ok_or_else(|| format!("names of features, and {name} is none")))
            .collect()
    }

    fn write(&self, feature: &dyn Fn(FeatureId) -> String) -> String {
        self.iter().map(feature).collect::<Vec<_>>().join(" ")
    }
}

macro_rules! word_values {
    ($($type:ty),+) => { $(
        impl SettingValue for $type {
            fn read(text: &str, _: &dyn Fn(&str) -> Option<FeatureId>) -> Result<Self, String> {
                Self::parse(text).ok_or_else(|| {
                    let words: Vec<_> = Self::ALL.iter().map(|value| value.name()).collect();
                    format!("one of {}", words.join(", "))
                })
            }

            fn write(&self, _: &dyn Fn(FeatureId) -> String) -> String {
                self.name().to_owned()
            }
        }
    )+ };
}

word_values!(
    Regime,
    Original,
    AddedExempt,
    DropAdded,
    DropUnknown,
    PartialCheck,
    PartialWords,
    TsxHint,
    LiveMissing,
    HostUnderKvm,
    InvtscCheck,
    InvtscMessage,
    RegistersRead
);
