use crate::sandbox::Sandbox;

#[test]
fn help_tells_commands_options_and_exit_codes() {
    insta::assert_snapshot!(Sandbox::empty().run("--help"));
}

#[test]
fn every_command_has_help() {
    let sandbox = Sandbox::empty();
    let commands = "init validate plan apply destroy refresh import output show state graph schema completions";
    for command in commands.split(' ') {
        let run = sandbox.run(&format!("{command} --help"));
        assert_eq!(run.exit, 0, "{run}");
        assert!(run.stdout.contains(&format!("Usage: wpstack {command}")), "{run}");
    }
}

#[test]
fn the_version_goes_to_standard_output() {
    let run = Sandbox::empty().run("--version");
    assert_eq!((run.exit, run.stdout), (0, format!("wpstack {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn wrong_arguments_exit_with_64_and_suggest_the_right_ones() {
    insta::assert_snapshot!(Sandbox::empty().run("plan --detailed-exitcod"));
    for arguments in
        ["", "aply", "apply --wait=never", "apply --parallelism 0", "--cloud azure plan"]
    {
        let run = Sandbox::empty().run(arguments);
        assert_eq!((run.exit, run.stdout.as_str()), (64, ""), "{run}");
    }
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = Sandbox::empty().run(&format!("completions {shell}"));
        assert_eq!(run.exit, 0, "{run}");
        assert!(run.stdout.contains("detailed-exitcode"), "{shell}");
    }
}
