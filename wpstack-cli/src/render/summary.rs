//! What came of a run, for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use wpstack_core::ObjectId;
use wpstack_core::apply::{Failure, Summary};
use wpstack_core::state::{Document, Status};

use super::duration::exact;
use super::style::{ERROR, HINT, PLACE, STRONG, WARNING, count, paint, plain};

/// What the run was, for the words that depend on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    /// The command that goes on where this run ended: `wpstack apply`.
    pub(crate) again: &'a str,
    /// Whether its time was simulated.
    pub(crate) simulated: bool,
}

/// Causes before consequences, then what stands, then what to do next.
pub(crate) fn summary(summary: &Summary, run: Run<'_>) -> String {
    let mut text = head(summary, run);
    for failure in &summary.failures {
        text += &cause(failure, summary);
    }
    if summary.interrupted && !summary.left.is_empty() {
        let left: Vec<_> = summary.left.iter().map(ObjectId::to_string).collect();
        _ = writeln!(text, "\nNot done: {}", left.join(", "));
    }
    if !summary.is_complete() {
        let (label, again) = (paint(HINT, "hint:"), run.again);
        _ = writeln!(
            text,
            "\n{label} what was done is recorded, and nothing is lost: run `{again}` to go on"
        );
    }
    text += &outputs(&summary.outputs);
    if !summary.advice.is_empty() {
        text += "\nNext:\n";
        text += &summary
            .advice
            .iter()
            .map(|advice| format!("  {}\n", plain(advice)))
            .collect::<String>();
    }
    text
}

/// What exists now, after a run that did not do all it was to do.
pub(crate) fn standing(document: &Document) -> String {
    let of = |status| document.objects.values().filter(|it| it.status == status).count();
    let ready = of(Status::Ready);
    let rest: Vec<_> = document
        .objects
        .iter()
        .filter(|(_, record)| record.status != Status::Ready)
        .map(|(object, record)| format!("{object} ({})", record.status))
        .collect();
    let mut text = format!("\nNow: {} ready", count(ready, "resource"));
    if !rest.is_empty() {
        _ = write!(text, "; {}", shortened(&rest, 8));
    }
    text + ".\n"
}

/// The stack's outputs under a heading; nothing when it has none.
pub(crate) fn outputs(outputs: &BTreeMap<String, String>) -> String {
    let width = outputs.keys().map(String::len).max().unwrap_or(0);
    let line = |(name, value): (&String, &String)| {
        format!("  {:<width$}  {}\n", plain(name), plain(value))
    };
    let lines: String = outputs.iter().map(line).collect();
    if lines.is_empty() { lines } else { format!("\nOutputs:\n{lines}") }
}

fn head(summary: &Summary, run: Run<'_>) -> String {
    let Summary { created, updated, deleted, .. } = summary;
    let counts = [(created, "created"), (updated, "updated"), (deleted, "deleted")];
    let counts = counts.iter().filter(|(number, _)| **number > 0);
    let mut counts: Vec<_> = counts.map(|(number, what)| format!("{number} {what}")).collect();
    if counts.is_empty() {
        counts.push("nothing changed".to_owned());
    }
    let time = time(summary.elapsed, run.simulated);
    let (label, end) = if summary.interrupted && !summary.is_complete() {
        (paint(WARNING, "Interrupted:"), format!("; {} left", summary.left.len()))
    } else if summary.is_complete() {
        (paint(STRONG, "Done:"), String::new())
    } else {
        let failed = summary.failures.len();
        (paint(ERROR, "Incomplete:"), format!("; {failed} failed, {} not begun", held(summary)))
    };
    format!("{label} {}{end}, in {time}.\n", counts.join(", "))
}

/// Steps that were not begun: because of a failure, or because the run had to end.
fn held(summary: &Summary) -> usize {
    summary.skipped.len() + summary.left.len()
}

fn time(elapsed: Duration, simulated: bool) -> String {
    let elapsed = exact(elapsed);
    if simulated { format!("{elapsed} of simulated time") } else { elapsed }
}

