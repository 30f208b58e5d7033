//! Asks the resolver many questions at once: ways out of an abort, and later matrices, histories and reviews.
//! Computes only; wording of answers stays in `explain`.

pub mod producers;
pub mod ways_out;
