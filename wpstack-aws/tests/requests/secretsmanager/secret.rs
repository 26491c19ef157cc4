//! `secretsmanager.secret`

use std::collections::BTreeMap;

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::create_secret::CreateSecretOutput;
use aws_sdk_secretsmanager::operation::get_random_password::GetRandomPasswordOutput;
use serde_json::{Value, json};
use wpstack_aws::Aws;
use wpstack_core::resource::secretsmanager::{Generate, Secret};
use wpstack_core::{ErrorKind, Provider};
use wpstack_testkit::mock::{Rule, mock};

use crate::support::{Scene, mocked, nowhere};

fn how(length: u32, punctuation: bool) -> Generate {
    Generate { length, punctuation, exclude: String::new() }
}

fn spec(generate: &[(&str, Generate)]) -> Secret {
    let spec = json!({
        "name": "blog-keys", "description": "", "generate": {}, "plain": {"user": "anna"},
        "recovery": null, "tags": {},
    });
    let generate: BTreeMap<_, _> =
        generate.iter().map(|(key, how)| ((*key).to_owned(), how.clone())).collect();
    Secret { generate, ..serde_json::from_value(spec).unwrap() }
}

fn make_up(length: i64, punctuation: bool, answer: &'static str) -> Rule {
    mock!(Client::get_random_password)
        .match_requests(move |it| {
            it.password_length() == Some(length) && it.exclude_punctuation() == Some(!punctuation)
        })
        .then_output(move || GetRandomPasswordOutput::builder().random_password(answer).build())
}

fn create(members: &Value) -> Rule {
    let members = members.clone();
    mock!(Client::create_secret)
        .match_requests(move |it| {
            let text = it.secret_string().unwrap();
            serde_json::from_str::<Value>(text).unwrap() == members
        })
        .then_output(|| CreateSecretOutput::builder().name("blog-keys").arn("arn:secret").build())
}

#[tokio::test]
async fn values_of_the_same_characters_are_made_up_in_one_call() {
    let spec = spec(&[("a", how(2, true)), ("b", how(4, false)), ("c", how(3, true))]);
    let together = make_up(5, true, "vwxyz");
    let alone = make_up(4, false, "1234");
    let create = create(&json!({"a": "vw", "b": "1234", "c": "xyz", "user": "anna"}));
    let secretsmanager = mocked!(aws_sdk_secretsmanager, [together, alone, create]);
    let aws = Aws { secretsmanager, ..nowhere() };
    let state = aws.create(&Scene::new().cx::<Secret>("keys"), &spec).await.unwrap();
    assert_eq!(state.arn, "arn:secret");
    assert_eq!((together.num_calls(), alone.num_calls(), create.num_calls()), (1, 1, 1));
}

#[tokio::test]
async fn a_text_that_is_too_short_makes_no_secret() {
    let spec = spec(&[("a", how(2, true)), ("b", how(4, true))]);
    let short = make_up(6, true, "vwxyz");
    let secretsmanager = mocked!(aws_sdk_secretsmanager, [short]);
    let aws = Aws { secretsmanager, ..nowhere() };
    let refused = aws.create(&Scene::new().cx::<Secret>("keys"), &spec).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::Unexpected);
    assert!(!refused.to_string().contains("vw"), "{refused}");
}
