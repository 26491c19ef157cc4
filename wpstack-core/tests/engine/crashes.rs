//! A process may die anywhere. For every moment of every kind of run: die there, start again, and the world is that of
//! a run which nobody disturbed.

use std::collections::BTreeSet;

use wpstack_core::plan::Verb;
use wpstack_core::state::Status;

use crate::toy::{Lab, Outcome, Trap, build, parse};

const BEFORE: &str =
    "a; slow b: a; tide c: a; d: b! c; data e: =b; f: d ~c; slow g: =a; node h apart";

/// Runs `stacks` one after the other; the process of the last one dies at the moment of that number.
async fn run(stacks: &[&str], trap: Option<Trap>) -> (Lab, Outcome) {
    let mut lab = Lab::new();
    let (last, first) = stacks.split_last().unwrap();
    for stack in first {
        let (_, summary) = lab.apply(&build(&parse(stack))).await.done();
        assert!(summary.is_complete(), "{summary:?}");
    }
    lab.trap = trap;
    let outcome = lab.apply(&build(&parse(last))).await;
    (lab, outcome)
}

/// Every id that the cloud had given away by answering is in the document.
async fn no_id_is_lost(lab: &Lab, moment: usize) {
    let document = lab.document().await;
    let recorded: BTreeSet<_> = document
        .objects
        .iter()
        // A create that was intended finds its object by the tags.
        .map(|(object, record)| (object.to_string().replace('#', "/"), record.status))
        .collect();
    for object in lab.cloud.objects().keys() {
        let known = recorded.iter().any(|(of, _)| of == object);
        assert!(known, "moment {moment}: {object} stands, and the document knows nothing of it");
    }
    for (object, record) in &document.objects {
        assert!(
            record.state.is_some() || record.status == Status::Creating,
            "{object}: {record:?}"
        );
    }
}

async fn check(stacks: &[&str]) {
    let (lab, outcome) = run(stacks, None).await;
    let (_, summary) = outcome.done();
    assert!(summary.is_complete(), "{summary:?}");
    let (moments, world) = (lab.moments, lab.cloud.show(false));
    assert!(moments > 20, "only {moments} moments");
    let wanted = build(&parse(stacks.last().unwrap()));
    for moment in 0..moments {
        let (mut lab, outcome) = run(stacks, Some(Trap::Moment(moment))).await;
        if !matches!(outcome, Outcome::Died) {
            // The last moments belong to the end of the process.
            continue;
        }
        no_id_is_lost(&lab, moment).await;
        let (plan, summary) = lab.apply(&wanted).await.done();
        assert!(summary.is_complete(), "moment {moment}: {summary:#?}\n{plan:#?}");
        assert_eq!(lab.cloud.show(false), world, "moment {moment}");
        let again = lab.plan(&wanted).await.unwrap();
        assert!(
            again.actions.iter().all(|action| action.verb == Verb::Keep),
            "{moment}: {again:#?}"
        );
        assert!(again.is_empty() && again.seen.is_empty(), "moment {moment}: {again:#?}");
        let twice = lab.cloud.objects().into_iter().find(|(_, count)| *count > 1);
        assert_eq!(twice, None, "moment {moment}");
        let (_, summary) = lab.destroy().await.done();
        assert!(summary.is_complete(), "moment {moment}: {summary:#?}");
        assert_eq!((lab.cloud.len(), lab.document().await.objects.len()), (0, 0), "{moment}");
    }
}

#[tokio::test]
async fn a_create_can_die_anywhere() {
    check(&[BEFORE]).await;
}

#[tokio::test]
async fn an_update_can_die_anywhere() {
    check(&[
        BEFORE,
        "a size=2; slow b: a size=2; tide c: a size=2; d: b! size=2; data e: =b size=2; \
         f: d ~c ~b; slow g: =a; node h apart",
    ])
    .await;
}

#[tokio::test]
async fn a_replacement_that_creates_first_can_die_anywhere() {
    check(&[
        BEFORE,
        "a; slow b: a place=2; tide c: a place=2; d: b! c; data e: =b; f: d ~c; slow g: =a; node h apart",
    ])
    .await;
}

#[tokio::test]
async fn a_replacement_that_deletes_first_can_die_anywhere() {
    let before = "a apart; slow b: =a; c: b; d: a; node e: ~a; data f: =b apart";
    check(&[before, "a apart place=2; slow b: =a; c: b; d; node e: ~a; data f: =b apart"]).await;
}

#[tokio::test]
async fn a_second_change_of_mind_can_die_anywhere() {
    check(&[BEFORE, "a; slow b: a place=2", "a place=2; slow b: a; data e: =b apart"]).await;
}

#[tokio::test]
async fn a_destroy_can_die_anywhere() {
    check(&[BEFORE, ""]).await;
}

/// A process dies, the next one dies too, and so on, each a little later.
#[tokio::test]
async fn dying_again_and_again_gets_there() {
    let wanted = build(&parse(BEFORE));
    let mut lab = Lab::new();
    for moment in 0.. {
        lab.trap = Some(Trap::Moment(moment));
        if !matches!(lab.apply(&wanted).await, Outcome::Died) {
            break;
        }
        assert!(moment < 500, "it gets nowhere");
    }
    let (undisturbed, _) = run(&[BEFORE], None).await;
    assert_eq!(lab.cloud.show(false), undisturbed.cloud.show(false));
}
