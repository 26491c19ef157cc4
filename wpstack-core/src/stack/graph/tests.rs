//! Graphs are written as `a; b: a; c: b!`: `b` needs `a` to exist, `c` needs `b` to be ready.

use std::time::Duration;

use proptest::prelude::*;

use super::{CriticalPath, Cycle, Dag, Graph, Need, Times};

#[test]
fn order_puts_dependencies_first_and_breaks_ties_by_index() {
    check("a; b: a; c: b!; d", "order", "a b c d");
    check("a: d; b; c; d: c", "order", "b c d a");
    check("", "order", "");
}

#[test]
fn a_cycle_is_named_by_its_nodes_only() {
    check("a; b: a, b", "order", "cycle: b");
    check("a: b; b: c!; c: a", "order", "cycle: a b c");
    check("x; a: d, x; b: a; c: b; d: c; tail: a", "order", "cycle: a d c b");
    check("z: y; y: p; p: q; q: p", "order", "cycle: p q");
    let cycle = Cycle { nodes: vec![0, 2] };
    assert_eq!(cycle.to_string(), "dependency cycle: 0 -> 2 -> 0");
}

#[test]
fn levels_count_the_longest_chain_above() {
    check("a; b: a; c: b!; d", "levels", "a0 b1 c2 d0");
    check("a; b: a; c: a, b; d: c, a", "levels", "a0 b1 c2 d3");
}

#[test]
fn neighbours_and_closures() {
    let graph = "a; b: a; c: b!; d: c, a!; e";
    check(graph, "dependencies d", "a! c");
    check(graph, "dependents a", "b d!");
    check(graph, "ancestors d", "a b c");
    check(graph, "descendants b", "c d");
    check(graph, "descendants e", "");
    check(graph, "dependents_of_all a c", "b c d");
    check(graph, "dependents_of_all c e", "d");
}

#[test]
fn parallel_edges_merge_to_the_stronger_need() {
    check("a; b: a, a!", "dependencies b", "a!");
    check("a; b: a!, a", "dependents a", "b!");
    check("a; b: a, a!, a", "edges", "b-a!");
}

#[test]
fn critical_path_follows_the_slowest_chain() {
    check("", "path", "0:");
    check("a; b: a; c: b!; d", "path a=1 b=2 c=3 d=5", "6: a b c");
    check("a; b: a; c: b!; d", "path a=1 b=2 c=3 d=7", "7: d");
    check("a; b; c: a, b", "path a=1 b=1 c=1", "2: a c");
    check("a; b: a", "path", "0: a");
}

#[test]
fn an_edge_waits_for_the_time_its_need_names() {
    // A load balancer exists after 1 s and is ready after 120 s: a listener needs only its ARN.
    check("lb; listener: lb; tg", "path lb=1/120 listener=2", "120: lb");
    check("lb; listener: lb!; tg", "path lb=1/120 listener=2", "122: lb listener");
    check(
        "db; task: db!; role; service: task, role",
        "path db=2/300 task=1 service=1/60",
        "361: db task service",
    );
    // Never ready before it exists, whatever is said.
    check("a; b: a!", "path a=5/1 b=1", "6: a b");
}

#[test]
fn remaining_is_the_priority_of_a_scheduler() {
    check("a; b: a; c: b!; d", "remaining a=1 b=2 c=3 d=5", "a6 b5 c3 d5");
    check(
        "lb; listener: lb; x: lb!",
        "remaining lb=1/120 listener=200 x=3",
        "lb201 listener200 x3",
    );
}

#[test]
fn reduction_drops_what_another_path_implies() {
    check("a; b: a; c: a, b", "reduce", "b-a c-b");
    check("a; b: a!; c: a!, b", "reduce", "b-a! c-b");
    check("a; b: a!; c: a, b", "reduce", "b-a! c-b");
    check("a; b: a; c: b; d: a, b, c", "reduce", "b-a c-b d-c");
}

