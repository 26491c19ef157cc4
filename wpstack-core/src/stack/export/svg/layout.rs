//! Where boxes and arrows go: rows by level, few crossings, then straight lines (Sugiyama's method).
//!
//! An arrow that passes a row reserves a place in it, called a waypoint. All arrows of one kind to the same node share
//! their waypoints, so that they leave it as one trunk and branch where they part.

use std::collections::BTreeMap;

use super::place;
use crate::stack::graph::{Dag, Need};

/// Room between two boxes of a row, in pixels.
const GAP: f64 = 22.0;
/// Room that an arrow takes in a row that it passes.
const TRUNK: f64 = 12.0;
/// Room between two rows, for the arrows: at least this, more for each one that goes far to the side, up to a limit.
const ROW_GAP: f64 = 46.0;
const GAP_PER_FAR_LINE: f64 = 4.0;
const WIDEST_ROW_GAP: f64 = 96.0;
const FAR: f64 = 160.0;
/// A row with wider boxes than this is broken in two.
const WIDEST_ROW: f64 = 1240.0;

/// The size of a box.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub width: f64,
    pub height: f64,
}

/// The upper left corner of a box, or a point on the way of an arrow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub x: f64,
    pub y: f64,
}

/// An arrow, from its tip upwards in time: the tip at the dependency, then the upper and lower end of the way through
/// each row that it passes, then its tail at the dependent.
#[derive(Clone, Debug)]
pub(super) struct Arrow {
    pub dependency: usize,
    pub need: Need,
    pub points: Vec<Point>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Layout {
    pub corners: Vec<Point>,
    pub arrows: Vec<Arrow>,
    pub width: f64,
    pub height: f64,
}

/// Lays out the nodes of a graph that have these sizes. The same input gives the same layout.
pub(super) fn layout(dag: &Dag, sizes: &[Size]) -> Layout {
    if sizes.is_empty() {
        return Layout::default();
    }
    let rows = break_wide(dag, rows_of(dag, sizes), sizes);
    let (net, trunks) = net_of(dag, &rows, sizes);
    let order = place::order(&net);
    let centres = place::centres(&net, &order);
    draw(dag, sizes, &rows, &net, &trunks, &centres)
}

/// One thing that takes room in a row: a box or a waypoint. The first items are the boxes, by node.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub row: usize,
    pub width: f64,
    /// Items of the row above and of the row below that arrows join it to.
    pub above: Vec<usize>,
    pub below: Vec<usize>,
    pub is_box: bool,
}

/// The items and how many rows they fill.
#[derive(Clone, Debug, Default)]
pub(super) struct Net {
    pub items: Vec<Item>,
    pub row_count: usize,
}

impl Net {
    fn join(&mut self, upper: usize, lower: usize) {
        if !self.items[upper].below.contains(&lower) {
            self.items[upper].below.push(lower);
            self.items[lower].above.push(upper);
        }
    }

    /// The room that two neighbours in a row need between their centres.
    pub(super) fn distance(&self, left: usize, right: usize) -> f64 {
        let (left, right) = (&self.items[left], &self.items[right]);
        let gap = if left.is_box && right.is_box { GAP } else { GAP / 2.0 };
        (left.width + right.width) / 2.0 + gap
    }
}

