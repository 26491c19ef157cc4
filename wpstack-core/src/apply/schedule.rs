//! Which step may start next. Pure: no time, no tasks.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::time::Duration;

use crate::stack::graph::{Dag, Need};

/// The steps of a run, and what they still wait for.
#[derive(Debug)]
pub(super) struct Schedule<'a> {
    dag: &'a Dag,
    /// How many links each step still waits for.
    waiting: Vec<usize>,
    phase: Vec<Phase>,
    priority: Vec<Duration>,
    startable: BinaryHeap<(Duration, Reverse<usize>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Waiting,
    Running,
    Exists,
    Done,
    Failed,
    Skipped,
}

impl<'a> Schedule<'a> {
    /// A schedule in which steps with more work behind them go first.
    pub(super) fn new(dag: &'a Dag, priority: Vec<Duration>) -> Self {
        let count = dag.graph().node_count();
        let waiting: Vec<_> = (0..count).map(|step| dag.graph().dependencies(step).len()).collect();
        let mut schedule = Self {
            dag,
            phase: vec![Phase::Waiting; count],
            priority,
            startable: BinaryHeap::new(),
            waiting,
        };
        for step in 0..count {
            schedule.offer(step);
        }
        schedule
    }

    /// The most urgent step that may start; it counts as started.
    pub(super) fn start(&mut self) -> Option<usize> {
        let (_, Reverse(step)) = self.startable.pop()?;
        self.phase[step] = Phase::Running;
        Some(step)
    }

    /// The step's object exists.
    pub(super) fn exists(&mut self, step: usize) {
        debug_assert_eq!(self.phase[step], Phase::Running);
        self.phase[step] = Phase::Exists;
        self.satisfy(step, |need| need == Need::Exists);
    }

    /// The step is done.
    pub(super) fn done(&mut self, step: usize) {
        let existed = self.phase[step] == Phase::Exists;
        self.phase[step] = Phase::Done;
        self.satisfy(step, |need| need == Need::Ready || !existed);
    }

    /// The step failed. Returns the steps that are skipped for it: all that wait for it, and for those.
    pub(super) fn fail(&mut self, step: usize) -> Vec<usize> {
        let existed = self.phase[step] == Phase::Exists;
        self.phase[step] = Phase::Failed;
        let mut skipped = BTreeSet::new();
        let mut queue = vec![(step, existed)];
        while let Some((failed, exists)) = queue.pop() {
            for link in self.dag.graph().dependents(failed) {
                let unmet = link.need == Need::Ready || !exists;
                if unmet && self.phase[link.node] == Phase::Waiting {
                    self.phase[link.node] = Phase::Skipped;
                    skipped.insert(link.node);
                    queue.push((link.node, false));
                }
            }
        }
        skipped.into_iter().collect()
    }

    fn satisfy(&mut self, step: usize, met: impl Fn(Need) -> bool) {
        let dag = self.dag;
        for link in dag.graph().dependents(step) {
            if met(link.need) {
                self.waiting[link.node] -= 1;
                self.offer(link.node);
            }
        }
    }

    fn offer(&mut self, step: usize) {
        if self.waiting[step] == 0 && self.phase[step] == Phase::Waiting {
            self.startable.push((self.priority[step], Reverse(step)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::graph::Graph;

    /// Plays `moves` on the steps a, b, c, … with the given links (`!` needs ready), priority falling by name.
    /// A move is `start`, or a step with `e` (exists), `d` (done) or `f` (fails) behind it.
    #[track_caller]
    fn check(links: &str, moves: &str, expected: &str) {
        let steps: Vec<_> = links.split(';').map(str::trim).collect();
        let at = |name: char| (name as usize) - ('a' as usize);
        let mut graph = Graph::new(steps.len());
        for step in &steps {
            let (name, needs) = step.split_once(':').unwrap_or((step, ""));
            for need in needs.split_whitespace() {
                let kind = if need.ends_with('!') { Need::Ready } else { Need::Exists };
                let dependency = need.chars().next().unwrap();
                graph.add_edge(at(name.chars().next().unwrap()), at(dependency), kind);
            }
        }
        let dag = graph.acyclic().unwrap();
        let count = dag.graph().node_count();
        let priority = (0..count).map(|at| Duration::from_secs((count - at) as u64)).collect();
        let mut schedule = Schedule::new(&dag, priority);
        let name = |step: usize| char::from(b'a' + u8::try_from(step).unwrap()).to_string();
        let mut log = Vec::new();
        for what in moves.split_whitespace() {
            let mut letters = what.chars();
            let (step, how) = (letters.next().unwrap(), letters.next());
            match (what, how) {
                ("start", _) => log.push(schedule.start().map_or("-".to_owned(), name)),
                (_, Some('e')) => schedule.exists(at(step)),
                (_, Some('d')) => schedule.done(at(step)),
                (_, Some('f')) => {
                    let skipped: Vec<_> = schedule.fail(at(step)).into_iter().map(name).collect();
                    log.push(format!("skips[{}]", skipped.join("")));
                }
                _ => panic!("no such move: {what}"),
            }
        }
        assert_eq!(log.join(" "), expected);
    }

    #[test]
    fn steps_start_when_their_needs_are_met() {
        check("a; b: a; c: a!", "start start ae start start ad start", "a - b - c");
        check("a; b; c: a b", "start start start ae start be start", "a b - - c");
        check("a; b: a", "start ad start start", "a b -");
    }

    #[test]
    fn a_failure_stops_its_dependents_only() {
        check("a; b: a; c: b; d", "start start af start", "a d skips[bc] -");
        check("a; b: a; c: a!; d: c", "start ae start af", "a b skips[cd]");
    }

    #[test]
    fn the_most_urgent_goes_first() {
        check("a; b; c; d: c", "start start start start", "a b c -");
    }
}
