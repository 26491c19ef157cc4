//! What the examples share: who they are, and a short way to show a plan and its events.
#![expect(clippy::print_stdout, reason = "examples talk to whoever runs them")]

use wpstack_core::event::{Event, What};
use wpstack_core::plan::{Order, Plan, Verb};
use wpstack_core::state::Holder;
use wpstack_core::time::Clock;

/// Who holds the lock while an example runs.
#[must_use]
pub fn holder(example: &str, clock: &dyn Clock) -> Holder {
    Holder {
        who: "an example".to_owned(),
        pid: std::process::id(),
        doing: format!("cargo run --example {example}"),
        since: clock.now(),
    }
}

/// Prints what a plan does, a line for each object.
pub fn print_plan(plan: &Plan) {
    for action in &plan.actions {
        let symbol = match action.verb {
            Verb::Create => "+",
            Verb::Update => "~",
            Verb::Replace(Order::CreateFirst) => "+/-",
            Verb::Replace(Order::DeleteFirst) => "-/+",
            Verb::Resume => ">",
            Verb::Delete => "-",
            Verb::Keep => continue,
        };
        let why: Vec<_> = action
            .changes
            .iter()
            .map(|change| format!("{} ({})", change.field, change.why))
            .collect();
        println!("{symbol:>4} {:44} {}", action.object, why.join(", "));
    }
}

/// Prints events as they happen, a line for each that matters, with the time since the first.
pub fn printer() -> impl FnMut(&Event) + Send + 'static {
    let mut began = None;
    let mut names = Vec::new();
    move |event| {
        let began = *began.get_or_insert(event.at);
        if let What::Started { steps, .. } = &event.what {
            names = steps.iter().map(|step| format!("{} {}", step.verb, step.object)).collect();
        }
        let Some((step, text)) = line(&event.what) else { return };
        let seconds = event.at.duration_since(began).as_secs();
        let name = names.get(step).map_or("", String::as_str);
        println!("{:>4}:{:02} {name:52} {text}", seconds / 60, seconds % 60);
    }
}

fn line(what: &What) -> Option<(usize, String)> {
    match what {
        What::StepExists { step, id } => Some((*step, format!("exists: {id}"))),
        What::StepWaiting { step, phase } => Some((*step, phase.clone())),
        What::StepRetrying { step, error, .. } => Some((*step, format!("again, for {error}"))),
        What::StepDone { step, .. } => Some((*step, "done".to_owned())),
        What::StepFailed { step, error, .. } => Some((*step, format!("failed: {error}"))),
        What::StepSkipped { step, .. } => Some((*step, "skipped".to_owned())),
        What::StepStopped { step } => Some((*step, "stopped".to_owned())),
        What::Started { .. }
        | What::StepStarted { .. }
        | What::Interrupted
        | What::Finished { .. } => None,
    }
}
