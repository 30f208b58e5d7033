//! Declares the commands that ask many questions at once: matrix, diff, history, review, baseline, follow.

use super::complete;
use super::scenario_args::{Choice, CpuMaps, DomainArg};
use super::value_parsers::one_of;
use crate::analysis::matrix::Vary;
use crate::domain::names::did_you_mean;
use crate::domain::qemu::Accel;
use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

/// What `matrix` asks for.
#[derive(Args, Clone, Debug)]
pub struct MatrixArgs {
    // Before the keys of the scenario, so that these two take the place of the keys `from` and `to`.
    /// Sources, such as 9.0.0,debian:13, kubevirt:1.3..1.9
    #[arg(long, value_name = "RELEASES", add = complete::releases())]
    pub from: Option<String>,
    /// Destinations, in the same forms
    #[arg(long, value_name = "RELEASES", add = complete::releases())]
    pub to: Option<String>,
    #[command(flatten)]
    /// The scenario.
    pub choice: Choice,
    /// The guest's file.
    #[command(flatten)]
    pub guest: DomainArg,
    /// What the rows vary.
    #[arg(
        long,
        value_name = "AXIS",
        value_parser = axis,
        help = axis_help(),
        long_help = axis_long_help(),
        add = complete::axes()
    )]
    pub rows: Option<Axis>,
    /// Axis of the columns, in the same form
    #[arg(long, value_name = "AXIS", value_parser = axis, add = complete::axes())]
    pub columns: Option<Axis>,
    /// Count the verdicts of every model, machine type, state of mpx and pair of exact releases instead
    #[arg(long, hide_short_help = true)]
    pub count: bool,
    /// Output format: text, markdown, csv or json
    #[arg(long, value_enum, default_value_t = MatrixFormat::Text, hide_possible_values = true)]
    pub format: MatrixFormat,
}

/// What one side of a matrix varies, and its values, if they were given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Axis {
    /// The axis.
    pub vary: Vary,
    /// `EPYC,EPYC-Rome`, `pc-q35-4.0..pc-q35-8.2`.
    pub values: Option<String>,
}

fn axis(text: &str) -> Result<Axis, String> {
    let (name, values) = text.split_once('=').map_or((text, None), |(name, values)| (name, Some(values.to_owned())));
    let names = || Vary::ALL.iter().map(|vary| vary.name());
    Vary::parse(name).map(|vary| Axis { vary, values }).ok_or_else(|| {
        let known: Vec<&str> = names().collect();
        format!("expected one of {}{}", known.join(", "), did_you_mean(name, names()))
    })
}

fn axis_help() -> String {
    let names: Vec<&str> = Vary::ALL.iter().map(|vary| vary.name()).collect();
    format!("Axis of the rows: {}", names.join(", "))
}

fn axis_long_help() -> String {
    axis_help()
        + ". AXIS=VALUES has a list or, if they have an order, FIRST..LAST [default: distinct, which folds releases with the \
           same map and behaviour]"
}

/// What `diff` asks for.
#[derive(Args, Clone, Debug)]
pub struct DiffArgs {
    /// A release or product, or a CPU model
    #[arg(add = complete::releases_and_models())]
    pub one: String,
    /// Another release or product, or another CPU model
    #[arg(add = complete::releases_and_models())]
    pub other: String,
    /// Compare only this model of the two releases
    #[arg(long, value_name = "MODEL", add = complete::models())]
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
    #[arg(add = complete::models_and_features())]
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
    /// CPU maps before and after the change; with --git a range OLD..NEW, or a commit to compare with its parent
    ///
    /// A map is that of a release, a --cpu-map name, a directory or a libvirt source tree.
    #[arg(value_name = "OLD> <NEW", num_args = 1..=2, required = true, add = complete::maps())]
    pub sides: Vec<String>,
    /// Read the CPU maps from commits of this libvirt git tree
    #[arg(long, value_name = "TREE", value_hint = ValueHint::DirPath)]
    pub git: Option<PathBuf>,
    /// Release whose behaviour libvirt has [default: the newest]
    #[arg(long = "as", value_name = "RELEASE")]
    pub like: Option<String>,
    #[command(flatten)]
    /// The QEMU releases.
    pub qemu: QemuArgs,
    /// Also try the machine types of distributions
    ///
    /// Each is tried on the QEMU of its distribution.
    #[arg(long)]
    pub distributions: bool,
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
    /// The hosts of the cluster.
    #[arg(
        value_name = "HOST|FILE",
        required = true,
        help = "Listed host, or a file as for check --host; give all hosts of the cluster",
        add = complete::hosts()
    )]
    pub hosts: Vec<String>,
    /// The releases on which the definition must be valid.
    #[arg(
        long,
        value_name = "RELEASE",
        required = true,
        value_delimiter = ',',
        help = "Release or product on which the definition must be valid, such as debian:13; may be several",
        add = complete::releases()
    )]
    pub on: Vec<String>,
    /// Keep transactional memory (hle, rtm), which known attacks use
    #[arg(long)]
    pub keep_tsx: bool,
    #[command(flatten)]
    /// The maps to add.
    pub maps: CpuMaps,
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
        add = complete::hosts(),
        help = "Listed host, or a file: virsh domcapabilities or capabilities (both as FILE,FILE), a QMP reply, /proc/cpuinfo"
    )]
    pub host: Option<String>,
    /// libvirt and QEMU, or a product that has both
    #[arg(long, value_name = "LIBVIRT:QEMU|PRODUCT", add = complete::releases())]
    pub on: Option<String>,
    /// Accelerator; under tcg the host does not matter
    #[arg(long, default_value = "kvm", value_parser = one_of(Accel::ALL, Accel::name))]
    pub accel: Accel,
    #[command(flatten)]
    /// The maps to add.
    pub maps: CpuMaps,
    /// Show the result on every libvirt release, with the QEMU of --on
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
    #[arg(add = complete::features())]
    pub feature: String,
    #[command(flatten)]
    /// The scenario.
    pub choice: Choice,
    /// The guest's file.
    #[command(flatten)]
    pub guest: DomainArg,
    /// Output format
    #[arg(long, value_enum, default_value_t = TextFormat::Text)]
    pub format: TextFormat,
}

/// The QEMU releases to compare on.
#[derive(Args, Clone, Debug)]
pub struct QemuArgs {
    /// QEMU releases to compare on, the same at source and destination [default: all]
    #[arg(long = "qemu", value_name = "VERSION", value_delimiter = ',', add = complete::qemu())]
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
    Text,
    /// For mail and merge requests.
    Markdown,
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
