//! Asks the resolver many questions at once: ways out of an abort, matrices, histories, differences, reviews.
//! Computes only; wording of answers stays in `explain` and `export`.

pub mod baseline;
pub mod count;
pub mod diff;
pub mod follow;
pub mod history;
pub mod host_models;
pub mod matrix;
pub mod remedies;
pub mod review;
pub mod scenario_search;
pub mod space;
pub mod strips;
pub mod table_grid;
