//! Secrets.

use std::collections::BTreeMap;
use std::time::Duration;

use super::trial::{Trial, counted, shown};
use crate::Stack;
use crate::failure::ErrorKind;
use crate::resource::secretsmanager::{Generate, Secret};
use crate::value::{Days, Tags};

fn stack(recovery: Option<u32>, description: &str) -> Stack {
    let mut stack = Stack::new("blog".parse().unwrap());
    let generate = |length, punctuation, exclude: &str| Generate {
        length,
        punctuation,
        exclude: exclude.to_owned(),
    };
    let secret = Secret {
        name: "blog/db".parse().unwrap(),
        description: description.to_owned(),
        generate: BTreeMap::from([
            ("password".to_owned(), generate(40, false, "")),
            ("salt".to_owned(), generate(64, true, "'\\")),
        ]),
        plain: BTreeMap::from([("user".to_owned(), "wordpress".to_owned())]),
        recovery: recovery.map(Days),
        tags: Tags::default(),
    };
    stack.add("database", secret).unwrap();
    stack
}

fn value(trial: &Trial) -> BTreeMap<String, String> {
    let value = trial.sim.tamper(|world| world.get_secret_value("blog/db"));
    serde_json::from_str(value.unwrap().expose()).unwrap()
}

#[tokio::test]
async fn values_are_made_up_once_and_stay_with_aws() {
    let trial = Trial::new(1);
    trial.sim.faults("CreateSecret: lost\nGetRandomPassword: throttle").unwrap();
    assert!(trial.apply(&stack(None, "the database")).await.is_complete());
    let made = value(&trial);
    assert_eq!(made["user"], "wordpress");
    assert_eq!((made["password"].len(), made["salt"].len()), (40, 64));
    assert!(made["password"].chars().all(|one| one.is_ascii_alphanumeric()));
    assert!(made["salt"].contains(|one: char| one.is_ascii_punctuation()));
    assert!(!made["salt"].contains(['\'', '\\']));

    let document = serde_json::to_string(&trial.open().await.document()).unwrap();
    let log = format!("{:?} {:?}", trial.events(), trial.sim.calls());
    let world = trial.sim.tamper(|world| format!("{world:?} {:?}", world.inventory()));
    for text in [document, log, world] {
        assert!(!text.contains(&made["password"]) && !text.contains(&made["salt"]), "{text}");
    }
    let arn = trial.sim.tamper(|world| world.describe_secret("blog/db").unwrap().arn.clone());
    let (name, suffix) = arn.rsplit_once('-').unwrap();
    assert_eq!(name, "arn:aws:secretsmanager:eu-west-1:123456789012:secret:blog/db");
    assert!(suffix.len() == 6 && suffix.chars().all(|one| one.is_ascii_alphanumeric()), "{arn}");

    assert_eq!(shown(&trial.plan(&stack(None, "the database")).await), "");
    assert!(trial.apply(&stack(None, "the password")).await.is_complete());
    assert_eq!(value(&trial), made);
    let again = Trial::new(1);
    again.sim.faults("CreateSecret: lost\nGetRandomPassword: throttle").unwrap();
    again.apply(&stack(None, "the database")).await;
    assert_eq!(value(&again), made, "equal seeds make equal secrets up");
}

#[tokio::test]
async fn what_is_changed_outside_is_seen_and_set_right() {
    let trial = Trial::new(2);
    assert!(trial.apply(&stack(None, "the database")).await.is_complete());
    trial.sim.tamper(|world| {
        world.update_secret("blog/db", "mine").unwrap();
        let arn = world.describe_secret("blog/db").unwrap().arn.clone();
        world.tags.get_mut(&arn).unwrap().insert("who".to_owned(), "somebody".to_owned());
    });
    insta::assert_snapshot!(shown(&trial.plan(&stack(None, "the database")).await));
    assert!(trial.apply(&stack(None, "the database")).await.is_complete());
    assert_eq!(shown(&trial.plan(&stack(None, "the database")).await), "");
}

#[tokio::test]
async fn a_name_is_taken_while_its_secret_can_be_restored() {
    let trial = Trial::new(3);
    let stack = stack(Some(7), "the database");
    assert!(trial.apply(&stack).await.is_complete());
    trial.sim.faults("DeleteSecret: lost").unwrap();
    assert!(trial.destroy().await.is_complete());
    assert_eq!(counted(&trial.sim.inventory()), "");
    let summary = trial.apply(&stack).await;
    let [failure] = &summary.failures[..] else { panic!("{summary:#?}") };
    assert_eq!(failure.kind, Some(ErrorKind::AlreadyExists));
    let expected = "secretsmanager CreateSecret failed with InvalidRequestException: You can't create this secret \
                    because a secret with this name is already scheduled for deletion.";
    assert!(failure.error.contains(expected), "{}", failure.error);

    trial.sim.clock().advance(Duration::from_secs(7 * 86_400));
    let summary = trial.apply(&stack).await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(counted(&trial.sim.inventory()), "secretsmanager.secret 1");
}

#[tokio::test]
async fn without_recovery_a_name_is_free_at_once() {
    let trial = Trial::new(4);
    let stack = stack(None, "the database");
    assert!(trial.apply(&stack).await.is_complete());
    let first = value(&trial);
    assert!(trial.destroy().await.is_complete());
    trial.sim.tamper(|world| assert!(world.tags.is_empty()));
    assert!(trial.apply(&stack).await.is_complete());
    assert_ne!(value(&trial), first);
}

#[test]
fn a_restored_secret_outlives_the_day_of_its_deletion() {
    let trial = Trial::new(5);
    let refusal = trial.sim.tamper(|world| {
        let value = world.get_random_password(32, true, "").unwrap();
        world.create_secret("a", "", &value, "token", Default::default()).unwrap();
        world.delete_secret("a", Some(7)).unwrap();
        world.get_secret_value("a").unwrap_err()
    });
    let message = "You can't perform this operation on the secret because it was already scheduled for deletion.";
    assert_eq!(
        (refusal.code.as_str(), refusal.message.as_str()),
        ("InvalidRequestException", message)
    );
    trial.sim.clock().advance(Duration::from_secs(6 * 86_400));
    trial.sim.tamper(|world| {
        world.restore_secret("a").unwrap();
        world.delete_secret("a", Some(30)).unwrap();
    });
    trial.sim.clock().advance(Duration::from_secs(20 * 86_400));
    trial.sim.tamper(|world| assert!(world.describe_secret("a").is_ok()));
    trial.sim.clock().advance(Duration::from_secs(10 * 86_400));
    trial.sim.tamper(|world| {
        assert_eq!(world.describe_secret("a").unwrap_err().code, "ResourceNotFoundException");
        let short = world.get_random_password(2, false, "").unwrap_err();
        assert_eq!(short.code, "InvalidParameterException");
    });
}
