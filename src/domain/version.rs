//! Parses, compares and prints release numbers of libvirt and QEMU.
//! Knows no release by name: what exists is the catalog's knowledge.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A release number: up to three parts, missing ones zero, as in `9.0.0` or `7.2`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Version {
    /// The first part, `9` in `9.1.2`.
    pub major: u16,
    /// The second part, `1` in `9.1.2`.
    pub minor: u16,
    /// The third part, `2` in `9.1.2`.
    pub micro: u16,
}

impl Version {
    /// Returns the release `major.minor.micro`.
    pub const fn new(major: u16, minor: u16, micro: u16) -> Self {
        Self { major, minor, micro }
    }

    /// Returns the next point release.
    pub(crate) const fn next_point(self) -> Self {
        Self { micro: self.micro.saturating_add(1), ..self }
    }

    /// Returns major and minor, which name a QEMU series and its machine types.
    pub(crate) const fn series(self) -> (u16, u16) {
        (self.major, self.minor)
    }
}

/// The error of parsing a release number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("expected a release number such as 9.0.0")]
pub struct NotAVersion;

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let mut parts = [0u16; 3];
        let mut seen = 0;
        for part in text.split('.') {
            if seen == 3 || part.is_empty() || !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(NotAVersion);
            }
            parts[seen] = part.parse().ok().ok_or(NotAVersion)?;
            seen += 1;
        }
        if seen < 2 {
            return Err(NotAVersion);
        }
        Ok(Self::new(parts[0], parts[1], parts[2]))
    }
}

impl Version {
    /// Passes the text to `write`. Links and answers are written by the thousand; a formatter would cost most of it.
    fn with_text<T>(self, write: impl FnOnce(&str) -> T) -> T {
        let mut text = [b'.'; 17];
        let mut begin = text.len();
        // From the last digit to the first.
        for mut part in [self.micro, self.minor, self.major] {
            begin -= usize::from(begin < text.len());
            loop {
                begin -= 1;
                text[begin] = b'0' + (part % 10).to_le_bytes()[0];
                part /= 10;
                if part == 0 {
                    break;
                }
            }
        }
        write(std::str::from_utf8(&text[begin..]).unwrap_or_default())
    }

    /// Appends the release number to a text.
    pub(crate) fn push(self, text: &mut String) {
        self.with_text(|own| text.push_str(own));
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_compare_as_numbers_not_as_text() {
        let ten: Version = "10.0.13".parse().unwrap();
        assert!(ten > Version::new(9, 2, 0));
        assert!(ten > Version::new(10, 0, 2));
        assert_eq!("7.2".parse(), Ok(Version::new(7, 2, 0)));
        let widest = Version::new(u16::MAX, 0, 10);
        assert_eq!((ten.to_string(), widest.to_string()), ("10.0.13".to_owned(), "65535.0.10".to_owned()));
    }

    #[test]
    fn what_is_no_release_is_refused() {
        for text in ["", "9", "9.", "a.b", "1.2.3.4", "1.-2", "99999999.0"] {
            assert_eq!(text.parse::<Version>(), Err(NotAVersion), "{text}");
        }
    }
}
