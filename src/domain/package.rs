//! Describes the build of a package: its distribution, its number, and the changes from a certain build on.

use serde::{Deserialize, Serialize};

/// A distribution, recognised by a mark in the build of its packages.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Distribution {
    /// The mark: `el9` in `9.1.0-20.el9`.
    pub mark: Box<str>,
    /// Its name, `RHEL 9`.
    pub name: Box<str>,
    /// Whether its QEMU also has the machine types of upstream's.
    pub upstream_types: bool,
    /// Whether it starts QEMU without libvirt.
    pub without_libvirt: bool,
    /// The path of the emulator, where it is not the usual one.
    pub emulator: Option<Box<str>>,
}

impl Distribution {
    /// Returns what a build says, if it is one of this distribution: `20.el9`, `module+el8.9.0`, `2ubuntu6.17`.
    pub(crate) fn build(&self, build: &str) -> Option<Build<'_>> {
        // RHEL's mark continues with the minor release, Debian's with the update: `el9_7.6`, `deb13u3`.
        let (before, after) = split_at_mark(build, &self.mark)?;
        let mut head = numbers(before);
        let number = head.next().map(|first| {
            let mut tail = numbers(after.trim_start_matches(['_', '.', 'u']));
            let minor = tail.next().unwrap_or(0);
            BuildNumber([first, minor, tail.next().or(head.next()).unwrap_or(0)])
        });
        Some(Build { distribution: self, number })
    }
}

/// The number of a package's build: `29.el9_7.6` is 29, then 7 for the minor release, then 6 for the update.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct BuildNumber(pub [u32; 3]);

/// What the build of a package says.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Build<'a> {
    /// Whose package it is.
    pub(crate) distribution: &'a Distribution,
    /// Its number; `None` where it is not known, as in `9.0.0-el9`.
    pub(crate) number: Option<BuildNumber>,
}

/// From which build on something is in the packages of one release and distribution.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Since {
    /// In every build.
    Every,
    /// From this build on.
    Build(BuildNumber),
    /// It is in this build; the first that has it was not read.
    By(BuildNumber),
    /// Whether any build has it was not read.
    Unread,
}

/// Whether something is there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(crate) enum Presence {
    Yes,
    /// It is not.
    No,
    /// That was not read.
    Unread,
}

impl Since {
    pub(crate) fn at(self, number: Option<BuildNumber>) -> Presence {
        match (self, number) {
            (Self::Every, _) => Presence::Yes,
            (Self::Unread, _) | (Self::Build(_) | Self::By(_), None) => Presence::Unread,
            (Self::Build(first), Some(number)) => {
                if number >= first {
                    Presence::Yes
                } else {
                    Presence::No
                }
            }
            (Self::By(known), Some(number)) => {
                if number >= known {
                    Presence::Yes
                } else {
                    Presence::Unread
                }
            }
        }
    }
}

/// Returns a version with its package's build: `9.0.0-3.el9`, `6.2.0+dfsg-2ubuntu6`.
pub(crate) fn write_package(version: &str, build: Option<&str>) -> String {
    let mut text = version.to_owned();
    push_build(&mut text, build);
    text
}

/// Appends the build of a package to its version.
pub(crate) fn push_build(text: &mut String, build: Option<&str>) {
    if let Some(build) = build {
        let dash = if build.is_empty() || build.starts_with('+') { "" } else { "-" };
        text.extend([dash, build]);
    }
}

/// Splits a build at the mark of a distribution, which no digit follows: `el1` is not in `el10`.
fn split_at_mark<'b>(build: &'b str, mark: &str) -> Option<(&'b str, &'b str)> {
    build.match_indices(mark).find_map(|(start, _)| {
        let (before, rest) = build.split_at_checked(start)?;
        let after = rest.strip_prefix(mark)?;
        let ends = !mark.ends_with(|c: char| c.is_ascii_digit()) || !after.starts_with(|c: char| c.is_ascii_digit());
        ends.then_some((before, after))
    })
}

/// Returns the numbers between dots, up to the first part that is none.
fn numbers(text: &str) -> impl Iterator<Item = u32> + '_ {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text.get(..digits).unwrap_or_default().split('.').map_while(|part| part.parse().ok())
}
