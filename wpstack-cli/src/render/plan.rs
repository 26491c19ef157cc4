//! A plan as text: what happens to which object, field by field, why, and what it costs.

use anstyle::Style;
use serde_json::Value;
use std::fmt::Write as _;
use wpstack_core::plan::{
    Action, Effect, FieldChange, Order, Plan, Problem, Reason, Seen, Task, Verb, Why,
};
use wpstack_core::state::Fact;
use wpstack_core::{Cost, ObjectId};

use super::diff;
use super::duration::rough;
use super::names::Names;
use super::style::{
    ADD, CHANGE, ERROR, FAINT, PLACE, REMOVE, STRONG, WARNING, count, paint, plain,
};
use super::value::{is_blank, short};

/// How wide lines that are put together here may be.
const WIDTH: usize = 100;
/// Where the fields of an object begin.
const INDENT: &str = "        ";

/// The whole plan. With `verbose` every field of a new object has its line, and objects that stay are listed.
pub(crate) fn plan(plan: &Plan, names: &Names, verbose: bool) -> String {
    let mut text = String::new();
    text += &seen(&plan.seen, names);
    let shown = |action: &&Action| verbose || action.verb != Verb::Keep;
    let actions: Vec<_> = plan.actions.iter().filter(shown).collect();
    if !actions.is_empty() {
        _ = writeln!(text, "{}\n", paint(STRONG, format!("Stack {}", plain(&plan.stack))));
        for action in actions {
            text += &entry(action, plan, names, verbose);
        }
        text += "\n";
    }
    text += &summary(plan);
    text += &problems(&plan.problems);
    text
}

/// The last line: how many of what, and how long it takes.
pub(crate) fn summary(plan: &Plan) -> String {
    let kept = plan.count(|verb| verb == Verb::Keep);
    if plan.is_empty() && plan.problems.is_empty() {
        return match kept {
            0 => "No changes: there is nothing to do.\n".to_owned(),
            _ => format!("No changes: {} as configured.\n", stand(kept)),
        };
    }
    let counts = [
        (plan.count(|verb| verb == Verb::Create), "to create"),
        (plan.count(|verb| verb == Verb::Update), "to update"),
        (plan.count(|verb| matches!(verb, Verb::Replace(_))), "to replace"),
        (plan.count(|verb| verb == Verb::Resume), "to finish"),
        (plan.count(|verb| verb == Verb::Delete), "to delete"),
        (kept, "unchanged"),
    ];
    let counts = counts.iter().filter(|(number, _)| *number > 0);
    let mut counts: Vec<_> = counts.map(|(number, what)| format!("{number} {what}")).collect();
    if !plan.problems.is_empty() {
        counts.push(format!("{} that cannot be made", count(plan.problems.len(), "change")));
    }
    let plan_label = paint(STRONG, "Plan:");
    format!("{plan_label} {}; expected time {}.\n", counts.join(", "), rough(plan.expected()))
}

fn stand(kept: usize) -> String {
    if kept == 1 { "1 resource stands".to_owned() } else { format!("{kept} resources stand") }
}

/// Everything in the plan that interrupts or loses something, for the question before it is applied.
pub(crate) fn costs(plan: &Plan) -> String {
    let mut text = String::new();
    for cost in [Cost::DataLoss, Cost::Outage] {
        let places = plan.actions.iter().filter(|action| action.cost == cost);
        let places: Vec<_> = places.map(|action| action.object.address.as_str()).collect();
        if !places.is_empty() {
            _ = writeln!(text, "{}: {}", label(cost), places.join(", "));
        }
    }
    text
}

