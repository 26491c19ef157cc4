//! Bringing a route table to what its spec says.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join, join_all};

use super::{RouteTable, state};
use crate::failure::{Gone, ProviderError};
use crate::provider::Cx;
use crate::resource::ec2::{self as spec, Hop, RouteTableState};
use crate::sim::Sim;
use crate::sim::world::World;
use crate::value::Cidr;

/// What a route table says, or is to say.
#[derive(Clone, Debug, Default)]
pub(super) struct Routing {
    pub(super) routes: BTreeMap<Cidr, String>,
    /// The subnets by their associations. Those that are only wanted have none: they stand by themselves.
    pub(super) associations: BTreeMap<String, String>,
    /// Associations of subnets with other tables.
    elsewhere: BTreeMap<String, String>,
}

impl Routing {
    pub(super) fn wanted(cx: &Cx, spec: &spec::RouteTable) -> Result<Self, ProviderError> {
        let routes = spec.routes.iter().map(|route| {
            let Hop::InternetGateway(gateway) = &route.via;
            Ok((route.destination, cx.state_of(gateway)?.id))
        });
        let subnets = spec.subnets.iter().map(|subnet| {
            let id = cx.state_of(subnet)?.id;
            Ok((id.clone(), id))
        });
        let associations = subnets.collect::<Result<_, ProviderError>>()?;
        let routes = routes.collect::<Result<_, ProviderError>>()?;
        Ok(Self { routes, associations, elsewhere: BTreeMap::new() })
    }

    pub(super) fn of(table: &RouteTable) -> Self {
        let RouteTable { routes, associations, .. } = table.clone();
        Self { routes, associations, elsewhere: BTreeMap::new() }
    }

    pub(super) fn subnets(&self) -> BTreeSet<String> {
        self.associations.values().cloned().collect()
    }
}

impl Sim {
    /// What the table says now.
    pub(super) async fn routing(&self, cx: &Cx, table: &str) -> Result<Routing, ProviderError> {
        self.call(cx, "ec2", "DescribeRouteTables", |world| {
            let tables = &world.ec2.route_tables;
            let mut routing = tables.get(table).map(Routing::of).unwrap_or_default();
            let others = tables.iter().filter(|(id, _)| *id != table);
            routing.elsewhere = others.flat_map(|(_, other)| other.associations.clone()).collect();
            Ok(routing)
        })
        .await
    }

    /// Looks what the table says, and brings it to what is wanted.
    pub(super) async fn refit_table(
        &self,
        cx: &Cx,
        table: &str,
        wanted: &Routing,
    ) -> Result<RouteTableState, ProviderError> {
        let now = self.routing(cx, table).await?;
        self.fit_table(cx, table, wanted, &now).await
    }

    /// Brings a table that says `now` to what is wanted, all calls at once.
    pub(super) async fn fit_table(
        &self,
        cx: &Cx,
        table: &str,
        wanted: &Routing,
        now: &Routing,
    ) -> Result<RouteTableState, ProviderError> {
        let routes = self.fit_routes(cx, table, wanted, now);
        let (routes, joined) = join(routes, self.fit_subnets(cx, table, wanted, now)).await;
        routes?;
        let wanted = wanted.subnets();
        let stayed = now.associations.clone().into_iter();
        let stayed = stayed.filter(|(_, subnet)| wanted.contains(subnet));
        Ok(state(table, &stayed.chain(joined?).collect()))
    }

    async fn fit_routes(
        &self,
        cx: &Cx,
        table: &str,
        wanted: &Routing,
        now: &Routing,
    ) -> Result<(), ProviderError> {
        let differ = wanted.routes.iter().filter(|(to, via)| now.routes.get(*to) != Some(*via));
        let sets = differ.map(async |(to, via)| match now.routes.contains_key(to) {
            true => {
                let replace = |world: &mut World| world.replace_route(table, *to, via);
                self.call(cx, "ec2", "ReplaceRoute", replace).await
            }
            false => {
                let create = |world: &mut World| world.create_route(table, *to, via);
                self.call(cx, "ec2", "CreateRoute", create).await
            }
        });
        let over = now.routes.keys().filter(|to| !wanted.routes.contains_key(*to));
        let deletes = over.map(async |to| {
            let delete = |world: &mut World| world.delete_route(table, *to);
            self.call(cx, "ec2", "DeleteRoute", delete).await.gone().map(drop)
        });
        let (set, deleted) = join(join_all(sets), join_all(deletes)).await;
        set.into_iter().chain(deleted).collect()
    }

    /// Returns the associations that were made, with their subnets.
    async fn fit_subnets(
        &self,
        cx: &Cx,
        table: &str,
        wanted: &Routing,
        now: &Routing,
    ) -> Result<BTreeMap<String, String>, ProviderError> {
        let (is, be) = (now.subnets(), wanted.subnets());
        let joins = be.difference(&is).map(async |subnet| {
            let elsewhere = now.elsewhere.iter().find(|(_, other)| *other == subnet);
            let joined = match elsewhere {
                Some((association, _)) => {
                    let replace = |world: &mut World| world.replace_association(association, table);
                    self.call(cx, "ec2", "ReplaceRouteTableAssociation", replace).await
                }
                None => {
                    let associate = |world: &mut World| world.associate_route_table(table, subnet);
                    self.call(cx, "ec2", "AssociateRouteTable", associate).await
                }
            };
            joined.map(|association| (association, subnet.clone()))
        });
        let over = now.associations.iter().filter(|(_, subnet)| !be.contains(*subnet));
        let leaves = over.map(async |(association, _)| {
            let leave = |world: &mut World| world.disassociate_route_table(association);
            self.call(cx, "ec2", "DisassociateRouteTable", leave).await.gone().map(drop)
        });
        let (joined, left) = join(join_all(joins), join_all(leaves)).await;
        left.into_iter().collect::<Result<(), _>>()?;
        joined.into_iter().collect()
    }
}
