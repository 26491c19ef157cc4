//! The order of items within their rows, and their places from left to right.

use super::layout::Net;

/// Sweeps over all rows in search of an order with few crossings. It rarely improves after a dozen.
const SWEEPS: usize = 24;
/// Sweeps over all rows in search of straight lines.
const STRAIGHTENING: usize = 240;
/// Above so many items, swapping neighbours one by one is not worth its time.
const MANY: usize = 4_000;

/// The items of each row from left to right: the order with the fewest crossings that was seen.
pub(super) fn order(net: &Net) -> Vec<Vec<usize>> {
    let mut rows = vec![Vec::new(); net.row_count];
    for (item, at) in net.items.iter().enumerate() {
        rows[at.row].push(item);
    }
    let mut best = rows.clone();
    let mut fewest = crossings(net, &rows);
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        let mut places = places(net, &rows);
        for step in 0..rows.len() {
            let row = if down { step } else { rows.len() - 1 - step };
            sort_by_neighbours(net, &mut rows[row], &mut places, down);
        }
        swap_neighbours(net, &mut rows);
        let now = crossings(net, &rows);
        if now < fewest {
            fewest = now;
            best.clone_from(&rows);
        }
    }
    best
}

/// The place of each item in its row.
fn places(net: &Net, rows: &[Vec<usize>]) -> Vec<f64> {
    let mut places = vec![0.0; net.items.len()];
    for row in rows {
        for (place, &item) in row.iter().enumerate() {
            places[item] = place as f64;
        }
    }
    places
}

/// Sorts a row by the mean place of what each item is joined to in the row before.
fn sort_by_neighbours(net: &Net, row: &mut [usize], places: &mut [f64], down: bool) {
    let mean = |item: usize| {
        let item_ends = &net.items[item];
        let ends = if down { &item_ends.above } else { &item_ends.below };
        match ends.len() {
            0 => places[item],
            count => ends.iter().map(|&end| places[end]).sum::<f64>() / count as f64,
        }
    };
    let means: Vec<(f64, usize)> = row.iter().map(|&item| (mean(item), item)).collect();
    let mut sorted = means;
    sorted.sort_by(|a, b| f64::total_cmp(&a.0, &b.0));
    for (place, (_, item)) in sorted.into_iter().enumerate() {
        row[place] = item;
        places[item] = place as f64;
    }
}

/// Swaps neighbours for as long as that saves crossings.
fn swap_neighbours(net: &Net, rows: &mut [Vec<usize>]) {
    if net.items.len() > MANY {
        return;
    }
    let mut places = places(net, rows);
    for _ in 0..8 {
        let mut improved = false;
        for row in rows.iter_mut() {
            for left in 0..row.len().saturating_sub(1) {
                let (a, b) = (row[left], row[left + 1]);
                if crossed(net, &places, b, a) < crossed(net, &places, a, b) {
                    row.swap(left, left + 1);
                    (places[a], places[b]) = (places[b], places[a]);
                    improved = true;
                }
            }
        }
        if !improved {
            return;
        }
    }
}

/// How many crossings there are between the lines of two neighbours if `left` stands left of `right`.
fn crossed(net: &Net, places: &[f64], left: usize, right: usize) -> usize {
    let (left, right) = (&net.items[left], &net.items[right]);
    let count = |left: &[usize], right: &[usize]| {
        let before = |a: usize| right.iter().filter(|&&b| places[b] < places[a]).count();
        left.iter().map(|&a| before(a)).sum::<usize>()
    };
    count(&left.above, &right.above) + count(&left.below, &right.below)
}

/// How many pairs of lines cross, over all rows.
fn crossings(net: &Net, rows: &[Vec<usize>]) -> usize {
    let places = places(net, rows);
    rows.iter().map(|row| crossings_below(net, row, &places)).sum()
}

