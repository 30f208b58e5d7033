//! Reads the recorded migrations that lessons name.

use crate::load::LoadError;
use serde::Deserialize;

/// The file, for messages and tests.
pub const RUNS_FILE: &str = "assets/recorded-runs.toml";
const TEXT: &str = include_str!("../../../assets/recorded-runs.toml");

/// One recorded migration.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedRun {
    /// Its id among the recorded migrations.
    pub id: String,
    /// Model, machine type, policies and topology of the guest.
    pub guest: String,
    /// libvirt and QEMU at the source.
    pub source: String,
    /// libvirt and QEMU at the destination.
    pub destination: String,
    /// `completed`, `aborted` or `start-refused`.
    pub outcome: String,
    /// libvirt's error message, if there was one.
    pub message: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    run: Vec<RecordedRun>,
}

/// Returns every recorded run that a lesson can name.
///
/// # Errors
/// The first mistake in the file; the project's own tests exclude one.
pub fn recorded_runs() -> Result<Vec<RecordedRun>, LoadError> {
    let at = |error: &toml::de::Error| error.span().map_or(0, |span| span.start);
    let file: Result<File, toml::de::Error> = toml::from_str(TEXT);
    file.map(|file| file.run).map_err(|error| LoadError::at(RUNS_FILE, TEXT, at(&error), error.message()))
}

impl RecordedRun {
    /// Returns headings and texts for a page.
    pub(crate) fn paragraphs(&self) -> Vec<(String, String)> {
        let mut all = vec![
            ("Guest".to_owned(), self.guest.clone()),
            ("Source".to_owned(), self.source.clone()),
            ("Destination".to_owned(), self.destination.clone()),
            ("Outcome".to_owned(), self.outcome.clone()),
        ];
        all.extend(self.message.clone().map(|message| ("libvirt reported".to_owned(), message)));
        all.push((
            "Recorded".to_owned(),
            "Real releases of libvirt and QEMU ran this migration. The file tests/recorded/ has it with this id."
                .to_owned(),
        ));
        all
    }
}
