//! Plans, events, records and summaries as lines.

use wpstack_core::apply::Summary;
use wpstack_core::event::{Event, What};
use wpstack_core::plan::{Action, Plan, Verb};
use wpstack_core::stack::graph::Need;
use wpstack_core::state::Document;
use wpstack_core::time::between;

pub(crate) fn show_plan(plan: &Plan) -> Vec<String> {
    let mut lines: Vec<_> = plan
        .seen
        .iter()
        .map(|seen| format!("seen {}: {:?}", seen.object, seen.fact.kind()))
        .collect();
    lines.extend(plan.problems.iter().map(|problem| format!("problem: {problem}")));
    lines.extend(plan.actions.iter().filter(|action| action.verb != Verb::Keep).map(show_action));
    let kept = plan.count(|verb| verb == Verb::Keep);
    if kept > 0 {
        lines.push(format!("keep {kept}"));
    }
    for (at, step) in plan.steps.iter().enumerate() {
        let needs = step.needs.iter().map(|link| match link.need {
            Need::Exists => link.step.to_string(),
            Need::Ready => format!("{}!", link.step),
        });
        let needs = needs.collect::<Vec<_>>().join(" ");
        lines.push(format!("step {at} {step}: {needs}").trim_end().to_owned());
    }
    if plan.is_empty() { vec!["nothing to do".to_owned()] } else { lines }
}

fn show_action(action: &Action) -> String {
    let verb = match action.verb {
        Verb::Replace(order) => format!("replace {order:?}"),
        verb => format!("{verb:?}").to_lowercase(),
    };
    let reasons: Vec<_> = action.reasons.iter().map(ToString::to_string).collect();
    let mut line = format!("{verb} {}: {}", action.object, reasons.join(", "));
    for change in &action.changes {
        let plain = |value: &serde_json::Value| {
            value.to_string().replace("{\"$ref\":", "").replace(['}', '"'], "")
        };
        let (old, new) = (plain(&change.old), plain(&change.new));
        let (field, cost, why) = (&change.field, change.cost, &change.why);
        line = format!("{line}; {field} {old} -> {new} ({cost}, {why})");
    }
    format!("{line} [{}]", action.cost)
}

pub(crate) fn show_events(events: &[Event]) -> Vec<String> {
    let Some(first) = events.first() else {
        return vec!["no events".to_owned()];
    };
    let What::Started { steps, .. } = &first.what else {
        panic!("the first event is {first:?}");
    };
    let name = |step: &usize| format!("{} {}", steps[*step].verb, steps[*step].object);
    let line = |event: &Event| {
        let at = between(first.at, event.at).as_secs_f64();
        let what = match &event.what {
            What::Started { expected_seconds, .. } => {
                format!("started, {expected_seconds} s expected")
            }
            What::StepStarted { step } => format!("{} started", name(step)),
            What::StepExists { step, id } => format!("{} exists as {id}", name(step)),
            What::StepWaiting { step, phase } => format!("{} waits: {phase}", name(step)),
            What::StepRetrying { step, attempt, pause_ms, kind, .. } => {
                format!("{} retries ({attempt}) in {pause_ms} ms: {kind:?}", name(step))
            }
            What::StepDone { step, .. } => format!("{} done", name(step)),
            What::StepFailed { step, error, .. } => format!("{} failed: {error}", name(step)),
            What::StepSkipped { step, because } => {
                format!("{} skipped because of {}", name(step), name(because))
            }
            What::StepStopped { step } => format!("{} stopped", name(step)),
            What::Interrupted => "interrupted".to_owned(),
            What::Finished { .. } => "finished".to_owned(),
        };
        format!("{at:6.1} {what}")
    };
    events.iter().map(line).collect()
}

pub(crate) fn show_summary(summary: &Summary) -> Vec<String> {
    let Summary { created, updated, deleted, elapsed, .. } = summary;
    let elapsed = elapsed.as_secs_f64();
    let mut lines = vec![format!(
        "created {created}, updated {updated}, deleted {deleted} in {elapsed:.1} s{}",
        if summary.is_complete() { "" } else { ", incomplete" }
    )];
    for failure in &summary.failures {
        lines.push(format!("failed: {} {}: {}", failure.verb, failure.object, failure.error));
    }
    for skip in &summary.skipped {
        lines.push(format!("skipped: {} because of {}", skip.object, skip.because));
    }
    for left in &summary.left {
        lines.push(format!("left: {left}"));
    }
    lines
}

pub(crate) fn show_records(document: &Document) -> Vec<String> {
    let record = |(object, record): (&_, &wpstack_core::state::Record)| {
        let id = match &record.state {
            Some(state) => state["id"].to_string().replace('"', ""),
            None => "no id".to_owned(),
        };
        let edges: Vec<_> =
            record.edges.iter().map(|edge| format!("{}->{}", edge.field, edge.to)).collect();
        let next = if record.next.is_some() { " (and a next spec)" } else { "" };
        let edges = if edges.is_empty() { String::new() } else { format!(" {}", edges.join(" ")) };
        format!("{object} {}, {id}, size {}{next}{edges}", record.status, record.spec["size"])
    };
    document.objects.iter().map(record).collect()
}
