//! Route tables.

mod fit;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use async_trait::async_trait;
use futures::future::join_all;
use serde::{Deserialize, Serialize};

use super::{Ec2, in_use, internet_gateway, not_found, subnet, vpc};
use crate::failure::{ErrorKind, Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider, Recorded};
use crate::resource::ec2::{self as spec, RouteTableState};
use crate::sim::Sim;
use crate::sim::call::{Looked, only};
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};
use crate::value::Cidr;
use fit::Routing;

/// A route table. Its route to the VPC's own addresses goes without saying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTable {
    /// `vpc-…`
    pub vpc: String,
    /// Where packets go, by destination: `igw-…`
    pub routes: BTreeMap<Cidr, String>,
    /// The subnets that live by this table, by `rtbassoc-…`
    pub associations: BTreeMap<String, String>,
}

const NOT_FOUND: &str = "InvalidRouteTableID.NotFound";
const NO_ASSOCIATION: &str = "InvalidAssociationID.NotFound";

impl RouteTable {
    pub(super) fn new(vpc: &str) -> Self {
        Self { vpc: vpc.to_owned(), routes: BTreeMap::new(), associations: BTreeMap::new() }
    }

    /// Where packets to `address` go: the most special route decides.
    pub(super) fn route(&self, address: Ipv4Addr) -> Option<&str> {
        let fitting = self.routes.iter().filter(|(destination, _)| destination.has(address));
        let (_, target) = fitting.max_by_key(|(destination, _)| destination.prefix())?;
        Some(target)
    }
}

impl Ec2 {
    /// The table that a subnet lives by, with its id: its own, or the main one of its VPC.
    pub(super) fn table_of(&self, subnet: &str) -> Option<(&str, &RouteTable)> {
        let mut tables = self.route_tables.iter();
        let own = tables.find(|(_, table)| table.associations.values().any(|it| it == subnet));
        let (id, table) = own.or_else(|| {
            let vpc = self.vpcs.get(&self.subnets.get(subnet)?.vpc)?;
            self.route_tables.get_key_value(&vpc.main_table)
        })?;
        Some((id, table))
    }
}

impl World {
    /// `CreateRouteTable`.
    ///
    /// # Errors
    /// `InvalidVpcID.NotFound`; `RouteTableLimitExceeded`.
    pub fn create_route_table(&mut self, vpc: &str, tags: TagMap) -> Result<String, Refusal> {
        let ec2 = &self.ec2;
        ec2.seen(&ec2.vpcs, vpc, vpc::NOT_FOUND)?;
        let others = ec2.route_tables.values().filter(|table| table.vpc == vpc);
        if others.count() >= self.quotas.route_tables_per_vpc {
            let message = "The maximum number of route tables has been reached.";
            return Err(Refusal::new("RouteTableLimitExceeded", message));
        }
        let id = self.ec2_new("rtb", tags);
        self.ec2.route_tables.insert(id.clone(), RouteTable::new(vpc));
        Ok(id)
    }

    /// `CreateRoute`.
    ///
    /// # Errors
    /// `InvalidRouteTableID.NotFound`; `InvalidInternetGatewayID.NotFound`; `InvalidParameterValue` for a gateway that is
    /// not attached to the table's VPC; `RouteAlreadyExists`; `RouteLimitExceeded`.
    pub fn create_route(
        &mut self,
        table: &str,
        destination: Cidr,
        gateway: &str,
    ) -> Result<(), Refusal> {
        self.check_gateway(table, gateway)?;
        let routes = &self.ec2.route_tables[table].routes;
        if routes.contains_key(&destination) {
            let message = format!("The route identified by {destination} already exists.");
            return Err(Refusal::new("RouteAlreadyExists", message));
        }
        if routes.len() >= self.quotas.routes_per_table {
            let message = "The maximum number of routes has been reached.";
            return Err(Refusal::new("RouteLimitExceeded", message));
        }
        self.set_route(table, destination, gateway);
        Ok(())
    }

    /// `ReplaceRoute`.
    ///
    /// # Errors
    /// As [`World::create_route`]; `InvalidParameterValue` when there is no such route.
    pub fn replace_route(
        &mut self,
        table: &str,
        destination: Cidr,
        gateway: &str,
    ) -> Result<(), Refusal> {
        self.check_gateway(table, gateway)?;
        if !self.ec2.route_tables[table].routes.contains_key(&destination) {
            let message = format!("There is no route defined for '{destination}' in the table.");
            return Err(Refusal::new("InvalidParameterValue", message));
        }
        self.set_route(table, destination, gateway);
        Ok(())
    }