#[test]
fn reduction_keeps_a_ready_edge_beside_a_path_that_only_guarantees_existence() {
    check("a; b: a; c: a!, b", "reduce", "b-a c-a! c-b");
    check("a; b: a; c: a!, b!", "reduce", "b-a c-a! c-b!");
    check("a; x: a!; y: x; z: y, a!", "reduce", "x-a! y-x z-y");
}

#[test]
fn ten_thousand_nodes_do_not_overflow_the_stack() {
    let chain = (1..10_000).map(|node| (node, node - 1, Need::Ready));
    let skips = (2..10_000).map(|node| (node, node - 2, Need::Exists));
    let dag = Graph::from_edges(10_000, chain.chain(skips)).acyclic().expect("a chain");
    assert_eq!(dag.levels()[9_999], 9_999);
    assert_eq!(dag.critical_path(|_| Duration::from_secs(1)).length.as_secs(), 10_000);
    assert_eq!(dag.transitive_reduction().graph().edge_count(), 9_999);
    assert_eq!(dag.graph().descendants(0).len(), 9_999);
}

/// Asks one question of a written graph. `path` and `remaining` take times as `node=exists/ready` or `node=both`.
#[track_caller]
fn check(written: &str, question: &str, expected: &str) {
    let (names, graph) = parse(written);
    let mut words = question.split_whitespace();
    let verb = words.next().expect("a question");
    let arguments: Vec<&str> = words.collect();
    let index = |name: &str| names.iter().position(|known| known == name).expect("a known node");
    let dag = || graph.clone().acyclic().expect("no cycle");
    let named = |nodes: &[usize]| {
        nodes.iter().map(|&node| names[node].clone()).collect::<Vec<_>>().join(" ")
    };
    let linked = |links: &[super::Link]| {
        let show = |link: &super::Link| format!("{}{}", names[link.node], mark(link.need));
        links.iter().map(show).collect::<Vec<_>>().join(" ")
    };
    let edges = |graph: &Graph| {
        let show = |(from, to, need)| format!("{}-{}{}", names[from], names[to], mark(need));
        graph.edges().map(show).collect::<Vec<_>>().join(" ")
    };
    let per_node = |values: Vec<u64>| {
        let show = |(name, value)| format!("{name}{value}");
        names.iter().zip(values).map(show).collect::<Vec<_>>().join(" ")
    };
    let times = |node: usize| {
        let own = arguments.iter().filter_map(|argument| argument.split_once('='));
        own.filter(|(name, _)| *name == names[node])
            .map(|(_, times)| parse_times(times))
            .next_back()
    };
    let times = |node| times(node).unwrap_or_default();
    let answer = match verb {
        "order" => match graph.topological_order() {
            Ok(order) => named(&order),
            Err(cycle) => format!("cycle: {}", named(&cycle.nodes)),
        },
        "levels" => per_node(dag().levels().into_iter().map(|level| level as u64).collect()),
        "dependencies" => linked(graph.dependencies(index(arguments[0]))),
        "dependents" => linked(graph.dependents(index(arguments[0]))),
        "ancestors" => named(&graph.ancestors(index(arguments[0]))),
        "descendants" => named(&graph.descendants(index(arguments[0]))),
        "dependents_of_all" => {
            named(&graph.dependents_of_all(arguments.iter().map(|name| index(name))))
        }
        "edges" => edges(&graph),
        "path" => {
            let CriticalPath { nodes, length } = dag().critical_path_by(times);
            format!("{}: {}", length.as_secs(), named(&nodes)).trim_end().to_owned()
        }
        "remaining" => per_node(dag().remaining_by(times).iter().map(Duration::as_secs).collect()),
        "reduce" => edges(dag().transitive_reduction().graph()),
        other => panic!("unknown question {other}"),
    };
    assert_eq!(answer, expected, "{question} of {written}");
}