/// Each node's row: its level, or further down if that brings it nearer to more of its neighbours. Nodes without any
/// neighbour fill the emptiest rows.
fn rows_of(dag: &Dag, sizes: &[Size]) -> Vec<usize> {
    let graph = dag.graph();
    let mut rows = dag.levels();
    for &node in dag.order().iter().rev() {
        let nearest = graph.dependents(node).iter().map(|link| rows[link.node] - 1).min();
        if let Some(nearest) = nearest
            && graph.dependents(node).len() > graph.dependencies(node).len()
        {
            rows[node] = nearest;
        }
    }
    let alone =
        |node: &usize| graph.dependents(*node).is_empty() && graph.dependencies(*node).is_empty();
    let row_count = rows.iter().max().map_or(1, |&last| last + 1);
    let mut widths = vec![0.0; row_count];
    for node in (0..rows.len()).filter(|node| !alone(node)) {
        widths[rows[node]] += sizes[node].width + GAP;
    }
    for node in (0..rows.len()).filter(alone) {
        let emptiest = (0..row_count).min_by(|&a, &b| f64::total_cmp(&widths[a], &widths[b]));
        rows[node] = emptiest.unwrap_or(0);
        widths[rows[node]] += sizes[node].width + GAP;
    }
    rows
}

/// Breaks rows that are too wide into as many as it takes. Those nobody waits for go to the lower ones.
fn break_wide(dag: &Dag, rows: Vec<usize>, sizes: &[Size]) -> Vec<usize> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (node, &row) in rows.iter().enumerate() {
        members.entry(row).or_default().push(node);
    }
    let mut broken = rows;
    let mut next = 0;
    for (_, mut nodes) in members {
        nodes.sort_by_key(|&node| dag.graph().dependents(node).is_empty());
        let width: f64 = nodes.iter().map(|&node| sizes[node].width + GAP).sum();
        let share = width / (width / WIDEST_ROW).ceil().max(1.0);
        let mut filled = 0.0;
        for &node in &nodes {
            if filled >= share {
                next += 1;
                filled = 0.0;
            }
            filled += sizes[node].width + GAP;
            broken[node] = next;
        }
        next += 1;
    }
    broken
}

/// The waypoints below a node, for the arrows of one kind, from the row below it downwards.
type Trunks = BTreeMap<(usize, Need), Vec<usize>>;

/// Boxes and waypoints, joined from row to row.
fn net_of(dag: &Dag, rows: &[usize], sizes: &[Size]) -> (Net, Trunks) {
    let item = |row, width, is_box| Item { row, width, above: vec![], below: vec![], is_box };
    let boxes = rows.iter().zip(sizes).map(|(&row, size)| item(row, size.width, true));
    let mut net =
        Net { items: boxes.collect(), row_count: rows.iter().max().map_or(0, |&last| last + 1) };
    let mut trunks = Trunks::new();
    for (dependent, dependency, need) in dag.graph().edges() {
        let trunk = trunks.entry((dependency, need)).or_default();
        let passed = rows[dependent] - rows[dependency] - 1;
        while trunk.len() < passed {
            let upper = trunk.last().copied().unwrap_or(dependency);
            let waypoint = net.items.len();
            net.items.push(item(net.items[upper].row + 1, TRUNK, false));
            net.join(upper, waypoint);
            trunk.push(waypoint);
        }
        let upper = passed.checked_sub(1).map_or(dependency, |last| trunk[last]);
        net.join(upper, dependent);
    }
    (net, trunks)
}

/// Puts rows below each other and arrows between them.
fn draw(
    dag: &Dag,
    sizes: &[Size],
    rows: &[usize],
    net: &Net,
    trunks: &Trunks,
    centres: &[f64],
) -> Layout {
    let mut heights = vec![0.0_f64; net.row_count];
    for (&row, size) in rows.iter().zip(sizes) {
        heights[row] = heights[row].max(size.height);
    }
    let gaps = gaps(net, centres);
    let mut tops = vec![0.0; net.row_count + 1];
    for row in 0..net.row_count {
        tops[row + 1] = tops[row] + heights[row] + gaps[row];
    }
    let bottom = |row: usize| tops[row] + heights[row];
    let corner = |node: usize| Point {
        x: centres[node] - sizes[node].width / 2.0,
        y: tops[rows[node]] + (heights[rows[node]] - sizes[node].height) / 2.0,
    };
    let tips = tips(dag, sizes, centres, trunks);
    let tails = tails(dag, sizes, rows, centres, trunks);
    let arrows = dag.graph().edges().map(|(dependent, dependency, need)| {
        let passed = rows[dependent] - rows[dependency] - 1;
        let low = corner(dependency).y + sizes[dependency].height;
        let mut points = vec![Point { x: tips[&(dependency, need)], y: low }];
        for &waypoint in &trunks[&(dependency, need)][..passed] {
            let row = net.items[waypoint].row;
            points.extend([tops[row], bottom(row)].map(|y| Point { x: centres[waypoint], y }));
        }
        points.push(Point { x: tails[&(dependent, dependency)], y: corner(dependent).y });
        Arrow { dependency, need, points }
    });
    Layout {
        arrows: arrows.collect(),
        corners: (0..sizes.len()).map(corner).collect(),
        width: (0..net.items.len())
            .map(|item| centres[item] + net.items[item].width / 2.0)
            .fold(0.0, f64::max),
        height: bottom(net.row_count - 1),
    }
}

