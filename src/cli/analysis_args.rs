//! Declares the commands that ask many questions at once: matrix, diff, history, review, baseline, follow.

use super::args::one_of;
use super::scenario_args::{Choice, CpuMaps};
use crate::analysis::matrix::Vary;
use crate::domain::qemu::Accel;
use clap::{Args, ValueEnum, ValueHint};

/// What `matrix` asks for.
#[derive(Args, Clone, Debug)]
pub struct MatrixArgs {
    // Before the keys of the scenario, so that these two take the place of the keys `from` and `to`.
    /// Sources: releases separated by commas, or FIRST..LAST
    #[arg(long, value_name = "RELEASES")]
    pub from: Option<String>,
    /// Destinations, in the same forms
    #[arg(long, value_name = "RELEASES")]
    pub to: Option<String>,
    #[command(flatten)]
    /// The scenario.
    pub choice: Choice,
    /// What the rows vary; `distinct` folds releases with the same map and behaviour
    #[arg(long, default_value = "distinct", value_parser = one_of(AXES, Vary::name))]
    pub rows: Vary,
    /// What the columns vary
    #[arg(long, default_value = "distinct", value_parser = one_of(AXES, Vary::name))]
    pub columns: Vary,
    /// Count the verdicts of every model, machine type, state of mpx and pair of exact releases instead
    #[arg(long)]
    pub count: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = MatrixFormat::Table)]
    pub format: MatrixFormat,
}

const AXES: &[Vary] = &[Vary::Distinct, Vary::Releases, Vary::Qemu, Vary::Machines, Vary::Models, Vary::Hosts];

/// What `diff` asks for.
#[derive(Args, Clone, Debug)]
pub struct DiffArgs {
    /// A release, or a CPU model
    pub one: String,
    /// Another release, or another CPU model
    pub other: String,
    /// Compare only this model of the two releases
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    #[command(flatten)]
    /// The QEMU releases.
    pub qemu: QemuArgs,
    #[command(flatten)]
    /// The maps to add.
    pub maps: CpuMaps,
    /// Output format
    #[arg(long, value_enum, default_value_t = TextFormat::Text)]
    pub format: TextFormat,
}

/// What `history` asks for.
#[derive(Args, Clone, Debug)]
pub struct HistoryArgs {
    /// A CPU model or a feature
    pub name: String,
    #[command(flatten)]
    /// The maps to add.
    pub maps: CpuMaps,
    /// Output format
    #[arg(long, value_enum, default_value_t = TextFormat::Text)]
    pub format: TextFormat,
}

/// What `review` asks for.
#[derive(Args, Clone, Debug)]
pub struct ReviewArgs {
    /// CPU map before the change: a release, a --cpu-map name, a directory or a libvirt source tree
    pub old: String,
    /// CPU map after the change, in the same forms
    pub new: String,
    #[command(flatten)]
    /// The QEMU releases.
    pub qemu: QemuArgs,
    #[command(flatten)]
    /// The maps to add.
    pub maps: CpuMaps,
    /// Output format
    #[arg(long, value_enum, default_value_t = ReviewFormat::Markdown)]
    pub format: ReviewFormat,
}

/// What `baseline` asks for.
#[derive(Args, Clone, Debug)]
pub struct BaselineArgs {
    /// A listed host; give all hosts of the cluster
    #[arg(value_name = "HOST", required = true)]
    pub hosts: Vec<String>,
    /// The releases on which the definition must be valid.
    #[arg(
        long,
        value_name = "RELEASE",
        help = "Release on which the definition must be valid, LIBVIRT[:QEMU]; may be given several times"
    )]
    pub on: Vec<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t = TextFormat::Text)]
    pub format: TextFormat,
}

/// What `expand` asks for.
#[derive(Args, Clone, Debug)]
pub struct ExpandArgs {
    /// What to expand
    #[arg(value_name = "CPU", value_enum)]
    pub what: Expandable,
    /// A listed host.
    #[arg(
        long,
        value_name = "HOST|FILE",
        value_hint = ValueHint::FilePath,
        help = "Listed host, or a file: virsh domcapabilities or capabilities, a QMP reply, /proc/cpuinfo"
    )]
    pub host: Option<String>,
    /// libvirt and QEMU, or a product that has both
    #[arg(long, value_name = "LIBVIRT:QEMU|PRODUCT")]
    pub on: Option<String>,
    /// Accelerator; under tcg the host does not matter
    #[arg(long, default_value = "kvm", value_parser = one_of(Accel::ALL, Accel::name))]
    pub accel: Accel,
    #[command(flatten)]
    /// The maps to add.
    pub maps: CpuMaps,
    /// Show what host-model becomes on every libvirt release with the QEMU of --on
    #[arg(long)]
    pub releases: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t = ExpandFormat::Text)]
    pub format: ExpandFormat,
}

/// What can be expanded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Expandable {
    /// `<cpu mode='host-model'/>`.
    HostModel,
}

/// The output formats of `expand`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ExpandFormat {
    /// For people.
    Text,
    /// The `<cpu>` element.
    Xml,
    /// For scripts.
    Json,
}

/// What `follow` asks for.
#[derive(Args, Clone, Debug)]
pub struct FollowArgs {
    // Before the keys of the scenario, so that it takes the place of the key `feature`.
    /// The feature to follow
    pub feature: String,
    #[command(flatten)]
    /// The scenario.
    pub choice: Choice,
    /// Output format
    #[arg(long, value_enum, default_value_t = TextFormat::Text)]
    pub format: TextFormat,
}

/// The QEMU releases to compare on.
#[derive(Args, Clone, Debug)]
pub struct QemuArgs {
    /// Compare only on these QEMU releases, the same at both ends [default: every release]
    #[arg(long = "qemu", value_name = "VERSION", value_delimiter = ',')]
    pub versions: Vec<String>,
}

/// The usual output formats.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum TextFormat {
    /// For people.
    Text,
    /// For scripts.
    Json,
}

/// The output formats of a matrix.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum MatrixFormat {
    /// For people.
    Table,
    /// For spreadsheets.
    Csv,
    /// For scripts.
    Json,
}

/// The output formats of a review.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum ReviewFormat {
    /// For a merge request or a mail.
    Markdown,
    /// For scripts.
    Json,
    /// For people.
    Text,
}