fn parse(written: &str) -> (Vec<String>, Graph) {
    let nodes: Vec<(&str, &str)> = written
        .split(';')
        .map(str::trim)
        .filter(|node| !node.is_empty())
        .map(|node| node.split_once(':').unwrap_or((node, "")))
        .collect();
    let names: Vec<String> = nodes.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut graph = Graph::new(names.len());
    for (node, (_, needs)) in nodes.iter().enumerate() {
        for need in needs.split(',').map(str::trim).filter(|need| !need.is_empty()) {
            let (name, need) =
                need.strip_suffix('!').map_or((need, Need::Exists), |name| (name, Need::Ready));
            let other = names.iter().position(|known| known == name).expect("a known node");
            graph.add_edge(node, other, need);
        }
    }
    (names, graph)
}

fn parse_times(written: &str) -> Times {
    let seconds = |text: &str| Duration::from_secs(text.parse().expect("seconds"));
    match written.split_once('/') {
        Some((exists, ready)) => Times { exists: seconds(exists), ready: seconds(ready) },
        None => Times::at_once(seconds(written)),
    }
}

fn mark(need: Need) -> &'static str {
    match need {
        Need::Exists => "",
        Need::Ready => "!",
    }
}

fn any_need() -> impl Strategy<Value = Need> {
    prop_oneof![Just(Need::Exists), Just(Need::Ready)]
}

/// Edges run from later to earlier in a random permutation, so that indexes say nothing about the order.
fn any_dag() -> impl Strategy<Value = Dag> {
    (1..12_usize)
        .prop_flat_map(|count| {
            let names = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
            let edges = prop::collection::vec((0..count, 0..count, any_need()), 0..30);
            (names, edges)
        })
        .prop_map(|(names, edges)| {
            let forward = edges.into_iter().filter(|(from, to, _)| from != to);
            let edges =
                forward.map(|(from, to, need)| (names[from.max(to)], names[from.min(to)], need));
            Graph::from_edges(names.len(), edges).acyclic().expect("edges go one way")
        })
}

fn any_times() -> impl Strategy<Value = Vec<Times>> {
    let seconds = || (0..20_u64).prop_map(Duration::from_secs);
    let times = (seconds(), seconds()).prop_map(|(exists, ready)| Times { exists, ready });
    prop::collection::vec(times, 12)
}

/// What the start of `node` guarantees of each other node, by walking every path.
fn guarantees(graph: &Graph, node: usize) -> Vec<Option<Need>> {
    fn walk(graph: &Graph, node: usize, found: &mut Vec<Option<Need>>) {
        for link in graph.dependencies(node) {
            found[link.node] = found[link.node].max(Some(link.need));
            walk(graph, link.node, found);
        }
    }
    let mut found = vec![None; graph.node_count()];
    walk(graph, node, &mut found);
    found
}

fn all_guarantees(graph: &Graph) -> Vec<Vec<Option<Need>>> {
    (0..graph.node_count()).map(|node| guarantees(graph, node)).collect()
}

/// The longest of all paths that begin at `node`, by walking every one of them.
fn longest_from(graph: &Graph, times: &[Times], node: usize) -> Duration {
    let through = graph.dependents(node).iter();
    through
        .map(|link| times[node].until(link.need) + longest_from(graph, times, link.node))
        .fold(times[node].until(Need::Ready), Ord::max)
}

