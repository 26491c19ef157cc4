//! Faults by script: which calls go wrong, and how.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::bucket::throttled;
use super::call::Call;
use super::world::Refusal;
use crate::address::{Address, ObjectId};
use crate::rate::figures::is_read;
use crate::value::Seconds;

/// The faults of a script that are still to come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Faults(Vec<Fault>);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Fault {
    /// The line it was written as.
    text: String,
    calls: Calls,
    /// From which of these calls on, counted from 1.
    from: u32,
    /// How often it still strikes.
    left: u32,
    effect: Effect,
    /// How many of these calls have come.
    seen: u32,
    /// After `#N`, only repeats for the object of the N-th call count.
    object: Option<ObjectId>,
    /// Whether `#N` was written.
    counted: bool,
}

/// Which calls a fault is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Calls {
    /// Those of an operation, or of all that begin so.
    Operation { name: String, prefix: bool },
    /// Those for an object.
    Object { verb: Verb, address: Address },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Verb {
    Create,
    Read,
    Update,
    Delete,
    Call,
}

/// How a call goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Effect {
    /// It is refused and has no effect.
    Refuse(Refusal),
    /// It is refused with the service's own throttling error.
    Throttle,
    /// It has its effect, and the answer is lost.
    Lose,
    /// It has its effect, and the answer takes so much longer.
    Delay(Duration),
}

/// A line of a script that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line} of the fault script, `{text}`: {problem}")]
pub struct ScriptError {
    /// The line's number, from 1.
    pub line: usize,
    /// What it says.
    pub text: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Faults {
    /// Adds the faults of a script.
    ///
    /// # Errors
    /// The first line that cannot be read; nothing is added then.
    pub(super) fn add(&mut self, script: &str) -> Result<(), ScriptError> {
        let lines = script.lines().map(str::trim).enumerate();
        let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let faults: Result<Vec<_>, _> = lines
            .map(|(at, text)| {
                parse(text).map_err(|problem| ScriptError {
                    line: at + 1,
                    text: text.to_owned(),
                    problem,
                })
            })
            .collect();
        self.0.extend(faults?);
        Ok(())
    }

    /// What goes wrong with this call.
    pub(super) fn strike(&mut self, call: &Call) -> Option<Effect> {
        let mut struck = None;
        for fault in &mut self.0 {
            if fault.takes(call) && struck.is_none() {
                fault.left -= 1;
                struck = Some(match &fault.effect {
                    Effect::Throttle => Effect::Refuse(throttled(call.service)),
                    effect => effect.clone(),
                });
            }
        }
        self.0.retain(|fault| fault.left > 0);
        struck
    }

    /// The lines whose faults have not all struck.
    pub(super) fn left(&self) -> Vec<String> {
        self.0.iter().map(|fault| fault.text.clone()).collect()
    }
}

impl Fault {
    /// Counts the call, if the fault is about it, and says whether it is to strike.
    fn takes(&mut self, call: &Call) -> bool {
        if !self.calls.include(call) {
            return false;
        }
        self.seen += 1;
        if self.seen < self.from {
            return false;
        }
        if self.seen == self.from && self.counted {
            self.object = call.about.first().filter(|_| call.about.len() == 1).cloned();
        }
        self.object.as_ref().is_none_or(|object| call.about.contains(object))
    }
}

impl Calls {
    fn include(&self, call: &Call) -> bool {
        match self {
            Self::Operation { name, prefix: true } => call.operation.starts_with(name.as_str()),
            Self::Operation { name, prefix: false } => call.operation == name,
            Self::Object { verb, address } => {
                (*verb == Verb::Call || *verb == Verb::of(call.operation))
                    && call.about.iter().any(|object| object.address == *address)
            }
        }
    }
}

impl Verb {
    /// What an operation does, by the first word of its name.
    fn of(operation: &str) -> Self {
        let begins = |words: &[&str]| words.iter().any(|word| operation.starts_with(word));
        if is_read(operation) {
            Self::Read
        } else if begins(&["CreateTags"]) {
            Self::Update
        } else if begins(&["Create", "Run", "Register", "Authorize", "Allocate"]) {
            Self::Create
        } else if begins(&["Delete", "Revoke", "Deregister", "Terminate", "Release"]) {
            Self::Delete
        } else {
            Self::Update
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refuse(refusal) => f.write_str(&refusal.code),
            Self::Throttle => f.write_str("throttle"),
            Self::Lose => f.write_str("lost"),
            Self::Delay(pause) => write!(f, "delay {}s", pause.as_secs()),
        }
    }
}

fn parse(text: &str) -> Result<Fault, String> {
    let (calls, effect) =
        text.split_once(": ").ok_or("write CALLS: EFFECT, as in `CreateSubnet #3: throttle x2`")?;
    let (calls, from) = match calls.trim().rsplit_once(" #") {
        Some((calls, number)) => (calls, Some(count(number)?)),
        None => (calls, None),
    };
    let (effect, left) = match effect.trim().rsplit_once(" x") {
        Some((effect, times)) if times.bytes().all(|digit| digit.is_ascii_digit()) => {
            (effect, count(times)?)
        }
        _ => (effect, 1),
    };
    Ok(Fault {
        text: text.to_owned(),
        calls: parse_calls(calls.trim())?,
        from: from.unwrap_or(1),
        left,
        effect: parse_effect(effect.trim())?,
        seen: 0,
        object: None,
        counted: from.is_some(),
    })
}

fn count(text: &str) -> Result<u32, String> {
    let number = text.trim().parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("`{text}` is no number from 1 on"))
}

