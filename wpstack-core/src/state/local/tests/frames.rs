//! The journal's text under every cut and every flip.

use proptest::prelude::*;

use super::*;
use crate::state::local::frame::{
    Header, Journal, Unreadable, header_line, push_line, read as read_frames,
};

fn header() -> Header {
    Header { format: 1, stack: STACK.to_owned(), lineage: "lineage".to_owned(), serial: 0 }
}

/// A journal of batches of these sizes: its text, where each line ends, and where the last batch begins.
fn journal(batches: &[u64]) -> (Vec<u8>, Vec<usize>, usize) {
    let mut text = header_line(&header()).unwrap();
    let (mut ends, mut serial, mut last_batch) = (vec![text.len()], 0, 0);
    for size in batches {
        let synced = serial;
        last_batch = text.len();
        for _ in 0..*size {
            serial += 1;
            push_line(&mut text, synced, &transition(serial)).unwrap();
            ends.push(text.len());
        }
    }
    (text, ends, last_batch)
}

/// The journal that has so many lines, as [`read_frames`] is to answer it.
fn first(lines: usize, ends: &[usize]) -> Journal {
    let Some(transitions) = lines.checked_sub(1) else {
        return Journal::default();
    };
    Journal {
        header: Some(header()),
        transitions: (1..=transitions as u64).map(transition).collect(),
        length: ends[transitions],
    }
}

#[test]
fn a_cut_anywhere_leaves_the_lines_before_it() {
    let (text, ends, _) = journal(&[1, 3, 2]);
    for length in 0..=text.len() {
        let lines = ends.iter().filter(|end| **end <= length).count();
        assert_eq!(read_frames(&text[..length]), Ok(first(lines, &ends)), "cut at {length}");
    }
}

#[test]
fn a_flip_anywhere_is_seen() {
    let (text, ..) = journal(&[1, 3, 2]);
    for at in 0..text.len() {
        for flip in (0..8).map(|bit| 1 << bit).chain([text[at], text[at] ^ b'\n', 0xff]) {
            let mut text = text.clone();
            if flip == 0 {
                continue;
            }
            text[at] ^= flip;
            let read = read_frames(&text);
            assert!(matches!(read, Err(Unreadable::Damaged(_))), "{flip:#x} at {at}: {read:?}");
        }
    }
}

#[test]
fn a_flip_before_a_cut_never_adds_anything() {
    let (text, ends, _) = journal(&[1, 1]);
    for length in (0..text.len()).step_by(3) {
        let lines = ends.iter().filter(|end| **end <= length).count();
        for at in (0..length).step_by(2) {
            let mut text = text[..length].to_owned();
            text[at] ^= 1;
            // Behind the last whole line stands what was never acknowledged: it may be cut off or be reported.
            if let Ok(read) = read_frames(&text) {
                let whole = lines.checked_sub(1).map_or(0, |last| ends[last]);
                assert!(at >= whole, "{at} of {length}");
                assert_eq!(read, first(lines, &ends), "{at} of {length}");
            }
        }
    }
}

#[test]
fn blocks_that_were_never_written_are_cut_off_with_what_follows() {
    let (text, ends, last_batch) = journal(&[1, 2, 6]);
    for block in [16, 64, 512] {
        for start in (last_batch..text.len()).step_by(7) {
            let end = (start + block).min(text.len());
            if end - start < 9 {
                continue;
            }
            let mut text = text.clone();
            text[start..end].fill(0);
            let lines = ends.iter().filter(|end| **end <= start).count();
            assert_eq!(read_frames(&text), Ok(first(lines, &ends)), "zeros from {start} to {end}");
        }
    }
}

#[test]
fn blocks_that_had_been_on_disk_are_damage() {
    let (text, ends, _) = journal(&[2, 2, 1]);
    for start in ends[1]..ends[3] - 16 {
        let mut text = text.clone();
        text[start..start + 16].fill(0);
        let read = read_frames(&text);
        assert!(matches!(read, Err(Unreadable::Damaged(_))), "zeros at {start}: {read:?}");
    }
}

#[test]
fn serials_have_no_gap() {
    for serial in [0, 1, 3] {
        let (mut text, ..) = journal(&[1]);
        push_line(&mut text, 1, &Transition { serial, ..transition(2) }).unwrap();
        let expected = format!("line 3: transition {serial} comes after 1");
        assert_eq!(read_frames(&text), Err(Unreadable::Damaged(expected)));
    }
}

#[test]
fn a_later_format_is_not_read() {
    let line = header_line(&Header { format: 2, ..header() }).unwrap();
    let text = [line.as_slice(), b"whatever it may look like\n"].concat();
    assert_eq!(read_frames(&text), Err(Unreadable::Newer(2)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_read_or_refused(text: Vec<u8>, zeros in 0_usize..40) {
        let text = [text, vec![0; zeros]].concat();
        let (mut journal, ends, _) = journal(&[1, 1]);
        let whole = journal.len();
        journal.extend(text);
        if let Ok(read) = read_frames(&journal) {
            prop_assert_eq!(read, first(3, &ends));
            prop_assert_eq!(ends[2], whole);
        }
    }

    #[test]
    fn batches_of_any_size_are_read_back(batches in prop::collection::vec(0_u64..5, 0..6)) {
        let (text, ends, _) = journal(&batches);
        prop_assert_eq!(read_frames(&text), Ok(first(ends.len(), &ends)));
    }
}
