//! `ec2.route-table`

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::associate_route_table::AssociateRouteTableOutput;
use aws_sdk_ec2::operation::create_route::CreateRouteOutput;
use aws_sdk_ec2::operation::create_route_table::CreateRouteTableOutput;
use aws_sdk_ec2::operation::delete_route::DeleteRouteOutput;
use aws_sdk_ec2::operation::delete_route_table::DeleteRouteTableOutput;
use aws_sdk_ec2::operation::describe_route_tables::DescribeRouteTablesOutput;
use aws_sdk_ec2::operation::disassociate_route_table::DisassociateRouteTableOutput;
use aws_sdk_ec2::operation::replace_route::ReplaceRouteOutput;
use aws_sdk_ec2::operation::replace_route_table_association::ReplaceRouteTableAssociationOutput;
use aws_sdk_ec2::types::{
    Route as ToldRoute, RouteOrigin, RouteTable as Told, RouteTableAssociation,
};
use wpstack_core::resource::ec2::{
    Hop, InternetGateway, InternetGatewayState, Route, RouteTable, RouteTableState, Subnet,
    SubnetState, Vpc, VpcState,
};
use wpstack_core::value::Tags;
use wpstack_core::{Cx, ErrorKind, Provider, Recorded};
use wpstack_testkit::mock::{Rule, ec2_error, mock};

use super::{asks_for, tagged, tags_it};
use crate::support::{Scene, changed, mocked, with_ec2};

/// A table with a way out, for the subnets `subnet-a` and `subnet-b`.
fn scene() -> (Scene, RouteTable) {
    let mut scene = Scene::new();
    let vpc = Vpc::new("10.0.0.0/16".parse().unwrap());
    let vpc = scene.exists("main", vpc, &VpcState { id: "vpc-1".to_owned() });
    let gateway = InternetGateway { vpc: vpc.clone(), tags: Tags::new() };
    let state = InternetGatewayState { id: "igw-1".to_owned(), vpc_id: "vpc-1".to_owned() };
    let gateway = scene.exists("out", gateway, &state);
    let mut subnet = |name: &str, cidr: &str| {
        let zone = format!("eu-west-1{name}").parse().unwrap();
        let subnet = Subnet::new(&vpc, cidr.parse().unwrap(), zone);
        scene.exists(name, subnet, &SubnetState { id: format!("subnet-{name}") })
    };
    let subnets = vec![subnet("a", "10.0.0.0/24"), subnet("b", "10.0.1.0/24")];
    let via = Hop::InternetGateway(gateway.ready());
    let routes = vec![Route { destination: "0.0.0.0/0".parse().unwrap(), via }];
    (scene, RouteTable { vpc, routes, subnets, tags: Tags::new() })
}

fn cx() -> Cx {
    scene().0.cx::<RouteTable>("public")
}

fn state(associations: &[(&str, &str)]) -> RouteTableState {
    let own = |(subnet, id): &(&str, &str)| ((*subnet).to_owned(), (*id).to_owned());
    RouteTableState { id: "rtb-1".to_owned(), associations: associations.iter().map(own).collect() }
}

fn told(routes: &[(&str, &str)], associations: &[(&str, &str)]) -> Told {
    let local = ToldRoute::builder().destination_cidr_block("10.0.0.0/16").gateway_id("local");
    let local = local.origin(RouteOrigin::CreateRouteTable).build();
    let route = |(to, via): &(&str, &str)| {
        let route = ToldRoute::builder().destination_cidr_block(*to).gateway_id(*via);
        route.origin(RouteOrigin::CreateRoute).build()
    };
    let association = |(subnet, id): &(&str, &str)| {
        let it = RouteTableAssociation::builder().subnet_id(*subnet);
        it.route_table_association_id(*id).build()
    };
    Told::builder()
        .route_table_id("rtb-1")
        .vpc_id("vpc-1")
        .set_routes(Some(std::iter::once(local).chain(routes.iter().map(route)).collect()))
        .set_associations(Some(associations.iter().map(association).collect()))
        .set_tags(Some(tagged(&cx(), &Tags::new())))
        .build()
}

fn describes(told: Told) -> Rule {
    mock!(Client::describe_route_tables)
        .match_requests(|it| asks_for(it.filters(), "route-table-id", &["rtb-1"]))
        .then_output(move || {
            DescribeRouteTablesOutput::builder().route_tables(told.clone()).build()
        })
}

fn creates_route() -> Rule {
    mock!(Client::create_route)
        .match_requests(|it| {
            it.route_table_id() == Some("rtb-1")
                && it.destination_cidr_block() == Some("0.0.0.0/0")
                && it.gateway_id() == Some("igw-1")
        })
        .then_output(|| CreateRouteOutput::builder().build())
}

