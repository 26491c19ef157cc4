//! Log groups.

use super::trial::{Trial, counted, shown};
use crate::Stack;
use crate::failure::ErrorKind;
use crate::resource::logs::LogGroup;
use crate::sim::TagMap;
use crate::value::{Days, RetentionDays, Tags};

fn stack(days: u32, tag: &str) -> Stack {
    let mut stack = Stack::new("blog".parse().unwrap());
    let mut tags = Tags::default();
    tags.insert("cost-centre", tag).unwrap();
    let retention = RetentionDays::try_from(Days(days)).unwrap();
    let group = LogGroup { name: "/blog/wordpress".parse().unwrap(), retention, tags };
    stack.add("main", group).unwrap();
    stack
}

#[tokio::test]
async fn a_log_group_is_kept_as_it_was_wanted() {
    let trial = Trial::new(1);
    assert!(trial.apply(&stack(30, "a")).await.is_complete());
    assert_eq!(shown(&trial.plan(&stack(30, "a")).await), "");
    trial.sim.tamper(|world| {
        let group = world.logs.groups.get_mut("/blog/wordpress").unwrap();
        group.retention = None;
        world.tags.get_mut(&group.arn).unwrap().insert("who".to_owned(), "somebody".to_owned());
    });
    insta::assert_snapshot!(shown(&trial.plan(&stack(60, "b")).await));
    assert!(trial.apply(&stack(60, "b")).await.is_complete());
    assert_eq!(shown(&trial.plan(&stack(60, "b")).await), "");
    let changes = "CreateLogGroup PutRetentionPolicy PutRetentionPolicy UntagResource TagResource";
    assert_eq!(trial.changes().join(" "), changes);
    assert!(trial.destroy().await.is_complete());
    assert_eq!(counted(&trial.sim.inventory()), "");
    trial.sim.tamper(|world| assert!(world.tags.is_empty()));
}

#[tokio::test]
async fn a_foreign_group_of_the_name_is_left_alone() {
    let trial = Trial::new(2);
    let tags = TagMap::from([("wpstack:stack".to_owned(), "shop".to_owned())]);
    trial.sim.tamper(|world| world.create_log_group("/blog/wordpress", tags)).unwrap();
    let summary = trial.apply(&stack(30, "a")).await;
    let [failure] = &summary.failures[..] else { panic!("{summary:#?}") };
    assert_eq!(failure.kind, Some(ErrorKind::AlreadyExists));
    let expected = "the log group `/blog/wordpress` is there and belongs to the stack `shop`";
    assert!(failure.error.contains(expected), "{}", failure.error);
}

#[tokio::test]
async fn a_throttled_create_is_repeated() {
    let trial = Trial::new(3);
    trial.sim.faults("create logs.group:main: throttle x2").unwrap();
    assert!(trial.apply(&stack(30, "a")).await.is_complete());
    let refused = "CreateLogGroup !ThrottlingException";
    assert_eq!(trial.changes(), [refused, refused, "CreateLogGroup", "PutRetentionPolicy"]);
}
