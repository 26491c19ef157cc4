use serde_json::json;

use crate::sandbox::Sandbox;

#[test]
fn without_a_configuration_init_is_named() {
    insta::assert_snapshot!(Sandbox::empty().run("plan"), @r"
    $ wpstack plan
    [exit 1]
    --- stderr
    error: there is no wpstack.toml
    hint: `wpstack init` writes one; `-C DIR` and `--config FILE` look elsewhere
    ");
}

#[test]
fn init_writes_a_valid_file_and_never_over_another() {
    let sandbox = Sandbox::empty();
    let first = sandbox.run("init --name blog --region us-east-2");
    assert_eq!((first.exit, first.stdout.as_str()), (0, ""), "{first}");
    let text = sandbox.read("wpstack.toml");
    assert!(text.contains("\nname = \"blog\"\n") && text.contains("\nregion = \"us-east-2\"\n"));
    insta::assert_snapshot!(sandbox.run("init"), @r"
    $ wpstack init
    [exit 1]
    --- stderr
    error: wpstack.toml exists already, and was left as it is
    hint: edit it, or choose another with `--config FILE`
    ");
    assert_eq!(sandbox.read("wpstack.toml"), text);
    let valid = sandbox.run("validate");
    assert!(valid.exit == 0 && valid.stderr.starts_with("wpstack.toml is valid"), "{valid}");
}

#[test]
fn paths_are_meant_from_the_directory_that_is_named() {
    let sandbox = Sandbox::empty();
    std::fs::create_dir(sandbox.path().join("inner")).unwrap();
    assert_eq!(sandbox.run("-C inner init --config other.toml --cloud sim").exit, 0);
    assert!(sandbox.path().join("inner/other.toml").exists());
    assert_eq!(sandbox.run("-C inner --config other.toml plan --out first.plan").exit, 0);
    assert!(sandbox.path().join("inner/first.plan").exists());
    assert!(sandbox.path().join("inner/.wpstack/sim.json").exists());
    let by_environment = sandbox
        .command("validate")
        .envs([("WPSTACK_DIRECTORY", "inner"), ("WPSTACK_CONFIG", "other.toml")])
        .status();
    assert!(by_environment.unwrap().success());
}

#[test]
fn everything_wrong_is_shown_at_once_with_its_place() {
    let sandbox = Sandbox::empty();
    sandbox.write(
        "wpstack.toml",
        "name = \"Blog!\"\nregoin = \"eu-west-1\"\n\n[instances]\nmin = 4\nmax = 2\n\n[database]\nclass = 3\n",
    );
    insta::assert_snapshot!(sandbox.run("validate"));
    let result = sandbox.run("validate --json").result();
    assert_eq!(result["exit"], 1);
    let problems = result["error"]["problems"].as_array().unwrap();
    assert!(problems.len() >= 4, "{problems:#?}");
    let places: Vec<_> = problems.iter().map(|it| (&it["line"], &it["column"])).collect();
    assert!(places.contains(&(&json!(2), &json!(1))), "{places:?}");
}

#[test]
fn a_plan_for_aws_without_credentials_names_the_simulation() {
    let sandbox = Sandbox::empty();
    assert_eq!(sandbox.run("init").exit, 0);
    let run = sandbox.run("plan");
    assert_eq!(run.exit, 1, "{run}");
    assert!(run.stderr.contains("error: no AWS credentials were found"), "{run}");
    assert!(run.stderr.contains("--cloud sim"), "{run}");
    assert_eq!(sandbox.run("--cloud sim plan").exit, 0);
}

#[test]
fn the_schema_describes_the_configuration() {
    let run = Sandbox::empty().run("schema");
    let schema: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(schema["properties"]["database"].is_object(), "{run}");
}

#[test]
fn the_graph_comes_in_four_languages_and_reduced() {
    let sandbox = Sandbox::simulated();
    let starts = [("mermaid", "---\n"), ("dot", "digraph"), ("svg", "<svg"), ("json", "{")];
    for (format, start) in starts {
        let run = sandbox.run(&format!("graph --format {format}"));
        assert!(run.exit == 0 && run.stdout.starts_with(start), "{run}");
        assert_eq!(run.stderr, "");
    }
    let edges = |arguments: &str| {
        let run = sandbox.run(arguments);
        let graph: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        graph["edges"].as_array().unwrap().len()
    };
    assert!(edges("graph --format json") < edges("graph --format json --full"));
}