fn replaces_route() -> Rule {
    mock!(Client::replace_route)
        .match_requests(|it| {
            it.route_table_id() == Some("rtb-1")
                && it.destination_cidr_block() == Some("0.0.0.0/0")
                && it.gateway_id() == Some("igw-1")
        })
        .then_output(|| ReplaceRouteOutput::builder().build())
}

fn associates(subnet: &'static str, id: &'static str) -> Rule {
    mock!(Client::associate_route_table)
        .match_requests(move |it| {
            it.route_table_id() == Some("rtb-1") && it.subnet_id() == Some(subnet)
        })
        .then_output(move || AssociateRouteTableOutput::builder().association_id(id).build())
}

fn disassociates(id: &'static str) -> Rule {
    mock!(Client::disassociate_route_table)
        .match_requests(move |it| it.association_id() == Some(id))
        .then_output(|| DisassociateRouteTableOutput::builder().build())
}

const OUT: (&str, &str) = ("0.0.0.0/0", "igw-1");
const A: (&str, &str) = ("subnet-a", "rtbassoc-a");
const B: (&str, &str) = ("subnet-b", "rtbassoc-b");

#[tokio::test]
async fn the_creating_call_has_a_token_and_tags() {
    let (scene, spec) = scene();
    let cx = scene.cx::<RouteTable>("public");
    let expected = cx.clone();
    let create = mock!(Client::create_route_table)
        .match_requests(move |it| {
            it.vpc_id() == Some("vpc-1")
                && it.client_token() == Some(expected.token("create").as_str())
                && tags_it(it.tag_specifications(), &expected, &Tags::new())
        })
        .then_output(|| CreateRouteTableOutput::builder().route_table(told(&[], &[])).build());
    let aws = with_ec2(mocked!(aws_sdk_ec2, [create]));
    assert_eq!(aws.create(&cx, &spec).await.unwrap(), state(&[]));
}

#[tokio::test]
async fn a_new_table_gets_its_routes_and_subnets() {
    let (_, spec) = scene();
    let (route, a, b) = (creates_route(), associates(A.0, A.1), associates(B.0, B.1));
    let aws = with_ec2(mocked!(aws_sdk_ec2, [route, a, b]));
    let configured = aws.configure(&cx(), &spec, &state(&[])).await.unwrap();
    assert_eq!(configured, state(&[A, B]));
    assert_eq!((route.num_calls(), a.num_calls(), b.num_calls()), (1, 1, 1));
}

#[tokio::test]
async fn what_a_table_was_given_before_and_is_not_wanted_is_taken() {
    let (_, spec) = scene();
    let (route, leave, b) = (creates_route(), disassociates("rtbassoc-c"), associates(B.0, B.1));
    let stray = ("subnet-c", "rtbassoc-c");
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describes(told(&[], &[A, stray])), route, leave, b]));
    let configured = aws.configure(&cx(), &spec, &state(&[A, stray])).await.unwrap();
    assert_eq!(configured, state(&[A, B]));
    assert_eq!((route.num_calls(), leave.num_calls(), b.num_calls()), (1, 1, 1));
}

#[tokio::test]
async fn nothing_is_done_twice() {
    let (_, spec) = scene();
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describes(told(&[OUT], &[A, B]))]));
    let fields = changed(&["routes", "subnets"]);
    let updated = aws.update(&cx(), &spec, &state(&[]), &fields).await.unwrap();
    assert_eq!(updated, state(&[A, B]));
}

#[tokio::test]
async fn a_table_that_is_not_visible_yet_is_not_found() {
    let (_, spec) = scene();
    let describe = mock!(Client::describe_route_tables)
        .then_output(|| DescribeRouteTablesOutput::builder().build());
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describe]));
    let fields = changed(&["routes"]);
    let error = aws.update(&cx(), &spec, &state(&[]), &fields).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn an_update_brings_what_is_wanted_and_takes_the_rest() {
    let (_, spec) = scene();
    let stray = [("0.0.0.0/0", "igw-9"), ("10.9.0.0/16", "igw-9")];
    let describe = describes(told(&stray, &[A, ("subnet-z", "rtbassoc-z")]));
    let (replace, b, leave) = (replaces_route(), associates(B.0, B.1), disassociates("rtbassoc-z"));
    let unroute = mock!(Client::delete_route)
        .match_requests(|it| it.destination_cidr_block() == Some("10.9.0.0/16"))
        .then_output(|| DeleteRouteOutput::builder().build());
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describe, replace, unroute, b, leave]));
    let fields = changed(&["routes", "subnets"]);
    let updated = aws.update(&cx(), &spec, &state(&[A]), &fields).await.unwrap();
    assert_eq!(updated, state(&[A, B]));
    assert_eq!((replace.num_calls(), unroute.num_calls(), leave.num_calls()), (1, 1, 1));
}