fn problems(problems: &[Problem]) -> String {
    let line = |problem: &Problem| format!("{} {}\n", paint(ERROR, "error:"), plain(problem));
    let lines: String = problems.iter().map(line).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

/// What happened outside wpstack since the last run, where it is more than a change of fields.
fn seen(seen: &[Seen], names: &Names) -> String {
    let lines: String = seen
        .iter()
        .filter_map(|Seen { object, fact }| {
            let what = match fact {
                Fact::Gone => "is gone".to_owned(),
                Fact::Broke { reason } => format!("is broken: {}", plain(reason)),
                Fact::Settled { .. } => "has recovered".to_owned(),
                Fact::CreateIntended { .. }
                | Fact::Created { .. }
                | Fact::Imported { .. }
                | Fact::UpdateIntended { .. }
                | Fact::Updated { .. }
                | Fact::Observed { .. }
                | Fact::DeleteIntended
                | Fact::Spared => return None,
            };
            Some(format!("  {}  {what}\n", place(object, names.id(object))))
        })
        .collect();
    if lines.is_empty() { lines } else { format!("Seen at AWS since the last run:\n\n{lines}\n") }
}

fn entry(action: &Action, plan: &Plan, names: &Names, verbose: bool) -> String {
    let mut text = format!("{} {}", symbol(action.verb), place(&action.object, id(action, names)));
    let mut notes: Vec<String> = Vec::new();
    match action.verb {
        Verb::Replace(Order::CreateFirst) => notes.push("replaced, the new one first".to_owned()),
        Verb::Replace(Order::DeleteFirst) => notes.push("replaced, the old one first".to_owned()),
        Verb::Resume => notes.push("brought to its end".to_owned()),
        Verb::Create | Verb::Update | Verb::Delete | Verb::Keep => {}
    }
    let told =
        |reason: &&Reason| !matches!(reason, Reason::New | Reason::Changed | Reason::Rescue(_));
    notes.extend(action.reasons.iter().filter(told).map(plain));
    if !notes.is_empty() {
        _ = write!(text, "  {}", paint(FAINT, notes.join("; ")));
    }
    if action.cost > Cost::NoInterruption {
        _ = write!(text, "  {}", label(action.cost));
    }
    text += "\n";
    for reason in &action.reasons {
        if let Reason::Rescue(advice) = reason {
            text += &wrapped(advice);
        }
    }
    if let Some(spec) = new_spec(action, plan) {
        text += &fields(&names.fields(&action.object, spec), verbose);
    }
    text + &action.changes.iter().map(change).collect::<String>()
}

/// The symbol of the verb, right-aligned in three columns.
fn symbol(verb: Verb) -> String {
    let (style, symbol) = match verb {
        Verb::Create => (ADD, "  +"),
        Verb::Update => (CHANGE, "  ~"),
        Verb::Replace(Order::DeleteFirst) => (REMOVE, "-/+"),
        Verb::Replace(Order::CreateFirst) => (REMOVE, "+/-"),
        Verb::Resume => (CHANGE, "  >"),
        Verb::Delete => (REMOVE, "  -"),
        Verb::Keep => (Style::new(), "  ="),
    };
    format!(" {}", paint(style, symbol))
}

fn place(object: &ObjectId, id: Option<&str>) -> String {
    let address = paint(PLACE, &object.address);
    match id {
        Some(id) => format!("{address}  {id}"),
        None => address,
    }
}

/// What AWS calls the object that stands there: of a replacement, the one that goes.
fn id<'n>(action: &Action, names: &'n Names) -> Option<&'n str> {
    match action.verb {
        Verb::Replace(_) => {
            let ObjectId { address, generation } = &action.object;
            names.id(&ObjectId::new(address.clone(), generation.saturating_sub(1)))
        }
        Verb::Create | Verb::Update | Verb::Resume | Verb::Delete | Verb::Keep => {
            names.id(&action.object)
        }
    }
}

/// The spec of an object that comes to a place where none stands.
fn new_spec<'p>(action: &Action, plan: &'p Plan) -> Option<&'p Value> {
    if action.verb != Verb::Create {
        return None;
    }
    plan.steps.iter().find_map(|step| match &step.task {
        Task::Create { spec, .. } if step.object == action.object => Some(spec),
        Task::Create { .. } | Task::Update { .. } | Task::Resume { .. } | Task::Delete => None,
    })
}

