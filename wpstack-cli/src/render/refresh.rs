//! What a refresh found, for people.

use serde::Serialize;
use std::fmt::Write as _;
use wpstack_core::Condition;
use wpstack_core::ObjectId;
use wpstack_core::plan::Sightings;
use wpstack_core::provider::Drift;

use super::names::Names;
use super::style::{PLACE, count, paint, plain};
use super::value::short;

/// An object that is not as it is recorded.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    /// The object.
    pub(crate) object: ObjectId,
    /// What became of it, unless only fields differ.
    pub(crate) condition: Option<String>,
    /// The fields that differ.
    pub(crate) drift: Vec<Drift>,
}

/// What is worth telling of the sightings.
pub(crate) fn found(sightings: &Sightings) -> Vec<Found> {
    let found = sightings.iter().map(|(object, sighting)| {
        let (condition, drift) = match sighting {
            None => (Some("is gone".to_owned()), Vec::new()),
            Some(observed) => {
                let condition = match &observed.condition {
                    Condition::Broken { reason } => Some(format!("is broken: {reason}")),
                    Condition::Settling { phase, .. } => Some(format!("is {phase}")),
                    Condition::Ready => None,
                };
                let owner = observed.owner.as_ref();
                let owner = owner.map(|owner| format!("is marked as another's: {owner}"));
                let condition = owner.or(condition);
                (condition, observed.drift.clone())
            }
        };
        Found { object: object.clone(), condition, drift }
    });
    found.filter(|found| found.condition.is_some() || !found.drift.is_empty()).collect()
}

/// What differs, object by object, then what to do.
pub(crate) fn refresh(looked_at: usize, found: &[Found], recorded: usize, names: &Names) -> String {
    let mut text = String::new();
    for Found { object, condition, drift } in found {
        let id = names.id(object).map(|id| format!("  {id}")).unwrap_or_default();
        let condition = condition.as_ref().map(|it| format!("  {}", plain(it))).unwrap_or_default();
        _ = writeln!(text, "{}{id}{condition}", paint(PLACE, object));
        for Drift { field, actual } in drift {
            _ = writeln!(text, "  {} is {} at AWS", plain(field), short(actual, 72));
        }
    }
    let (objects, facts) = (count(looked_at, "object"), count(recorded, "fact"));
    _ = writeln!(text, "Looked at {objects}; {} not as recorded, {facts} recorded.", found.len());
    if !found.is_empty() {
        text += "`wpstack plan` shows what brings them back to the configuration.\n";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wpstack_core::Observed;
    use wpstack_core::provider::Drifts;

    #[test]
    fn what_differs_is_told_object_by_object() {
        let mut drifts = Drifts::new();
        drifts.note("public_addresses", false);
        let sightings: Sightings = [
            ("ec2.subnet:a", Some(Observed::ready(json!({"id": "s"})).drifted(drifts))),
            ("ec2.subnet:b", None),
            ("ec2.vpc:main", Some(Observed::ready(json!({"id": "v"})))),
            ("rds.instance:main", Some(Observed::broken(json!({}), "storage-full"))),
        ]
        .map(|(object, sighting)| (object.parse().unwrap(), sighting))
        .into();
        let shown = refresh(sightings.len(), &found(&sightings), 2, &Names::default());
        insta::assert_snapshot!(anstream::adapter::strip_str(&shown));
    }
}