fn cause(failure: &Failure, summary: &Summary) -> String {
    let Failure { object, verb, error, hint, .. } = failure;
    let held = summary.skipped.iter().filter(|skip| skip.because == *object);
    let held: Vec<_> = held.map(|skip| skip.object.to_string()).collect();
    let mut text =
        format!("\n{} {} {}\n", paint(ERROR, "error:"), plain(verb), paint(PLACE, object));
    _ = writeln!(text, "  {}", plain(error));
    if !held.is_empty() {
        let waiting = count(held.len(), "step");
        _ = writeln!(text, "  held up {waiting}: {}", shortened(&held, 6));
    }
    if !hint.is_empty() {
        _ = writeln!(text, "  {} {}", paint(HINT, "hint:"), plain(hint));
    }
    text
}

fn shortened(names: &[String], most: usize) -> String {
    if names.len() <= most {
        return names.join(", ");
    }
    format!("{} and {} more", names[..most].join(", "), names.len() - most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wpstack_core::ErrorKind;
    use wpstack_core::apply::Skip;

    const APPLY: Run<'_> = Run { again: "wpstack apply", simulated: false };

    fn object(text: &str) -> ObjectId {
        text.parse().unwrap()
    }

    fn show(result: &Summary, run: Run<'_>) -> String {
        anstream::adapter::strip_str(&summary(result, run)).to_string()
    }

    #[test]
    fn a_complete_run_ends_with_outputs_and_advice() {
        let result = Summary {
            created: 26,
            elapsed: Duration::from_secs(312),
            outputs: [("db_endpoint", "db:3306"), ("load_balancer_dns_name", "lb.example")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            advice: vec!["push an image to the repository, then run `wpstack apply`".to_owned()],
            ..Summary::default()
        };
        insta::assert_snapshot!(show(&result, Run { simulated: true, ..APPLY }));
    }

    #[test]
    fn failures_name_causes_and_what_they_hold_up() {
        let skips = ["a", "b", "c", "d", "e", "f", "g"].map(|name| Skip {
            object: object(&format!("ec2.subnet:{name}")),
            because: object("ec2.vpc:main"),
        });
        let result = Summary {
            created: 3,
            failures: vec![Failure {
                object: object("ec2.vpc:main"),
                verb: "create".to_owned(),
                kind: Some(ErrorKind::Quota),
                error: "ec2 CreateVpc failed with VpcLimitExceeded: The maximum number of VPCs has been reached.".to_owned(),
                hint: ErrorKind::Quota.hint().to_owned(),
            }],
            skipped: skips.to_vec(),
            elapsed: Duration::from_millis(2300),
            ..Summary::default()
        };
        insta::assert_snapshot!(show(&result, APPLY));
    }

    #[test]
    fn an_interrupted_run_says_what_remains_and_how_to_go_on() {
        let result = Summary {
            created: 3,
            interrupted: true,
            left: vec![object("ec2.subnet:a"), object("rds.instance:main")],
            elapsed: Duration::from_secs(61),
            ..Summary::default()
        };
        insta::assert_snapshot!(show(&result, APPLY));
    }

    #[test]
    fn what_aws_says_is_shown_and_does_nothing() {
        let hostile = "\u{1b}[2J\u{1b}[31mgone\u{202e}\nerror: all is lost".to_owned();
        let result = Summary {
            failures: vec![Failure {
                object: object("ec2.vpc:main"),
                verb: "create".to_owned(),
                kind: None,
                error: hostile.clone(),
                hint: hostile.clone(),
            }],
            outputs: [("a".to_owned(), hostile.clone())].into(),
            advice: vec![hostile],
            ..Summary::default()
        };
        let raw = summary(&result, APPLY);
        assert_eq!(crate::render::style::calm(&raw), raw);
        let shown = show(&result, APPLY);
        let legible = r"\u{1b}[2J\u{1b}[31mgone\u{202e}\nerror: all is lost";
        assert_eq!(shown.matches(legible).count(), 4, "{shown}");
    }
}
