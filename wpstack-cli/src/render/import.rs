//! What was taken over, what was not, and what to do next.

use std::fmt::Write as _;

use wpstack_core::Chain;
use wpstack_core::apply::{ImportError, Imported};
use wpstack_core::import::terraform::{Entry, Fate, ImportPlan, Taken};

use super::style::{ADD, ERROR, FAINT, PLACE, STRONG, WARNING, count, paint, plain};

/// One object that was taken.
pub(crate) fn one(imported: &Imported) -> String {
    let Imported { object, id, differs } = imported;
    let mut text = format!("{}  {}  is recorded.\n", paint(PLACE, object), plain(id));
    let fields: Vec<_> = differs.iter().map(|drift| drift.field.as_str()).collect();
    if !fields.is_empty() {
        _ = writeln!(text, "It differs in {}.", fields.join(", "));
    }
    text + "Nothing was changed at AWS: `wpstack plan` shows what an apply will do with it.\n"
}

/// The configuration that was written, and what will become of each resource.
pub(crate) fn written(plan: &ImportPlan, config: &str, file: &str) -> String {
    let mut text = fates(plan);
    if !plan.notes.is_empty() {
        _ = writeln!(text, "{}", paint(STRONG, format!("About {config}:")));
        for note in &plan.notes {
            _ = writeln!(text, "  {} {}", paint(WARNING, "*"), plain(note));
        }
        text += "\n";
    }
    let name = plan.config.name.as_str();
    _ = write!(
        text,
        "Wrote {config}. Nothing has been taken yet. Next:\n\n\
         1. Read {config}; `wpstack validate` checks it.\n\
         2. Put the password of the database, and the keys of WordPress, into secrets:\n{}\
         3. Let wpstack know them, so that it makes up no others:\n   \
            wpstack import secretsmanager.secret:database {name}-database\n   \
            wpstack import secretsmanager.secret:wordpress {name}-wordpress-keys\n\
         4. Take the rest: wpstack import --from-terraform {file}\n",
        secrets(name, file)
    );
    text
}

/// The commands that move the secrets without showing them. They read both formats.
fn secrets(name: &str, file: &str) -> String {
    let password = "[.. | objects | select(has(\"username\") and has(\"password\"))][0] | {username, password}";
    let keys = "[.. | .container_definitions? | strings | fromjson][0][0].environment | from_entries \
                | with_entries(select(.key | test(\"_(KEY|SALT)$\")))";
    let line = |secret: &str, filter: &str| {
        format!(
            "   jq -c '{filter}' {file} |\n     \
             aws secretsmanager create-secret --name {name}-{secret} --secret-string file:///dev/stdin\n"
        )
    };
    line("database", password) + &line("wordpress-keys", keys)
}

/// What came of each resource that can be taken, and what to do next.
pub(crate) fn taken(plan: &ImportPlan, taken: &[Taken], open: usize) -> String {
    let mut text = String::new();
    for Taken { address, id, outcome } in taken {
        let (place, id) = (paint(PLACE, address), plain(id));
        _ = match outcome {
            Ok(imported) => {
                let fields: Vec<_> =
                    imported.differs.iter().map(|drift| drift.field.as_str()).collect();
                let differs = if fields.is_empty() {
                    String::new()
                } else {
                    paint(FAINT, format!("  differs in {}", fields.join(", ")))
                };
                writeln!(text, "  {} {place}  {id}{differs}", paint(ADD, "+"))
            }
            Err(ImportError::Recorded { .. }) => {
                writeln!(text, "  = {place}  {id}  {}", paint(FAINT, "recorded before"))
            }
            Err(error) => {
                let (mark, why) = (paint(ERROR, "!"), plain(Chain(error)));
                writeln!(text, "  {mark} {place}  {id}\n      {why}\n      {}", error.hint())
            }
        };
    }
    let left = plan.entries.iter().filter(|entry| matches!(entry.fate, Fate::Left { .. })).count();
    let (done, left) = (count(taken.len() - open, "object"), count(left, "resource"));
    _ = writeln!(text, "\n{done} of Terraform's are in the state; {left} stay with it.");
    text + &next(plan, open)
}

fn next(plan: &ImportPlan, open: usize) -> String {
    if open > 0 {
        let open = count(open, "object");
        return format!(
            "{open} could not be taken: do what is said above and run the same command again.\n\
             Do not apply before: what is not recorded would be made anew.\n"
        );
    }
    let mut names: Vec<_> = plan.entries.iter().filter_map(managed).collect();
    names.sort_unstable();
    names.dedup();
    let names = names.iter().map(|name| format!(" \\\n     {}", quoted(name))).collect::<String>();
    format!(
        "Nothing was changed at AWS. Next:\n\n\
         1. wpstack plan: it replaces nothing that was taken.\n\
         2. Have Terraform forget what is no longer its own:\n   terraform state rm{names}\n\
         3. wpstack apply: the new instances and the new service come up beside the old ones, behind the same load \
         balancer.\n\
         4. Copy what the old instances have in /www (uploads, plugins, themes): it is on their disks.\n\
         5. When the site is well, terraform destroy: it deletes what was left to it.\n"
    )
}

/// The name as a shell reads it back, whatever is in it.
fn quoted(name: &str) -> String {
    format!("'{}'", plain(name).replace('\'', r"'\''"))
}

/// The resource as `terraform state rm` takes it, if it is ours from now on: of a rule, without what it lets through.
fn managed(entry: &Entry) -> Option<&str> {
    let is_ours = matches!(entry.fate, Fate::Taken { .. } | Fate::Part { .. });
    is_ours.then(|| entry.resource.split(" (").next().unwrap_or_default())
}

/// What becomes of each resource.
fn fates(plan: &ImportPlan) -> String {
    let mut text = String::new();
    for Entry { resource, fate } in &plan.entries {
        _ = match fate {
            Fate::Taken { address, .. } => {
                writeln!(text, "  {} {resource}  as {}", paint(ADD, "+"), paint(PLACE, address))
            }
            Fate::Part { of } => {
                writeln!(text, "  {} {resource}  as part of {}", paint(ADD, "+"), paint(PLACE, of))
            }
            Fate::Left { why } => writeln!(text, "  - {resource}  stays: {}", paint(FAINT, why)),
        };
    }
    text + "\n"
}
