//! Asks the resolver many questions at once: fixes, matrices, histories, differences, reviews, baselines. `explain` and
//! `export` write the results as text.

pub mod baseline;
pub mod diff;
pub mod history;
pub mod matrix;
pub mod remedies;
pub mod review;

// For the program, its tests and benchmarks; not part of the API.
#[doc(hidden)]
pub mod count;
#[doc(hidden)]
pub mod follow;
#[doc(hidden)]
pub mod host_models;
#[doc(hidden)]
pub mod scenario_search;
#[doc(hidden)]
pub mod space;
#[doc(hidden)]
pub mod strips;
#[doc(hidden)]
pub mod table_grid;