/// The room below each row.
fn gaps(net: &Net, centres: &[f64]) -> Vec<f64> {
    let mut gaps = vec![ROW_GAP; net.row_count];
    for (item, upper) in net.items.iter().enumerate() {
        let far = upper.below.iter().filter(|&&lower| (centres[lower] - centres[item]).abs() > FAR);
        gaps[upper.row] += GAP_PER_FAR_LINE * far.count() as f64;
    }
    gaps.into_iter().map(|gap| gap.min(WIDEST_ROW_GAP)).collect()
}

/// Where the tip of each kind of arrow meets the lower side of its node.
fn tips(
    dag: &Dag,
    sizes: &[Size],
    centres: &[f64],
    trunks: &Trunks,
) -> BTreeMap<(usize, Need), f64> {
    let mut tips = BTreeMap::new();
    for node in 0..sizes.len() {
        let kinds = [Need::Exists, Need::Ready].map(|need| (node, need));
        let mut used: Vec<_> = kinds
            .into_iter()
            .filter(|kind| trunks.contains_key(kind))
            .map(|kind| {
                let ends = dag.graph().dependents(node).iter().filter(|link| link.need == kind.1);
                let ends: Vec<f64> = ends.map(|link| centres[link.node]).collect();
                (ends.iter().sum::<f64>() / ends.len() as f64, kind)
            })
            .collect();
        used.sort_by(|a, b| f64::total_cmp(&a.0, &b.0));
        let step = sizes[node].width / (used.len() + 1) as f64;
        for (place, (_, kind)) in used.into_iter().enumerate() {
            tips.insert(kind, centres[node] + step * (place + 1) as f64 - sizes[node].width / 2.0);
        }
    }
    tips
}

/// Where the tail of each arrow leaves the upper side of its dependent, ordered by where it goes.
fn tails(
    dag: &Dag,
    sizes: &[Size],
    rows: &[usize],
    centres: &[f64],
    trunks: &Trunks,
) -> BTreeMap<(usize, usize), f64> {
    let mut tails = BTreeMap::new();
    for node in 0..sizes.len() {
        let mut ends: Vec<(f64, usize)> = dag
            .graph()
            .dependencies(node)
            .iter()
            .map(|link| {
                let passed = rows[node] - rows[link.node] - 1;
                let trunk = &trunks[&(link.node, link.need)];
                let upper = passed.checked_sub(1).map_or(link.node, |last| trunk[last]);
                (centres[upper], link.node)
            })
            .collect();
        ends.sort_by(|a, b| f64::total_cmp(&a.0, &b.0));
        let step = (sizes[node].width / (ends.len() + 1) as f64).min(26.0);
        let middle = (ends.len() as f64 - 1.0) / 2.0;
        for (place, (_, dependency)) in ends.into_iter().enumerate() {
            let offset = (place as f64 - middle) * step;
            tails.insert((node, dependency), centres[node] + offset);
        }
    }
    tails
}
