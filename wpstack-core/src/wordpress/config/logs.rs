//! `[logs]`

use super::section::section;
use crate::value::RetentionDays;

section! {
    /// What the containers print, in CloudWatch Logs.
    pub struct Logs {
        /// How long it is kept.
        // The old system kept everything for ever, at a cost that only grows (defect 18).
        pub retention: RetentionDays = "30 days",
    }
}
