//! Declares the options that change the look of the explorer: theme, characters, mouse, keys.

use super::value_parsers::one_of;
use crate::app::settings::ThemeName;
use crate::export::page_base;
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// How the explorer looks, and the keys that it presses at its start.
#[derive(Args, Clone, Default, Debug)]
#[command(next_help_heading = "Terminal")]
pub struct LookArgs {
    /// Colour theme
    #[arg(long, hide_short_help = true, value_name = "NAME", value_parser = one_of(ThemeName::ALL, ThemeName::name))]
    pub theme: Option<ThemeName>,
    /// Use ASCII characters only
    #[arg(long, hide_short_help = true)]
    pub ascii: bool,
    /// Disable mouse support
    #[arg(long, hide_short_help = true)]
    pub no_mouse: bool,
    /// Address of the explorer's page, for copied links and Markdown exports
    #[arg(long, hide_short_help = true, value_name = "URL", value_parser = page_base)]
    pub web_base: Option<String>,
    /// Keys to press at the start.
    #[arg(
        long,
        hide_short_help = true,
        value_name = "KEYS",
        help = "Press these keys at the start, such as <left><tab><enter>"
    )]
    pub keys: Option<String>,
    /// Read this config file [default: virt-cpu-explorer/config.toml in $XDG_CONFIG_HOME]
    #[arg(long, hide_short_help = true, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "no_config")]
    pub config: Option<PathBuf>,
    /// Ignore the config file
    #[arg(long, hide_short_help = true)]
    pub no_config: bool,
}