proptest! {
    #[test]
    fn every_order_has_each_node_once_and_after_its_dependencies(dag in any_dag()) {
        let order = dag.order();
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        prop_assert_eq!(sorted, (0..dag.graph().node_count()).collect::<Vec<_>>());
        let place = |node| order.iter().position(|&other| other == node);
        for (dependent, dependency, _) in dag.graph().edges() {
            prop_assert!(place(dependency) < place(dependent));
        }
    }

    #[test]
    fn one_edge_back_makes_a_cycle_that_is_really_there(dag in any_dag(), pick in any::<prop::sample::Index>()) {
        let edges: Vec<_> = dag.graph().edges().collect();
        prop_assume!(!edges.is_empty());
        let (dependent, dependency, need) = edges[pick.index(edges.len())];
        let mut graph = dag.graph().clone();
        graph.add_edge(dependency, dependent, need);
        let nodes = graph.topological_order().expect_err("two nodes need each other").nodes;
        for (at, &node) in nodes.iter().enumerate() {
            let next = nodes[(at + 1) % nodes.len()];
            prop_assert!(graph.dependencies(node).iter().any(|link| link.node == next));
        }
    }

    #[test]
    fn a_level_is_one_more_than_the_highest_above(dag in any_dag()) {
        let levels = dag.levels();
        for node in 0..dag.graph().node_count() {
            let above = dag.graph().dependencies(node).iter().map(|link| levels[link.node]);
            prop_assert_eq!(levels[node], above.max().map_or(0, |highest| highest + 1));
        }
    }

    #[test]
    fn closures_agree_with_each_other_and_with_every_path(dag in any_dag()) {
        let graph = dag.graph();
        for (node, found) in all_guarantees(graph).into_iter().enumerate() {
            let walked: Vec<_> = (0..found.len()).filter(|&other| found[other].is_some()).collect();
            prop_assert_eq!(&graph.ancestors(node), &walked);
            for other in 0..found.len() {
                prop_assert_eq!(graph.descendants(other).contains(&node), walked.contains(&other));
            }
        }
    }

    #[test]
    fn the_critical_path_is_a_path_and_none_is_longer(dag in any_dag(), times in any_times()) {
        let graph = dag.graph();
        let path = dag.critical_path_by(|node| times[node]);
        let longest = (0..graph.node_count()).map(|node| longest_from(graph, &times, node)).max();
        prop_assert_eq!(Some(path.length), longest);

        let mut length = times[*path.nodes.last().expect("not empty")].until(Need::Ready);
        for pair in path.nodes.windows(2) {
            let link = graph.dependents(pair[0]).iter().find(|link| link.node == pair[1]);
            length += times[pair[0]].until(link.expect("an edge").need);
        }
        prop_assert_eq!(path.length, length);
        prop_assert!(graph.dependencies(path.nodes[0]).is_empty());
    }

    #[test]
    fn remaining_is_the_longest_path_from_each_node(dag in any_dag(), times in any_times()) {
        let remaining = dag.remaining_by(|node| times[node]);
        for (node, &time) in remaining.iter().enumerate() {
            prop_assert_eq!(time, longest_from(dag.graph(), &times, node));
        }
        let plain = dag.remaining(|node| times[node].exists);
        let whole = dag.critical_path(|node| times[node].exists);
        prop_assert_eq!(plain.into_iter().max(), Some(whole.length));
    }

    #[test]
    fn reduction_keeps_every_guarantee_and_no_spare_edge(dag in any_dag()) {
        let reduced = dag.transitive_reduction();
        let guaranteed = all_guarantees(dag.graph());
        prop_assert_eq!(&all_guarantees(reduced.graph()), &guaranteed);
        prop_assert_eq!(&reduced.transitive_reduction(), &reduced);
        for spared in reduced.graph().edges() {
            let rest = reduced.graph().edges().filter(|&edge| edge != spared);
            let without = Graph::from_edges(reduced.graph().node_count(), rest);
            prop_assert_ne!(&all_guarantees(&without), &guaranteed);
        }
    }

    #[test]
    fn more_than_one_word_of_nodes_reduces_alike(shift in 0..130_usize, dag in any_dag()) {
        let edges = |dag: &Dag, by| dag.graph().edges().map(|(a, b, need)| (a + by, b + by, need)).collect::<Vec<_>>();
        let count = dag.graph().node_count() + shift;
        let shifted = Graph::from_edges(count, edges(&dag, shift)).acyclic().expect("no cycle");
        prop_assert_eq!(edges(&shifted.transitive_reduction(), 0), edges(&dag.transitive_reduction(), shift));
    }
}