fn fields(fields: &[(&str, &Value)], verbose: bool) -> String {
    if verbose {
        let line = |(name, value): &(&str, &Value)| {
            format!("{INDENT}{} {}\n", paint(FAINT, plain(name)), super::value::inline(value))
        };
        return fields.iter().map(line).collect();
    }
    let told = fields.iter().filter(|(_, value)| !is_blank(value));
    flow(told.map(|(name, value)| (plain(name), short(value, 48))))
}

/// Fields one after the other, in as many lines as they need.
fn flow(fields: impl Iterator<Item = (String, String)>) -> String {
    let (mut text, mut column) = (String::new(), WIDTH);
    for (name, value) in fields {
        let width = name.chars().count() + value.chars().count() + 1;
        if column + 2 + width > WIDTH {
            text += if text.is_empty() { "" } else { "\n" };
            text += INDENT;
            column = INDENT.len();
        } else {
            text += "  ";
            column += 2;
        }
        _ = write!(text, "{} {value}", paint(FAINT, name));
        column += width;
    }
    if text.is_empty() { text } else { text + "\n" }
}

/// A sentence, in as many lines as it needs.
fn wrapped(sentence: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split(' ') {
        match lines.last_mut() {
            Some(line)
                if INDENT.len() + line.chars().count() + 1 + word.chars().count() <= WIDTH =>
            {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| format!("{INDENT}{line}\n")).collect()
}

fn change(change: &FieldChange) -> String {
    let notes = notes(change);
    let mut lines = diff::member(&change.field, &change.old, &change.new).into_iter();
    let first = lines.next().map(|line| {
        // Where the reference stays and what it resolves to moves, old and new are the same.
        let text = if change.old == change.new { plain(&change.field) } else { line.text };
        format!("{INDENT}{} {text}{notes}\n", line.mark.symbol())
    });
    let rest = lines.filter(|_| change.old != change.new).map(|line| {
        format!("{INDENT}{}{} {}\n", "  ".repeat(line.depth), line.mark.symbol(), line.text)
    });
    first.into_iter().chain(rest).collect()
}

fn notes(change: &FieldChange) -> String {
    let mut notes = Vec::new();
    match &change.why {
        Why::Configured => {}
        Why::Imported if change.field == "tags" => {
            notes.push("imported: marked as this stack's".to_owned());
        }
        Why::Imported => notes.push(plain(&change.why)),
        Why::Outside | Why::Interrupted | Why::Replaced(_) | Why::Follows(_) => {
            notes.push(plain(&change.why));
        }
    }
    match change.effect {
        Effect::Update => {}
        Effect::Replace => notes.push("forces the replacement".to_owned()),
        Effect::Order => notes.push("orders the work only".to_owned()),
    }
    let mut text = String::new();
    if !notes.is_empty() {
        _ = write!(text, "  {}", paint(FAINT, format!("({})", notes.join(", "))));
    }
    if change.cost > Cost::NoInterruption {
        _ = write!(text, "  {}", label(change.cost));
    }
    text
}

/// A cost, the louder the worse it is.
fn label(cost: Cost) -> String {
    match cost {
        Cost::NoInterruption | Cost::Restart => cost.to_string(),
        Cost::Outage => paint(WARNING, "OUTAGE"),
        Cost::DataLoss => paint(ERROR, "DATA LOSS"),
    }
}

/// What a saved plan is, before it is shown or applied.
pub(crate) fn saved(plan: &Plan, path: &str) -> String {
    let steps = count(plan.steps.len(), "step");
    format!(
        "The plan is in {path} ({steps}). `wpstack apply {path}` does it, as long as the state stays as it is.\n"
    )
}

#[cfg(test)]
mod tests;