    fn check_gateway(&self, table: &str, gateway: &str) -> Result<(), Refusal> {
        let ec2 = &self.ec2;
        let vpc = &ec2.seen(&ec2.route_tables, table, NOT_FOUND)?.vpc;
        let attached = ec2.seen(&ec2.internet_gateways, gateway, internet_gateway::NOT_FOUND)?;
        if attached.vpc.as_ref() != Some(vpc) {
            let message = format!(
                "route table {table} and network gateway {gateway} belong to different networks"
            );
            return Err(Refusal::new("InvalidParameterValue", message));
        }
        Ok(())
    }

    fn set_route(&mut self, table: &str, destination: Cidr, gateway: &str) {
        if let Some(table) = self.ec2.route_tables.get_mut(table) {
            table.routes.insert(destination, gateway.to_owned());
        }
    }

    /// `DeleteRoute`.
    ///
    /// # Errors
    /// `InvalidRouteTableID.NotFound`; `InvalidRoute.NotFound`.
    pub fn delete_route(&mut self, table: &str, destination: Cidr) -> Result<(), Refusal> {
        let found = self.ec2.route_tables.get_mut(table);
        let routes = &mut found.ok_or_else(|| not_found(NOT_FOUND, table))?.routes;
        routes.remove(&destination).map(drop).ok_or_else(|| {
            let message = format!("no route with destination-cidr-block {destination} in {table}");
            Refusal::new("InvalidRoute.NotFound", message)
        })
    }

    /// `AssociateRouteTable`.
    ///
    /// # Errors
    /// `InvalidRouteTableID.NotFound`; `InvalidSubnetID.NotFound`; `InvalidParameterValue` for a subnet of another VPC;
    /// `Resource.AlreadyAssociated` when the subnet is associated with any table.
    pub fn associate_route_table(&mut self, table: &str, subnet: &str) -> Result<String, Refusal> {
        let ec2 = &self.ec2;
        let vpc = &ec2.seen(&ec2.route_tables, table, NOT_FOUND)?.vpc;
        if ec2.seen(&ec2.subnets, subnet, subnet::NOT_FOUND)?.vpc != *vpc {
            let message =
                format!("Route table {table} and subnet {subnet} belong to different networks");
            return Err(Refusal::new("InvalidParameterValue", message));
        }
        let mut associations = ec2.route_tables.values().flat_map(|table| &table.associations);
        if associations.any(|(_, other)| other == subnet) {
            let message = format!(
                "the specified association for route table {table} conflicts with an existing association"
            );
            return Err(Refusal::new("Resource.AlreadyAssociated", message));
        }
        let id = self.id("rtbassoc");
        if let Some(table) = self.ec2.route_tables.get_mut(table) {
            table.associations.insert(id.clone(), subnet.to_owned());
        }
        Ok(id)
    }

    /// `DisassociateRouteTable`.
    ///
    /// # Errors
    /// `InvalidAssociationID.NotFound`.
    pub fn disassociate_route_table(&mut self, association: &str) -> Result<(), Refusal> {
        let mut tables = self.ec2.route_tables.values_mut();
        let removed = tables.find_map(|table| table.associations.remove(association));
        removed.map(drop).ok_or_else(|| not_found(NO_ASSOCIATION, association))
    }

    /// `ReplaceRouteTableAssociation`.
    ///
    /// # Errors
    /// As [`World::disassociate_route_table`] and [`World::associate_route_table`].
    pub fn replace_association(
        &mut self,
        association: &str,
        table: &str,
    ) -> Result<String, Refusal> {
        self.ec2.seen(&self.ec2.route_tables, table, NOT_FOUND)?;
        let tables = self.ec2.route_tables.values();
        let mut associations = tables.flat_map(|table| &table.associations);
        let subnet = associations.find(|(id, _)| *id == association).map(|(_, subnet)| subnet);
        let subnet = subnet.ok_or_else(|| not_found(NO_ASSOCIATION, association))?.clone();
        self.disassociate_route_table(association)?;
        self.associate_route_table(table, &subnet)
    }

    /// `DeleteRouteTable`.
    ///
    /// # Errors
    /// `InvalidRouteTableID.NotFound`; `DependencyViolation` while a subnet is associated with it, and always for the
    /// main table of a VPC.
    pub fn delete_route_table(&mut self, id: &str) -> Result<(), Refusal> {
        let table = self.ec2.route_tables.get(id).ok_or_else(|| not_found(NOT_FOUND, id))?;
        let is_main = self.ec2.vpcs.values().any(|vpc| vpc.main_table == id);
        if is_main || !table.associations.is_empty() {
            let message = format!("The routeTable '{id}' has dependencies and cannot be deleted.");
            return Err(in_use(message));
        }
        self.ec2.route_tables.remove(id);
        self.ec2.forget(id);
        Ok(())
    }
}

