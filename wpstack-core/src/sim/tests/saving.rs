//! Equal seeds, and worlds that are saved and taken up again.

use super::trial::{Trial, counted, network};
use crate::event::What;
use crate::sim::{Sim, SimError};

#[tokio::test]
async fn equal_seeds_give_equal_logs() {
    let run = async |seed| {
        let trial = Trial::new(seed);
        trial.apply(&network("10.11.0.0/16")).await;
        trial.destroy().await;
        (trial.events(), trial.sim.calls())
    };
    let (first, again, other) = (run(7).await, run(7).await, run(8).await);
    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[tokio::test]
async fn a_world_that_was_saved_goes_on_as_if_it_had_not_been() {
    let stack = network("10.11.0.0/16");
    for seed in 0..20 {
        let run = async |save: bool| {
            let mut trial = Trial::new(seed);
            trial.sim.faults("DescribeSubnets: throttle\nAuthorize*: lost").unwrap();
            let third_exists = move |what: &What| matches!(what, What::StepExists { step: 3, .. });
            let summary = trial.apply_until(&stack, third_exists).await;
            assert!(summary.interrupted && !summary.is_complete());
            let before = trial.events();
            if save {
                let text = trial.sim.save().unwrap().to_string();
                let sim = Sim::load(&serde_json::from_str(&text).unwrap()).unwrap();
                trial = Trial::on(sim, trial.store);
            }
            let summary = trial.apply(&stack).await;
            assert!(summary.is_complete(), "seed {seed}: {summary:#?}");
            assert!(trial.destroy().await.is_complete());
            assert_eq!(counted(&trial.sim.inventory()), "");
            let after = trial.events().into_iter().skip(if save { 0 } else { before.len() });
            (before, after.collect::<Vec<_>>())
        };
        let ((one, other), (same, also)) = (run(false).await, run(true).await);
        assert_eq!(one, same);
        assert_eq!(other, also, "seed {seed}");
    }
}

#[test]
fn what_is_no_saved_world_is_refused() {
    let newer = serde_json::json!({ "format": 2, "world": {} });
    assert_eq!(
        Sim::load(&newer).unwrap_err().to_string(),
        "the saved world has format 2, this release knows 1"
    );
    for damaged in [serde_json::json!({}), serde_json::json!([1]), serde_json::json!({"format": 1})]
    {
        assert!(matches!(Sim::load(&damaged), Err(SimError::Damaged(_))));
    }
}
