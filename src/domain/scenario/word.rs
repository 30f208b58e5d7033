//! Reads and prints the one-word form of a scenario.

/// One key of the word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {}
/// What a key means.
#[derive(Debug)]
pub struct KeyInfo;
/// Every key.
pub const KEYS: &[KeyInfo] = &[];
/// Says what is wrong with a word.
#[derive(Debug)]
pub struct WordError;
impl super::Scenario {
    /// Returns the word.
    pub fn word(&self, _catalog: &crate::domain::catalog::Catalog) -> String {
        String::new()
    }
}