#[async_trait]
impl Provider<spec::RouteTable> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        _: &spec::RouteTable,
    ) -> Result<Option<RouteTableState>, ProviderError> {
        self.call(cx, "ec2", "DescribeRouteTables", |world| {
            let id = world.ec2.owned("rtb", cx);
            let found = id.and_then(|id| Some((id, world.ec2.route_tables.get(id)?)));
            Ok(found.map(|(id, table)| state(id, &table.associations)))
        })
        .await
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::RouteTable,
    ) -> Result<RouteTableState, ProviderError> {
        let vpc = cx.state_of(&spec.vpc)?.id;
        self.call(cx, "ec2", "CreateRouteTable", |world| {
            let id = world.create_route_table(&vpc, owned(cx, &spec.tags))?;
            Ok(RouteTableState { id, associations: Vec::new() })
        })
        .await
    }

    async fn configure(
        &self,
        cx: &Cx,
        spec: &spec::RouteTable,
        state: &RouteTableState,
    ) -> Result<RouteTableState, ProviderError> {
        let wanted = Routing::wanted(cx, spec)?;
        match self.fit_table(cx, &state.id, &wanted, &Routing::default()).await {
            // An earlier call may have done a part.
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                self.refit_table(cx, &state.id, &wanted).await
            }
            fitted => fitted,
        }
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::RouteTable,
        state: &RouteTableState,
    ) -> Result<Option<Observed<RouteTableState>>, ProviderError> {
        let (cx, spec, state) = (cx.clone(), spec.clone(), state.clone());
        only::<spec::RouteTable>(self.read_many(&[Recorded { cx, spec, state }]).await)
    }

    async fn read_many(
        &self,
        objects: &[Recorded<spec::RouteTable>],
    ) -> Vec<Looked<spec::RouteTable>> {
        self.call_about(objects, "ec2", "DescribeRouteTables", |world, recorded| {
            let Recorded { cx, spec, state: known } = recorded;
            let Ok(table) = world.ec2.seen(&world.ec2.route_tables, &known.id, NOT_FOUND) else {
                return Ok(None);
            };
            let (routing, actual) = (Routing::wanted(cx, spec)?, Routing::of(table));
            let mut drift = Drifts::new();
            drift
                .reference("vpc", &cx.state_of(&spec.vpc)?.id, Some(&table.vpc))
                .field("routes", &routing.routes, Some(actual.routes.clone()))
                .field("subnets", &routing.subnets(), Some(actual.subnets()))
                .tags(cx, &spec.tags, &world.ec2.tags_of(&known.id));
            Ok(Some(Observed::ready(state(&known.id, &table.associations)).drifted(drift)))
        })
        .await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::RouteTable,
        state: &RouteTableState,
        changed: &[String],
    ) -> Result<RouteTableState, ProviderError> {
        let changes = |field: &str| changed.iter().any(|it| it == field);
        if changes("tags") {
            self.ec2_retag(cx, &state.id, &spec.tags).await?;
        }
        if changes("routes") || changes("subnets") {
            return self.refit_table(cx, &state.id, &Routing::wanted(cx, spec)?).await;
        }
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &spec::RouteTable,
        id: &str,
    ) -> Result<Option<RouteTableState>, ProviderError> {
        Ok(Some(RouteTableState { id: id.to_owned(), associations: Vec::new() }))
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::RouteTable,
        state: &RouteTableState,
    ) -> Result<(), ProviderError> {
        let associations = state.associations.iter();
        let left = join_all(associations.map(async |(_, association)| {
            let leave = |world: &mut World| world.disassociate_route_table(association);
            self.call(cx, "ec2", "DisassociateRouteTable", leave).await.gone()
        }));
        left.await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let delete = |world: &mut World| world.delete_route_table(&state.id);
        self.call(cx, "ec2", "DeleteRouteTable", delete).await.gone().map(drop)
    }
}

fn state(id: &str, associations: &BTreeMap<String, String>) -> RouteTableState {
    let associations = associations.iter();
    let by_subnet: BTreeMap<_, _> =
        associations.map(|(id, subnet)| (subnet.clone(), id.clone())).collect();
    RouteTableState { id: id.to_owned(), associations: by_subnet.into_iter().collect() }
}
