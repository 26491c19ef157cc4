//! The network.

use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, Tag, TagSpecification};
use wpstack_core::Stack;
use wpstack_core::resource::ec2::{SecurityGroup, Subnet, Vpc};
use wpstack_core::value::Tags;

use crate::support::{Life, stack, told};

struct Network {
    cidr: &'static str,
    hostnames: bool,
    public: bool,
}

const NETWORK: Network = Network { cidr: "10.0.1.0/24", hostnames: true, public: true };

fn network(network: &Network) -> Stack {
    let mut stack = stack();
    let mut tags = Tags::new();
    tags.insert("team", "web").unwrap();
    let vpc =
        Vpc { dns_hostnames: network.hostnames, tags, ..Vpc::new("10.0.0.0/16".parse().unwrap()) };
    let vpc = stack.add("main", vpc).unwrap();
    let (cidr, zone) = (network.cidr.parse().unwrap(), "eu-west-1a".parse().unwrap());
    let subnet = Subnet { public_addresses: network.public, ..Subnet::new(&vpc, cidr, zone) };
    stack.add("a", subnet).unwrap();
    stack
}

#[tokio::test]
async fn a_network_lives() {
    let life = Life::begin().await;
    let stack = network(&NETWORK);
    assert_eq!(life.apply(&stack).await, ["create ec2.vpc:main", "create ec2.subnet:a"]);
    let seen = life.inventory();
    assert_eq!(seen.counts(), [("ec2.subnet", 1), ("ec2.vpc", 1)].into());
    let vpc = seen.only("ec2.vpc");
    assert_eq!(vpc.id, life.id("ec2.vpc:main"));
    assert_eq!((vpc.tags["Name"].as_str(), vpc.tags["team"].as_str()), ("blog-main", "web"));
    assert_eq!(vpc.attributes["EnableDnsHostnames"], true);
    assert_eq!(seen.only("ec2.subnet").attributes["MapPublicIpOnLaunch"], true);
    assert!(life.plan(&stack).await.is_empty());
    life.end().await;
}

#[tokio::test]
async fn what_is_changed_outside_is_seen_and_mended() {
    let life = Life::begin().await;
    let stack = network(&NETWORK);
    life.apply(&stack).await;
    let (ec2, id) = (&life.aws.ec2, life.id("ec2.vpc:main"));
    let off = AttributeBooleanValue::builder().value(false).build();
    let call = ec2.modify_vpc_attribute().vpc_id(&id).enable_dns_hostnames(off);
    call.send().await.unwrap();
    let tag = |key, value| Tag::builder().key(key).value(value).build();
    let tags = [tag("team", "db"), tag("stray", "1")];
    ec2.create_tags().resources(&id).set_tags(Some(tags.into())).send().await.unwrap();
    let mended = life.apply(&stack).await;
    assert_eq!(mended, ["update ec2.vpc:main dns_hostnames tags"]);
    assert!(life.plan(&stack).await.is_empty());
    let tags = life.inventory().only("ec2.vpc").tags.clone();
    assert_eq!((tags["team"].as_str(), tags.get("stray")), ("web", None));

    let subnet = life.id("ec2.subnet:a");
    ec2.delete_subnet().subnet_id(&subnet).send().await.unwrap();
    assert_eq!(told(&life.plan(&stack).await), ["create ec2.subnet:a#2"]);
    life.apply(&stack).await;
    assert!(life.plan(&stack).await.is_empty());
    life.end().await;
}

#[tokio::test]
async fn changes_are_made_in_place_or_by_replacement() {
    let life = Life::begin().await;
    life.apply(&network(&NETWORK)).await;
    let (vpc, subnet) = (life.id("ec2.vpc:main"), life.id("ec2.subnet:a"));
    let dull = network(&Network { hostnames: false, public: false, ..NETWORK });
    let expected = ["update ec2.vpc:main dns_hostnames", "update ec2.subnet:a public_addresses"];
    assert_eq!(life.apply(&dull).await, expected);
    assert!(life.plan(&dull).await.is_empty());
    assert_eq!((life.id("ec2.vpc:main"), life.id("ec2.subnet:a")), (vpc.clone(), subnet.clone()));

    let moved = network(&Network { cidr: "10.0.2.0/24", ..NETWORK });
    life.apply(&moved).await;
    assert!(life.plan(&moved).await.is_empty());
    assert_eq!(life.id("ec2.vpc:main"), vpc);
    assert_ne!(life.id("ec2.subnet:a"), subnet);
    assert_eq!(life.inventory().counts(), [("ec2.subnet", 1), ("ec2.vpc", 1)].into());
    life.end().await;
}

#[tokio::test]
async fn what_another_tool_has_under_our_name_is_refused_by_its_owner() {
    let life = Life::begin().await;
    let mut stack = stack();
    let vpc = stack.add("main", Vpc::new("10.0.0.0/16".parse().unwrap())).unwrap();
    life.apply(&stack).await;
    let (ec2, id) = (&life.aws.ec2, life.id("ec2.vpc:main"));
    let tag = Tag::builder().key("ManagedBy").value("terraform").build();
    let tags = TagSpecification::builder().resource_type(ResourceType::SecurityGroup).tags(tag);
    let call = ec2.create_security_group().vpc_id(id).group_name("blog-web").description("theirs");
    let made = call.tag_specifications(tags.build()).send().await.unwrap();
    let (name, description) = ("blog-web".parse().unwrap(), "ours".to_owned());
    stack.add("web", SecurityGroup { vpc, name, description, tags: Tags::new() }).unwrap();
    let summary = life.run(&stack, &life.plan(&stack).await).await;
    let [failure] = &summary.failures[..] else { panic!("{summary:#?}") };
    let expected = "a security group `blog-web` exists already: it is what is managed by `terraform` (its tag \
                    ManagedBy)";
    assert!(failure.error.contains(expected), "{}", failure.error);
    ec2.delete_security_group().set_group_id(made.group_id).send().await.unwrap();
    life.end().await;
}