fn parse_calls(text: &str) -> Result<Calls, String> {
    if let Some((verb, address)) = text.split_once(' ') {
        let verb = match verb {
            "create" => Verb::Create,
            "read" => Verb::Read,
            "update" => Verb::Update,
            "delete" => Verb::Delete,
            "call" => Verb::Call,
            _ => return Err(format!("`{verb}` is none of create, read, update, delete, call")),
        };
        let address = address.trim().parse().map_err(|error| format!("{error}"))?;
        return Ok(Calls::Object { verb, address });
    }
    let (name, prefix) = match text.strip_suffix('*') {
        Some(name) => (name, true),
        None => (text, false),
    };
    let is_operation = name.bytes().all(|letter| letter.is_ascii_alphanumeric())
        && name.starts_with(|letter: char| letter.is_ascii_uppercase());
    if !is_operation {
        return Err(format!(
            "`{text}` is no operation, as `CreateVpc`, nor a verb and an address, as `create ec2.vpc:main`"
        ));
    }
    Ok(Calls::Operation { name: name.to_owned(), prefix })
}

fn parse_effect(text: &str) -> Result<Effect, String> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim();
    match word {
        "throttle" if rest.is_empty() => Ok(Effect::Throttle),
        "lost" if rest.is_empty() => Ok(Effect::Lose),
        "delay" => {
            let pause: Seconds = rest.parse().map_err(|error| format!("{error}"))?;
            Ok(Effect::Delay(Duration::from_secs(pause.0.into())))
        }
        _ if word.starts_with(|letter: char| letter.is_ascii_uppercase()) => {
            let quoted = rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            match (rest, quoted) {
                ("", _) => Ok(Effect::Refuse(Refusal::new(word, "by the fault script"))),
                (_, Some(message)) => Ok(Effect::Refuse(Refusal::new(word, message))),
                (_, None) => Err(format!("put the message after `{word}` into quotes")),
            }
        }
        _ => Err(format!(
            "`{text}` is none of throttle, lost, delay 30s, or an error code of AWS, as `DependencyViolation`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(text: &str) -> Call {
        let (operation, object) = text.split_once(' ').unwrap();
        let about = vec![object.parse().unwrap()];
        Call { service: "ec2", operation: Box::leak(operation.to_owned().into_boxed_str()), about }
    }

    /// Plays `calls` against a script; `.` stands for a call that goes well.
    #[track_caller]
    fn check(script: &str, calls: &str, expected: &str) {
        let mut faults = Faults::default();
        faults.add(script).unwrap();
        let struck = calls.split(", ").map(|text| match faults.strike(&call(text)) {
            Some(effect) => effect.to_string(),
            None => ".".to_owned(),
        });
        assert_eq!(struck.collect::<Vec<_>>().join(" "), expected);
    }

    #[test]
    fn faults_strike_the_calls_they_name() {
        let creates = "CreateSubnet ec2.subnet:a, CreateSubnet ec2.subnet:b, \
                       CreateSubnet ec2.subnet:a, CreateSubnet ec2.subnet:b";
        let limit = "RequestLimitExceeded";
        check("CreateSubnet: throttle", creates, &format!("{limit} . . ."));
        check("CreateSubnet: throttle x2", creates, &format!("{limit} {limit} . ."));
        check("CreateSubnet #2: throttle x2", creates, &format!(". {limit} . {limit}"));
        check("create ec2.subnet:b: lost x9", creates, ". lost . lost");
        check("delete ec2.subnet:b: lost", creates, ". . . .");
        check(
            "Create*: delay 30s\n\n# then\ncall ec2.subnet:a: lost",
            creates,
            "delay 30s . lost .",
        );
        check("CreateSubnet: A\nCreateSubnet #2: B", creates, "A B . .");
    }

    #[test]
    fn verbs_follow_the_names_of_operations() {
        let check = |operation, verb| assert_eq!(Verb::of(operation), verb, "{operation}");
        check("CreateVpc", Verb::Create);
        check("CreateTags", Verb::Update);
        check("AuthorizeSecurityGroupIngress", Verb::Create);
        check("RevokeSecurityGroupEgress", Verb::Delete);
        check("ModifyVpcAttribute", Verb::Update);
        check("GetRole", Verb::Read);
        check("DeregisterTaskDefinition", Verb::Delete);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_named() {
        let check = |script: &str, expected: &str| {
            let error = Faults::default().add(script).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check(
            "CreateVpc: throttle\nCreateVpc lost",
            "line 2 of the fault script, `CreateVpc lost`: \
             write CALLS: EFFECT, as in `CreateSubnet #3: throttle x2`",
        );
        check(
            "make ec2.vpc:main: lost",
            "line 1 of the fault script, `make ec2.vpc:main: lost`: \
             `make` is none of create, read, update, delete, call",
        );
        check(
            "CreateVpc #0: lost",
            "line 1 of the fault script, `CreateVpc #0: lost`: `0` is no number from 1 on",
        );
        check(
            "CreateVpc: explode",
            "line 1 of the fault script, `CreateVpc: explode`: `explode` is none of throttle, lost, \
             delay 30s, or an error code of AWS, as `DependencyViolation`",
        );
    }

    #[test]
    fn a_code_may_bring_its_message() {
        let fault =
            parse("CreateService: InvalidParameterException \"Unable to assume\" x2").unwrap();
        assert_eq!(fault.left, 2);
        let refusal = Refusal::new("InvalidParameterException", "Unable to assume");
        assert_eq!(fault.effect, Effect::Refuse(refusal));
    }
}
