//! The rules of the system's security groups. Terraform does not know their ids: they are told by what they let through.

use std::collections::BTreeMap;

use super::attributes::Attributes;
use super::file::shown;
use super::plan::{Entry, Fate};
use super::system::System;
use crate::address::Address;
use crate::registry::revive;
use crate::resource::ec2::{Direction, Peer, SecurityGroupRule};
use crate::stack::Stack;

/// What a rule lets through, in words that are the same for the stack's and for Terraform's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Meaning {
    /// `sg-…`
    group: String,
    inward: bool,
    /// A block of addresses, or `sg-…`.
    peer: String,
    /// As [`crate::value::Traffic`] is written.
    traffic: String,
}

/// A rule as Terraform has it, and what to call it.
struct Rule {
    name: String,
    meaning: Meaning,
}

/// What becomes of each rule. One that is just like one of the stack's is taken by the id of its group, which is how an
/// import of rules finds it.
pub(super) fn entries(
    system: &System<'_>,
    stack: &Stack,
    groups: &[(Address, String)],
) -> Vec<Entry> {
    let wanted = wanted(stack, groups);
    let mut taken: Vec<&Meaning> = Vec::new();
    let rules = rules(system, groups);
    let mut entries = Vec::new();
    for Rule { name, meaning } in &rules {
        let fate = match wanted.get(meaning) {
            Some(address) if taken.contains(&meaning) => Fate::Part { of: address.clone() },
            Some(address) => {
                taken.push(meaning);
                Fate::Taken { address: address.clone(), id: meaning.group.clone() }
            }
            None => Fate::Left {
                why: "the stack has no such rule: it stays in its group until Terraform deletes it, or you do"
                    .to_owned(),
            },
        };
        entries.push(Entry { resource: name.clone(), fate });
    }
    entries
}

/// The stack's rules between groups that are taken.
fn wanted(stack: &Stack, groups: &[(Address, String)]) -> BTreeMap<Meaning, Address> {
    let id = |address: &Address| {
        groups.iter().find(|(group, _)| group == address).map(|(_, id)| id.clone())
    };
    let rules = stack.nodes().iter().filter_map(|node| {
        let rule: SecurityGroupRule = revive(&node.spec).ok()?;
        let peer = match &rule.peer {
            Peer::Cidr(cidr) => cidr.to_string(),
            Peer::Group(group) => id(group.address())?,
        };
        let (group, traffic) = (id(rule.group.address())?, rule.traffic.to_string());
        let inward = rule.direction == Direction::Ingress;
        Some((Meaning { group, inward, peer, traffic }, node.address.clone()))
    });
    rules.collect()
}

fn rules(system: &System<'_>, groups: &[(Address, String)]) -> Vec<Rule> {
    let is_ours = |id: &str| groups.iter().any(|(_, group)| group == id);
    let mut found = Vec::new();
    for group in system.all("aws_security_group").filter(|group| is_ours(&group.id())) {
        for (block, inward) in [("ingress", true), ("egress", false)] {
            for rule in group.attributes().blocks(block) {
                let id = group.id();
                meanings(rule, &id, inward, &group.name, &mut found);
            }
        }
    }
    for rule in system.all("aws_security_group_rule") {
        let attributes = rule.attributes();
        let group = attributes.text("security_group_id").unwrap_or_default();
        if is_ours(&group) {
            let inward = attributes.text("type").as_deref() == Some("ingress");
            meanings(attributes, &group, inward, &rule.name, &mut found);
        }
    }
    found
}

/// Terraform writes several peers into one block; EC2 makes a rule of each.
fn meanings(rule: Attributes<'_>, group: &str, inward: bool, name: &str, into: &mut Vec<Rule>) {
    let mut peers = rule.texts("cidr_blocks");
    peers.extend(rule.texts("ipv6_cidr_blocks"));
    peers.extend(rule.texts("security_groups"));
    peers.extend(rule.text("source_security_group_id"));
    if rule.truth("self") == Some(true) {
        peers.push(group.to_owned());
    }
    let traffic = traffic(rule);
    for peer in peers {
        let way = if inward { "in from" } else { "out to" };
        let name = format!("{name} ({} {way} {})", shown(&traffic), shown(&peer));
        let (group, traffic) = (group.to_owned(), traffic.clone());
        into.push(Rule { name, meaning: Meaning { group, inward, peer, traffic } });
    }
}

fn traffic(rule: Attributes<'_>) -> String {
    let protocol = rule.text("protocol").unwrap_or_default();
    match (protocol.as_str(), rule.number("from_port"), rule.number("to_port")) {
        ("-1" | "all", ..) => "all".to_owned(),
        (_, Some(first), Some(last)) if first == last => format!("{protocol} {last}"),
        (_, Some(first), Some(last)) => format!("{protocol} {first}-{last}"),
        _ => protocol,
    }
}