#[tokio::test]
async fn what_an_unseen_attempt_made_is_taken_over() {
    let (_, spec) = scene();
    let route = mock!(Client::create_route)
        .then_http_response(|| ec2_error(400, "RouteAlreadyExists", "0.0.0.0/0 exists"));
    let replace = replaces_route();
    let associate = mock!(Client::associate_route_table)
        .then_http_response(|| ec2_error(400, "Resource.AlreadyAssociated", "it is associated"));
    let elsewhere = |subnet: &'static str, table: &'static str, id: &'static str| {
        mock!(Client::describe_route_tables)
            .match_requests(move |it| asks_for(it.filters(), "association.subnet-id", &[subnet]))
            .then_output(move || {
                let association = RouteTableAssociation::builder()
                    .subnet_id(subnet)
                    .route_table_association_id(id);
                let table = Told::builder().route_table_id(table).associations(association.build());
                DescribeRouteTablesOutput::builder().route_tables(table.build()).build()
            })
    };
    let (a, b) = (elsewhere(A.0, "rtb-1", A.1), elsewhere(B.0, "rtb-9", "rtbassoc-9"));
    let take = mock!(Client::replace_route_table_association)
        .match_requests(|it| {
            it.association_id() == Some("rtbassoc-9") && it.route_table_id() == Some("rtb-1")
        })
        .then_output(|| {
            ReplaceRouteTableAssociationOutput::builder().new_association_id(B.1).build()
        });
    let aws = with_ec2(mocked!(aws_sdk_ec2, [route, replace, associate, a, b, take]));
    let configured = aws.configure(&cx(), &spec, &state(&[])).await.unwrap();
    assert_eq!(configured, state(&[A, B]));
    assert_eq!((replace.num_calls(), take.num_calls()), (1, 1));
}

#[tokio::test]
async fn drift_is_told_where_there_is_any() {
    let (scene, spec) = scene();
    let read = async |told| {
        let aws = with_ec2(mocked!(aws_sdk_ec2, [describes(told)]));
        let object: Recorded<RouteTable> = scene.recorded("public", &spec, &state(&[]));
        aws.read(&object.cx, &object.spec, &object.state).await.unwrap().unwrap()
    };
    let same = read(told(&[OUT], &[A, B])).await;
    assert_eq!((same.state, same.drift), (state(&[A, B]), vec![]));
    let other = read(told(&[("0.0.0.0/0", "igw-9")], &[A])).await;
    let drift: Vec<_> =
        other.drift.iter().map(|it| format!("{} {}", it.field, it.actual)).collect();
    assert_eq!(drift, [r#"routes {"0.0.0.0/0":"igw-9"}"#, r#"subnets ["subnet-a"]"#]);
}

#[tokio::test]
async fn it_leaves_its_subnets_before_it_is_deleted() {
    let (_, spec) = scene();
    let delete = mock!(Client::delete_route_table)
        .match_requests(|it| it.route_table_id() == Some("rtb-1"))
        .sequence()
        .output(|| DeleteRouteTableOutput::builder().build())
        .build();
    let (a, b) = (disassociates(A.1), disassociates(B.1));
    let aws = with_ec2(mocked!(aws_sdk_ec2, [a, b, delete]));
    aws.delete(&cx(), &spec, &state(&[A, B])).await.unwrap();
    assert_eq!((a.num_calls(), b.num_calls(), delete.num_calls()), (1, 1, 1));
}

#[tokio::test]
async fn it_leaves_subnets_that_no_record_knows_of() {
    let (_, spec) = scene();
    let delete = mock!(Client::delete_route_table)
        .sequence()
        .http_response(|| ec2_error(400, "DependencyViolation", "it has dependencies"))
        .output(|| DeleteRouteTableOutput::builder().build())
        .build();
    let (a, b) = (disassociates(A.1), disassociates(B.1));
    let aws = with_ec2(mocked!(aws_sdk_ec2, [describes(told(&[OUT], &[A, B])), a, b, delete]));
    // As after a run that was killed.
    aws.delete(&cx(), &spec, &state(&[])).await.unwrap();
    assert_eq!((a.num_calls(), b.num_calls(), delete.num_calls()), (1, 1, 2));
}

#[tokio::test]
async fn a_second_delete_succeeds() {
    let (_, spec) = scene();
    let delete = mock!(Client::delete_route_table)
        .then_http_response(|| ec2_error(400, "InvalidRouteTableID.NotFound", "there is none"));
    let aws = with_ec2(mocked!(aws_sdk_ec2, [delete]));
    aws.delete(&cx(), &spec, &state(&[])).await.unwrap();
}
