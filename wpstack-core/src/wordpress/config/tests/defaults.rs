//! What holds of the defaults and of the template.

use insta::assert_snapshot;

use crate::value::{Region, StackName};
use crate::wordpress::{Config, ImageSource, template};

fn named(name: &str, region: &str) -> (StackName, Region) {
    (name.parse().unwrap(), region.parse().unwrap())
}

#[test]
fn the_defaults_have_no_flaws() {
    assert_eq!(Config::default().flaws(), []);
    for region in ["eu-west-1", "us-west-1", "ca-central-1", "ap-northeast-1", "us-gov-west-1"] {
        let (name, region) = named("blog", region);
        assert_eq!(Config::new(name, region).flaws(), []);
    }
}

#[test]
fn an_empty_file_is_the_default() {
    assert_eq!(Config::parse("").unwrap(), Config::default());
    assert_eq!(Config::parse("\u{feff}# nothing\r\n").unwrap(), Config::default());
}

#[test]
fn the_template_says_the_defaults() {
    let (name, region) = named("wordpress", "eu-west-1");
    let text = template(&name, &region);
    assert_eq!(Config::parse(&text).unwrap(), Config::default());
    assert_snapshot!(text);

    for (name, region) in [named("a-b", "ca-central-1"), named("x9", "us-east-1")] {
        let text = template(&name, &region);
        assert_eq!(Config::parse(&text).unwrap(), Config::new(name, region));
    }
}

#[test]
fn zones_come_with_the_region_unless_they_are_written() {
    let config = Config::parse("region = 'ca-central-1'").unwrap();
    assert_eq!(
        config.network.zones,
        ["a", "b", "d"].map(|z| format!("ca-central-1{z}").parse().unwrap())
    );
    let config =
        Config::parse("region = 'us-east-1'\nnetwork.zones = ['us-east-1c', 'us-east-1f']")
            .unwrap();
    assert_eq!(config.network.zones, ["c", "f"].map(|z| format!("us-east-1{z}").parse().unwrap()));
}

#[test]
fn a_further_zone_moves_no_subnet() {
    let mut config = Config::default();
    let three = config.network.subnets();
    let shown: Vec<_> =
        three.iter().map(|one| format!("{} {} {}", one.zone, one.public, one.database)).collect();
    assert_eq!(
        shown,
        [
            "eu-west-1a 10.11.0.0/24 10.11.128.0/24",
            "eu-west-1b 10.11.1.0/24 10.11.129.0/24",
            "eu-west-1c 10.11.2.0/24 10.11.130.0/24",
        ]
    );
    config.network.zones.push(config.region.zone('d').unwrap());
    assert_eq!(config.network.subnets()[..3], three);
}

#[test]
fn a_network_that_is_too_small_has_no_subnets() {
    let mut config = Config::default();
    config.network.cidr = "10.0.0.0/28".parse().unwrap();
    for prefix in [0, 24, 28, 32, 33, 255] {
        config.network.subnet_prefix = prefix;
        let fits = prefix == 32;
        assert_eq!(config.network.subnets().len(), if fits { 3 } else { 0 }, "/{prefix}");
    }
}

#[test]
fn the_image_is_built_unless_it_has_a_tag_or_a_uri() {
    let source = |text: &str| {
        let config = Config::parse(text).unwrap();
        config.image.source(&config.name).unwrap()
    };
    let built = ImageSource::Built { repository: "blog".parse().unwrap() };
    assert_eq!(source("name = 'blog'"), built);
    let (repository, tag) = ("a/b".parse().unwrap(), "6.8".parse().unwrap());
    let pushed = ImageSource::Pushed { repository, tag };
    assert_eq!(source("[image]\nrepository = 'a/b'\ntag = '6.8'"), pushed);
    let uri = format!("docker.io/library/wordpress@sha256:{}", "0".repeat(64));
    let text = format!("image.uri = '{uri}'");
    assert_eq!(source(&text), ImageSource::Elsewhere(uri.parse().unwrap()));
}

#[test]
fn two_tasks_of_the_default_fit_on_one_instance() {
    let config = Config::default();
    assert_eq!(config.instances.tasks_each(&config.service), Some(3));
    // The old system's t2.micro has room for one.
    let text = "[instances]\ntype = 't2.micro'";
    let config = Config::parse(text).unwrap();
    assert_eq!(config.instances.tasks_each(&config.service), Some(1));
}