/// Counts, line by line from left to right, the earlier ones that end further right, with a Fenwick tree over the ends.
fn crossings_below(net: &Net, row: &[usize], places: &[f64]) -> usize {
    let mut seen = vec![0_usize; net.items.len() + 1];
    let (mut total, mut count) = (0, 0);
    for &item in row {
        let mut ends: Vec<usize> =
            net.items[item].below.iter().map(|&end| places[end] as usize).collect();
        ends.sort_unstable();
        for &end in &ends {
            let mut at = end + 1;
            let mut up_to = 0;
            while at > 0 {
                up_to += seen[at];
                at &= at - 1;
            }
            total += count - up_to;
        }
        // Added after they were asked: the lines of one item do not cross each other.
        for end in ends {
            let mut at = end + 1;
            while at < seen.len() {
                seen[at] += 1;
                at += at & at.wrapping_neg();
            }
            count += 1;
        }
    }
    total
}

/// The centre of each item, such that none overlaps its neighbour, the widest row decides the width, and lines are as
/// straight as that allows.
pub(super) fn centres(net: &Net, rows: &[Vec<usize>]) -> Vec<f64> {
    let width = rows.iter().map(|row| packed(net, row)).fold(0.0, f64::max);
    let mut centres = vec![width / 2.0; net.items.len()];
    for sweep in 0..STRAIGHTENING {
        for step in 0..rows.len() {
            let row = if sweep % 2 == 0 { step } else { rows.len() - 1 - step };
            let wishes: Vec<Wish> =
                rows[row].iter().map(|&item| wish(net, item, &centres)).collect();
            spread(net, &rows[row], &wishes, width, &mut centres);
        }
    }
    centres
}

/// The width of a row whose items stand as near to each other as they may.
fn packed(net: &Net, row: &[usize]) -> f64 {
    let between: f64 = row.windows(2).map(|pair| net.distance(pair[0], pair[1])).sum();
    let half = |item: Option<&usize>| item.map_or(0.0, |&item| net.items[item].width / 2.0);
    half(row.first()) + between + half(row.last())
}

/// Where an item wants to stand, and how much that matters.
struct Wish {
    centre: f64,
    weight: f64,
}

/// Where an item would stand if it were alone in its row. Lines between two waypoints count
/// most, since a bend in the middle of a long arrow is what the eye stumbles over.
fn wish(net: &Net, item: usize, centres: &[f64]) -> Wish {
    let own = &net.items[item];
    let (mut sum, mut total) = (0.0, 0.0);
    for &end in own.above.iter().chain(&own.below) {
        let weight = match (own.is_box, net.items[end].is_box) {
            (false, false) => 24.0,
            (true, true) => 1.0,
            (true, false) | (false, true) => 2.0,
        };
        sum += weight * centres[end];
        total += weight;
    }
    if total > 0.0 {
        Wish { centre: sum / total, weight: total }
    } else {
        Wish { centre: centres[item], weight: 0.1 }
    }
}

/// Places one row as near to its wishes as the distances and the width allow: the weighted least squares, found by
/// pooling adjacent violators (<https://en.wikipedia.org/wiki/Isotonic_regression>).
fn spread(net: &Net, row: &[usize], wishes: &[Wish], width: f64, centres: &mut [f64]) {
    /// Neighbours that touch: their mean wish, once the room between them is taken off, its weight, and their number.
    struct Pool {
        mean: f64,
        weight: f64,
        size: usize,
    }
    let (Some(&first), Some(&last)) = (row.first(), row.last()) else {
        return;
    };
    let mut offsets = vec![0.0];
    for pair in row.windows(2) {
        offsets.push(offsets[offsets.len() - 1] + net.distance(pair[0], pair[1]));
    }
    let mut pools: Vec<Pool> = Vec::new();
    for (wish, offset) in wishes.iter().zip(&offsets) {
        let mut last = Pool { mean: wish.centre - offset, weight: wish.weight, size: 1 };
        while let Some(before) = pools.pop_if(|before| before.mean > last.mean) {
            let weight = before.weight + last.weight;
            let mean = (before.mean * before.weight + last.mean * last.weight) / weight;
            last = Pool { mean, weight, size: before.size + last.size };
        }
        pools.push(last);
    }
    // Cutting the best places off at both ends leaves the best among those within the ends.
    let leftmost = net.items[first].width / 2.0;
    let rightmost = width - net.items[last].width / 2.0 - offsets[offsets.len() - 1];
    let means = pools.iter().flat_map(|pool| std::iter::repeat_n(pool.mean, pool.size));
    for ((&item, offset), mean) in row.iter().zip(offsets).zip(means) {
        centres[item] = mean.min(rightmost).max(leftmost) + offset;
    }
}
