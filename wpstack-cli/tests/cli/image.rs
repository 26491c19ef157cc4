//! The image: built of the machine's mirror of Debian, pushed to a stand-in for ECR, run by the service.

use std::path::{Path, PathBuf};

use wpstack_image::testing::ecr::{Ecr, Operation};
use wpstack_testkit::Moto;

use crate::sandbox::{Run, Sandbox};

const REGION: &str = "eu-west-1";

/// Fetched and built once for all tests and runs of tests.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("images")
}

fn run(sandbox: &Sandbox, arguments: &str, environment: &[(&str, String)], exit: i32) -> Run {
    let mut command = sandbox.command(arguments);
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command.env("WPSTACK_CACHE", cache());
    let run = Run::of(arguments, command.output().unwrap());
    assert_eq!(run.exit, exit, "{run}");
    run
}

#[test]
fn one_apply_leads_from_nothing_to_a_service_with_the_images_digest() {
    let ecr = Ecr::start().unwrap();
    ecr.make("blog");
    let moto = Moto::builder().registry(&ecr).start().unwrap();
    let (account, sandbox) = (moto.account().unwrap(), Sandbox::mirrored("aws"));
    let environment = account.environment(account.endpoint(), REGION);
    let run = |arguments: &str, exit: i32| run(&sandbox, arguments, &environment, exit);

    let planned = run("plan", 0);
    assert!(planned.stderr.contains(": to be built.\n"), "{planned}");
    let applied = run("apply --yes --wait=exists", 0);
    assert!(applied.stderr.contains("distribution: built"), "{applied}");
    let pushed = ecr.repository("blog").unwrap();
    let (tag, digest) = pushed.tags.iter().next().expect("the image has a tag");
    assert!(tag.starts_with("wpstack-"), "{tag}");
    let image = run("state show ecr.image:wordpress --json", 0).stdout;
    assert!(image.contains(&digest.to_string()), "{image}");
    let inventory = account.inventory(REGION).unwrap().of_stack("blog");
    let definition = format!("{:?}", inventory.of("ecs.task-definition"));
    assert!(definition.contains(&format!("@{digest}")), "{definition}");

    // What is there is neither built nor pushed again.
    ecr.forget_seen();
    run("plan --detailed-exitcode", 0);
    run("apply --yes --wait=exists", 0);
    assert_eq!(ecr.count(Operation::PutManifest), 0);

    // What was built is what the command builds by itself, byte for byte.
    let built = run("image build --output image.tar", 0);
    assert_eq!(built.stdout.trim(), digest.to_string(), "{built}");
    let sbom = run("image sbom", 0).stdout;
    assert!(sbom.contains("php8.4-fpm") && sbom.contains("CycloneDX"), "{sbom:.200}");
    let inspected = run("image inspect", 0).stdout;
    assert!(inspected.contains(&digest.to_string()), "{inspected}");
    let to = format!("{}/blog", ecr.endpoint());
    let login =
        [("WPSTACK_REGISTRY_USER", "AWS".to_owned()), ("WPSTACK_REGISTRY_PASSWORD", ecr.token())];
    let arguments = format!("image push --to {to}");
    let again = self::run(&sandbox, &arguments, &login, 0);
    assert!(again.stderr.contains("0 B sent"), "{again}");

    // It goes with the stack, for it can be built again.
    run("destroy --yes", 0);
    let left = account.inventory(REGION).unwrap().of_stack("blog");
    assert_eq!(left.counts(), [("rds.snapshot", 1)].into());
}

#[test]
fn an_image_that_is_named_is_not_built() {
    let sandbox = Sandbox::pushed();
    let refused = run(&sandbox, "image build", &[], 1);
    insta::assert_snapshot!(refused, @r"
    $ wpstack image build
    [exit 1]
    --- stderr
    error: the configuration names an image, so none is built
    hint: remove `tag` and `uri` from `[image]` to have one built
    ");
}

#[test]
fn a_registry_is_named_with_its_repository() {
    let sandbox = Sandbox::mirrored("sim");
    let refused = run(&sandbox, "image push", &[], 1);
    assert!(refused.stderr.contains("the simulated cloud has no registry"), "{refused}");
    let refused = run(&sandbox, "image push --to http://127.0.0.1:5000", &[], 1);
    assert!(refused.stderr.contains("names no repository"), "{refused}");
}
