//! Joins the command line and the terminal.

fn main() {}
