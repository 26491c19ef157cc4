//! What is recorded, for people.

use std::fmt::Write as _;
use wpstack_core::ObjectId;
use wpstack_core::state::{Document, Record};

use super::names::Names;
use super::style::{FAINT, PLACE, STRONG, count, paint, plain};
use super::value::inline;

/// One line for each object: address, status, AWS's name for it.
pub(crate) fn list(document: &Document, names: &Names) -> String {
    let rows: Vec<_> = document
        .objects
        .iter()
        .map(|(object, record)| {
            (object.to_string(), record.status, names.id(object).unwrap_or("-"))
        })
        .collect();
    let width = rows.iter().map(|(object, ..)| object.chars().count()).max().unwrap_or(0);
    let line = |(object, status, id): &(String, _, &str)| {
        format!("{}  {status:<8}  {id}\n", paint(PLACE, format!("{object:<width$}")))
    };
    rows.iter().map(line).collect()
}

/// The whole state: what it is, every object, the outputs.
pub(crate) fn document(document: &Document, names: &Names) -> String {
    let objects = count(document.objects.len(), "object");
    let title = paint(STRONG, format!("Stack {}", plain(&document.stack)));
    let mut text = format!("{title}, {objects}, serial {}\n", document.serial);
    if !document.objects.is_empty() {
        text += "\n";
        text += &list(document, names);
    }
    text + &super::summary::outputs(&document.outputs)
}

/// Everything recorded of one object.
pub(crate) fn record(object: &ObjectId, record: &Record, names: &Names) -> String {
    let id = names.id(object).map(|id| format!("  {id}")).unwrap_or_default();
    let mut text = format!("{}{id}\n", paint(PLACE, object));
    _ = writeln!(text, "  {} {}", paint(FAINT, "status"), record.status);
    if let Some(reason) = &record.reason {
        _ = writeln!(text, "  {} {}", paint(FAINT, "reason"), plain(reason));
    }
    text += &section("spec", &names.fields(object, &record.spec));
    let state = record.state.as_ref().map(|state| names.fields(object, state)).unwrap_or_default();
    text + &section("state", &state)
}

fn section(title: &str, fields: &[(&str, &serde_json::Value)]) -> String {
    if fields.is_empty() {
        return String::new();
    }
    let line = |(name, value): &(&str, &serde_json::Value)| {
        format!("    {} {}\n", paint(FAINT, plain(name)), inline(value))
    };
    format!("  {title}\n{}", fields.iter().map(line).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use wpstack_core::state::Fact;

    fn stack() -> Document {
        let mut document = Document::new("blog", "lineage");
        let vpc: ObjectId = "ec2.vpc:main".parse().unwrap();
        let subnet: ObjectId = "ec2.subnet:a".parse().unwrap();
        let intended = |spec| Fact::CreateIntended { schema: 1, spec, edges: Vec::new() };
        document.learn(&vpc, &intended(json!({"tags": {}, "cidr": "10.0.0.0/16"}))).unwrap();
        document.learn(&vpc, &Fact::Created { state: json!({"id": "vpc-1"}) }).unwrap();
        document.learn(&subnet, &intended(json!({"vpc": {"$ref": "ec2.vpc:main"}}))).unwrap();
        document.outputs.insert("db_endpoint".to_owned(), "db:3306".to_owned());
        document
    }

    #[test]
    fn state_reads_as_a_list() {
        let (stack, plain) =
            (stack(), |text: String| anstream::adapter::strip_str(&text).to_string());
        insta::assert_snapshot!(plain(document(&stack, &Names::of(&stack))));
    }

    #[test]
    fn an_object_is_shown_with_its_fields_in_their_order() {
        let stack = stack();
        let (object, it) = stack.current(&"ec2.vpc:main".parse().unwrap()).unwrap();
        let shown = record(object, it, &Names::of(&stack));
        insta::assert_snapshot!(anstream::adapter::strip_str(&shown));
    }
}
