//! Stacks in one line: `a; slow b: a; data c: b! =a ~b size=3 place=2 lock=1 apart`.
//!
//! A name refers to a thing that has to exist, with `!` to one that has to be ready, with `=` to one that cannot be
//! exchanged in place, with `~` to one that only comes earlier.

use std::collections::BTreeMap;
use std::fmt;

use wpstack_core::Stack;

use super::kinds::{Any, Data, Node, Slow, Tide};

/// How one thing refers to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Link {
    Exists,
    Ready,
    Bound,
    After,
}

/// One resource of a stack.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) links: Vec<(Link, String)>,
    pub(crate) size: u32,
    pub(crate) place: u32,
    pub(crate) lock: u32,
    pub(crate) apart: bool,
}

impl Item {
    pub(crate) fn new(kind: &str, name: &str) -> Self {
        let (kind, name) = (kind.to_owned(), name.to_owned());
        Self { kind, name, links: Vec::new(), size: 1, place: 1, lock: 1, apart: false }
    }
}

/// As it is written.
impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, links, size, place, lock, apart } = self;
        write!(f, "{kind} {name}: ")?;
        for (link, name) in links {
            match link {
                Link::Exists => write!(f, "{name} ")?,
                Link::Ready => write!(f, "{name}! ")?,
                Link::Bound => write!(f, "={name} ")?,
                Link::After => write!(f, "~{name} ")?,
            }
        }
        write!(f, "size={size} place={place} lock={lock}{};", if *apart { " apart" } else { "" })
    }
}

pub(crate) fn parse(text: &str) -> Vec<Item> {
    text.split(';').map(str::trim).filter(|text| !text.is_empty()).map(item).collect()
}

fn item(text: &str) -> Item {
    let mut words = text.split_whitespace().peekable();
    let kind = words.next_if(|word| ["node", "slow", "data", "tide"].contains(word));
    let name = words.next().expect("a thing has a name").trim_end_matches(':');
    let mut item = Item::new(kind.unwrap_or("node"), name);
    for word in words {
        let number = |value: &str| value.parse().expect("a number");
        match word.split_once('=') {
            Some(("", name)) => item.links.push((Link::Bound, name.to_owned())),
            Some(("size", value)) => item.size = number(value),
            Some(("place", value)) => item.place = number(value),
            Some(("lock", value)) => item.lock = number(value),
            Some((other, _)) => panic!("no such field: {other}"),
            None if word == "apart" => item.apart = true,
            None => item.links.push(match (word.strip_suffix('!'), word.strip_prefix('~')) {
                (Some(name), _) => (Link::Ready, name.to_owned()),
                (_, Some(name)) => (Link::After, name.to_owned()),
                (None, None) => (Link::Exists, word.to_owned()),
            }),
        }
    }
    item
}

pub(crate) fn build(items: &[Item]) -> Stack {
    let mut stack = Stack::new("toys".parse().unwrap());
    let mut made: BTreeMap<&str, Any> = BTreeMap::new();
    for item in items {
        let any = add(&mut stack, item, &made);
        made.insert(&item.name, any);
    }
    stack
}

fn add(stack: &mut Stack, item: &Item, made: &BTreeMap<&str, Any>) -> Any {
    let linked = |kind: Link| -> Vec<Any> {
        let names = item.links.iter().filter(|(link, _)| *link == kind);
        names.map(|(_, name)| made[name.as_str()].clone()).collect()
    };
    macro_rules! spec {
        ($kind:ident) => {
            $kind {
                needs: linked(Link::Exists),
                waits: linked(Link::Ready).iter().map(Any::ready).collect(),
                bound: linked(Link::Bound),
                after: linked(Link::After),
                size: item.size,
                place: item.place,
                lock: item.lock,
                apart: item.apart,
            }
        };
    }
    match item.kind.as_str() {
        "node" => Any::Node(stack.add(&item.name, spec!(Node)).unwrap()),
        "slow" => Any::Slow(stack.add(&item.name, spec!(Slow)).unwrap()),
        "data" => Any::Data(stack.add(&item.name, spec!(Data)).unwrap()),
        "tide" => Any::Tide(stack.add(&item.name, spec!(Tide)).unwrap()),
        other => panic!("no such type: {other}"),
    }
}
