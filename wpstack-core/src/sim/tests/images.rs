//! Repositories and the images in them.

use super::trial::{Trial, counted, shown};
use crate::event::What;
use crate::image::{ImageSpec, Recipe};
use crate::resource::ecr::{Image, Lifecycle, Repository};
use crate::value::{Days, Tags};
use crate::wordpress::Inputs;
use crate::{Ref, Stack};

fn stack(keep: u32) -> Stack {
    let (mut stack, repository) = repository(keep);
    stack.add("main", Image::tagged(repository, "1".parse().unwrap())).unwrap();
    stack
}

fn repository(keep: u32) -> (Stack, Ref<Repository>) {
    let mut stack = Stack::new("blog".parse().unwrap());
    let repository = Repository {
        name: "blog".parse().unwrap(),
        scan_on_push: true,
        lifecycle: Lifecycle { untagged_after: Days(7), keep },
        force_delete: false,
        tags: Tags::default(),
    };
    let repository = stack.add("main", repository).unwrap();
    (stack, repository)
}

/// What the state says of the image.
async fn digest(trial: &Trial) -> String {
    let document = trial.open().await.document();
    let (_, record) = document.current(&"ecr.image:main".parse().unwrap()).unwrap();
    record.state.as_ref().unwrap()["digest"].to_string()
}

#[tokio::test]
async fn a_push_moves_the_tag_and_the_next_run_sees_it() {
    let trial = Trial::new(1);
    assert!(trial.sim.push_image("blog", "1").unwrap_err().code.starts_with("RepositoryNotFound"));
    let summary = trial.apply(&stack(10)).await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert!(summary.advice[0].contains("the repository holds no image `1`"), "{summary:#?}");
    assert_eq!(digest(&trial).await, "null");
    let first = trial.sim.push_image("blog", "1").unwrap();
    let second = trial.sim.push_image("blog", "1").unwrap();
    assert_ne!(first, second);
    let summary = trial.apply(&stack(10)).await;
    assert!(summary.is_complete() && summary.advice.is_empty(), "{summary:#?}");
    assert_eq!(digest(&trial).await, format!("\"{second}\""));
    trial.sim.tamper(|world| assert_eq!(world.ecr.repositories["blog"].images.len(), 2));
}

#[tokio::test]
async fn an_image_that_is_built_tells_how_far_it_is() {
    let (mut stack, repository) = repository(10);
    let recipe = Recipe { spec: ImageSpec::default(), inputs: Inputs::new() };
    stack.add("main", Image::built(repository, recipe)).unwrap();
    let trial = Trial::new(5);
    assert!(trial.apply(&stack).await.is_complete());
    assert_ne!(digest(&trial).await, "null");
    let told = trial.events().into_iter().filter_map(|event| match event.what {
        What::StepWaiting { phase, .. } => Some(phase),
        _ => None,
    });
    assert_eq!(told.collect::<Vec<_>>(), ["building"]);
    assert_eq!(shown(&trial.plan(&stack).await), "");
}

#[tokio::test]
async fn images_go_only_on_consent() {
    let mut trial = Trial::new(2);
    assert!(trial.apply(&stack(10)).await.is_complete());
    let plan = trial.plan(&Trial::nothing()).await;
    trial.sim.push_image("blog", "1").unwrap();
    // Pushed behind the plan's back: ECR itself refuses.
    let summary = trial.apply_plan(&Trial::nothing(), &plan).await;
    let [failure] = &summary.failures[..] else { panic!("{summary:#?}") };
    let expected = "ecr DeleteRepository failed with RepositoryNotEmptyException: The repository with name 'blog' in \
                    registry with id '123456789012' cannot be deleted because it still contains images";
    assert!(failure.error.contains(expected), "{}", failure.error);
    assert_eq!(counted(&trial.sim.inventory()), "ecr.repository 1");
    let refused = trial.refusal(&Trial::nothing()).await;
    assert_eq!(refused, "`ecr.repository:main` is protected: it holds images");
    trial.consent.data_loss.insert("ecr.repository:main".parse().unwrap());
    assert!(trial.destroy().await.is_complete());
    assert_eq!(counted(&trial.sim.inventory()), "");
}

#[tokio::test]
async fn a_repository_is_kept_as_it_was_wanted() {
    let trial = Trial::new(3);
    assert!(trial.apply(&stack(10)).await.is_complete());
    assert_eq!(shown(&trial.plan(&stack(10)).await), "");
    trial
        .sim
        .tamper(|world| {
            world.change_repository("blog", |repository| {
                repository.scan_on_push = false;
                repository.lifecycle = None;
            })
        })
        .unwrap();
    insta::assert_snapshot!(shown(&trial.plan(&stack(10)).await));
    assert!(trial.apply(&stack(20)).await.is_complete());
    assert_eq!(shown(&trial.plan(&stack(20)).await), "");
}

#[tokio::test]
async fn a_repository_that_was_deleted_outside_is_made_again() {
    let trial = Trial::new(4);
    assert!(trial.apply(&stack(10)).await.is_complete());
    trial.sim.push_image("blog", "1").unwrap();
    assert!(trial.apply(&stack(10)).await.is_complete());
    trial.sim.tamper(|world| world.delete_repository("blog", true)).unwrap();
    let summary = trial.apply(&stack(10)).await;
    assert!(summary.is_complete(), "{summary:#?}");
    assert_eq!(digest(&trial).await, "null");
    assert_eq!(shown(&trial.plan(&stack(10)).await), "");
}
