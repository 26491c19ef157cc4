use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use wpstack_core::ErrorKind;
use wpstack_core::apply::Summary;
use wpstack_core::event::{Event, StepOutline, What};

use super::{Board, frame, line};

fn outline(object: &str, verb: &str, expected_seconds: u64, needs: &[usize]) -> StepOutline {
    let (object, verb) = (object.parse().unwrap(), verb.to_owned());
    StepOutline { object, verb, expected_seconds, needs: needs.to_vec() }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

/// A run with a failure, repeats and an interruption in it, up to its end.
fn run() -> Vec<Event> {
    let steps = vec![
        outline("ec2.vpc:main", "create", 2, &[]),
        outline("rds.instance:main", "create", 300, &[0]),
        outline("ec2.security-group:alb", "update", 1, &[0]),
        outline("ecs.service:web", "create", 120, &[1]),
        outline("ec2.subnet:old", "delete", 1, &[2]),
        outline("elb.listener:http", "resume", 1, &[2]),
    ];
    let retrying = |step, attempt| What::StepRetrying {
        step,
        attempt,
        pause_ms: 500,
        kind: ErrorKind::Throttled,
        error: "ec2 ModifyVpcAttribute failed with RequestLimitExceeded: slow down".to_owned(),
    };
    let happened = vec![
        (0, What::Started { stack: "blog".to_owned(), steps, expected_seconds: 422 }),
        (0, What::StepStarted { step: 0 }),
        (1, What::StepExists { step: 0, id: "vpc-0a1b".to_owned() }),
        (1, retrying(0, 1)),
        (2, What::StepDone { step: 0, id: Some("vpc-0a1b".to_owned()) }),
        (2, What::StepStarted { step: 1 }),
        (2, What::StepStarted { step: 2 }),
        (4, What::StepWaiting { step: 1, phase: "creating".to_owned() }),
        (
            5,
            What::StepFailed {
                step: 2,
                error: "ec2 RevokeSecurityGroupIngress failed with UnauthorizedOperation"
                    .to_owned(),
                hint: ErrorKind::Denied.hint().to_owned(),
            },
        ),
        (5, What::StepSkipped { step: 4, because: 2 }),
        (5, What::StepSkipped { step: 5, because: 2 }),
        (242, What::StepWaiting { step: 1, phase: "backing-up".to_owned() }),
        (250, What::Interrupted),
        (251, What::StepStopped { step: 1 }),
        (251, What::Finished { summary: Summary::default() }),
    ];
    let events = happened.into_iter().enumerate();
    events.map(|(seq, (second, what))| Event { seq: seq as u64, at: at(second), what }).collect()
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

fn lines(verbose: bool) -> String {
    let mut board = Board::default();
    let lines = run().into_iter().filter_map(|event| {
        board.take(&event);
        line(&board, &event, verbose)
    });
    plain(&lines.collect::<String>())
}

/// The board after the first `count` events.
fn after(count: usize) -> Board {
    let mut board = Board::default();
    run().iter().take(count).for_each(|event| board.take(event));
    board
}

fn shown(board: &Board, now: Timestamp, width: usize, height: usize) -> String {
    plain(&frame(board, now, width, height).join("\n"))
}

#[test]
fn a_run_in_a_pipe() {
    insta::assert_snapshot!(lines(false));
}

#[test]
fn a_verbose_run_tells_every_event() {
    let text = lines(true);
    assert!(text.contains("exists as vpc-0a1b"), "{text}");
    assert_eq!(text.matches("begun, usually takes").count(), 3, "{text}");
}

#[test]
fn the_live_picture_shows_what_runs_and_how_long_it_takes() {
    insta::assert_snapshot!(shown(&after(12), at(245), 110, 20));
}

#[test]
fn the_live_picture_says_that_it_is_stopping() {
    insta::assert_snapshot!(shown(&after(13), at(250), 110, 20));
}

#[test]
fn the_live_picture_fits_its_terminal() {
    for width in [20, 40, 80, 200] {
        let picture = shown(&after(8), at(245), width, 20);
        let widest = picture.lines().map(|line| line.trim_end().chars().count()).max().unwrap();
        // Below this, verb, bar and times alone are wider; nobody works there.
        assert!(widest <= width.max(62), "{width}: {picture}");
    }
    let picture = shown(&after(8), at(245), 110, 3);
    assert_eq!(picture.lines().count(), 2, "{picture}");
}

#[test]
fn time_left_shrinks_as_steps_go_on() {
    let board = after(8);
    let left = [4, 100, 250, 400].map(|second| board.left(at(second)).as_secs());
    assert_eq!(left, [418, 322, 172, 120]);
    assert_eq!(Board::default().left(at(1)), Duration::ZERO);
}
