//! `ec2.route-table`

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    Filter, ResourceType, Route as ToldRoute, RouteOrigin, RouteTable as Told,
};
use futures::future::{try_join, try_join_all, try_join3};
use wpstack_core::resource::ec2::{Hop, RouteTable, RouteTableState};
use wpstack_core::{Cx, Drifts, ErrorKind, Gone, Observed, Provider, ProviderError, Recorded};

use super::{EC2, by_id, filter, owned, tagged};
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, delete_unless_used, has, look, read_one, when};
use crate::tags::TagSet;

#[async_trait]
impl Provider<RouteTable> for Aws {
    async fn find(
        &self,
        cx: &Cx,
        _: &RouteTable,
    ) -> Result<Option<RouteTableState>, ProviderError> {
        let found = self.route_tables(owned(cx)).await?;
        found.first().map(|table| state(table, "DescribeRouteTables")).transpose()
    }

    async fn create(&self, cx: &Cx, spec: &RouteTable) -> Result<RouteTableState, ProviderError> {
        let call = self
            .ec2
            .create_route_table()
            .client_token(cx.token("create"))
            .vpc_id(cx.state_of(&spec.vpc)?.id)
            .tag_specifications(tagged(ResourceType::RouteTable, cx, &spec.tags));
        let answer = call.send().await.call(EC2, "CreateRouteTable")?;
        state(&answer.route_table.told(EC2, "CreateRouteTable", "the table")?, "CreateRouteTable")
    }

    async fn configure(
        &self,
        cx: &Cx,
        spec: &RouteTable,
        state: &RouteTableState,
    ) -> Result<RouteTableState, ProviderError> {
        if !state.associations.is_empty() {
            // It has been given something before, which need not be what is wanted now.
            return self.converge(cx, spec, state).await;
        }
        let (routes, subnets) = (wanted_routes(cx, spec)?, wanted_subnets(cx, spec)?);
        let routes = routes.iter().map(|(to, via)| self.route(&state.id, to, via, false));
        let join = subnets.iter().map(|subnet| self.associate(&state.id, subnet));
        let (_, associations) = try_join(try_join_all(routes), try_join_all(join)).await?;
        Ok(RouteTableState { associations, ..state.clone() })
    }

    async fn read(&self, cx: &Cx, spec: &RouteTable, state: &RouteTableState) -> Look<RouteTable> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<RouteTable>]) -> Vec<Look<RouteTable>> {
        let told = by_id("route-table-id", objects, |filters| self.route_tables(filters)).await;
        look(objects, told, Told::route_table_id, observe)
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &RouteTable,
        state: &RouteTableState,
        changed: &[String],
    ) -> Result<RouteTableState, ProviderError> {
        let tags = when(has(changed, "tags"), self.retag(cx, &state.id, &spec.tags));
        let rest = async {
            match has(changed, "routes") || has(changed, "subnets") {
                true => self.converge(cx, spec, state).await,
                false => Ok(state.clone()),
            }
        };
        let (state, ()) = try_join(rest, tags).await?;
        Ok(state)
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &RouteTable,
        id: &str,
    ) -> Result<Option<RouteTableState>, ProviderError> {
        Ok(Some(RouteTableState { id: id.to_owned(), associations: Vec::new() }))
    }

    async fn delete(
        &self,
        _: &Cx,
        _: &RouteTable,
        state: &RouteTableState,
    ) -> Result<(), ProviderError> {
        let recorded = state.associations.iter().map(|(_, association)| association);
        try_join_all(recorded.map(|id| self.disassociate(id))).await?;
        // A run that was killed may have made more associations than it recorded.
        let leave = async {
            let told = self.route_table(&state.id).await?;
            let associations = told.as_ref().map(associations).unwrap_or_default();
            try_join_all(associations.values().map(|id| self.disassociate(id))).await
        };
        delete_unless_used(|| self.delete_route_table(&state.id), leave).await
    }
}

impl Aws {
    async fn route_tables(&self, filters: Vec<Filter>) -> Result<Vec<Told>, ProviderError> {
        let pages = self.ec2.describe_route_tables().set_filters(Some(filters)).into_paginator();
        let tables: Result<_, _> = pages.items().send().collect().await;
        tables.call(EC2, "DescribeRouteTables")
    }

    async fn delete_route_table(&self, id: &str) -> Result<(), ProviderError> {
        let call = self.ec2.delete_route_table().route_table_id(id);
        call.send().await.call(EC2, "DeleteRouteTable").gone().map(drop)
    }

    async fn route_table(&self, id: &str) -> Result<Option<Told>, ProviderError> {
        let filters = vec![filter("route-table-id", vec![id.to_owned()])];
        Ok(self.route_tables(filters).await?.into_iter().next())
    }

    /// Gives the table its routes and its subnets, and takes from it what is not wanted.
    async fn converge(
        &self,
        cx: &Cx,
        spec: &RouteTable,
        state: &RouteTableState,
    ) -> Result<RouteTableState, ProviderError> {
        let id = &state.id;
        let Some(told) = self.route_table(id).await? else {
            let message = format!("there is no {id}");
            return Err(ProviderError::new(
                ErrorKind::NotFound,
                EC2,
                "DescribeRouteTables",
                message,
            ));
        };
        let (routes, subnets) = (wanted_routes(cx, spec)?, wanted_subnets(cx, spec)?);
        let (has_routes, mut has_subnets) = (routes_of(&told), associations(&told));
        let stray: Vec<_> = has_routes.keys().filter(|to| !routes.contains_key(*to)).collect();
        let route = routes.iter().filter_map(|(to, via)| match has_routes.get(to) {
            Some(now) if now == via => None,
            now => Some(self.route(id, to, via, now.is_some())),
        });
        let unroute = stray.into_iter().map(|to| self.unroute(id, to));
        let leave: Vec<_> =
            has_subnets.extract_if(.., |subnet, _| !subnets.contains(subnet)).collect();
        let join = subnets.iter().filter(|subnet| !has_subnets.contains_key(*subnet));
        let join = try_join_all(join.map(|subnet| self.associate(id, subnet)));
        let leave =
            try_join_all(leave.iter().map(|(_, association)| self.disassociate(association)));
        let routing = try_join(try_join_all(route), try_join_all(unroute));
        let (_, joined, _) = try_join3(routing, join, leave).await?;
        let associations = has_subnets.into_iter().chain(joined).collect::<BTreeMap<_, _>>();
        Ok(RouteTableState { id: id.clone(), associations: associations.into_iter().collect() })
    }

    async fn route(
        &self,
        table: &str,
        to: &str,
        via: &str,
        replace: bool,
    ) -> Result<(), ProviderError> {
        if !replace {
            let call = self.ec2.create_route().route_table_id(table);
            let call = call.destination_cidr_block(to).gateway_id(via);
            match call.send().await.call(EC2, "CreateRoute") {
                // An earlier attempt made it, unseen by the question that was asked meanwhile.
                Err(error) if error.kind == ErrorKind::AlreadyExists => {}
                made => return made.map(drop),
            }
        }
        let call = self.ec2.replace_route().route_table_id(table);
        let call = call.destination_cidr_block(to).gateway_id(via);
        call.send().await.call(EC2, "ReplaceRoute").map(drop)
    }

    async fn unroute(&self, table: &str, to: &str) -> Result<(), ProviderError> {
        let call = self.ec2.delete_route().route_table_id(table).destination_cidr_block(to);
        call.send().await.call(EC2, "DeleteRoute").gone().map(drop)
    }

    /// Associates a subnet, whatever other table it is associated with. Returns both ids.
    async fn associate(
        &self,
        table: &str,
        subnet: &str,
    ) -> Result<(String, String), ProviderError> {
        let call = self.ec2.associate_route_table().route_table_id(table).subnet_id(subnet);
        let id = match call.send().await.call(EC2, "AssociateRouteTable") {
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                self.reassociate(table, subnet).await?.ok_or(error)?
            }
            made => {
                made?.association_id.told(EC2, "AssociateRouteTable", "the association's id")?
            }
        };
        Ok((subnet.to_owned(), id))
    }

    /// Takes a subnet over from the table it is associated with; `None` when there is none.
    async fn reassociate(
        &self,
        table: &str,
        subnet: &str,
    ) -> Result<Option<String>, ProviderError> {
        let filters = vec![filter("association.subnet-id", vec![subnet.to_owned()])];
        let found = self.route_tables(filters).await?;
        let Some(now) = found.first() else { return Ok(None) };
        let Some(association) = associations(now).remove(subnet) else { return Ok(None) };
        if now.route_table_id() == Some(table) {
            return Ok(Some(association));
        }
        let call = self.ec2.replace_route_table_association();
        let call = call.association_id(association).route_table_id(table);
        let answer = call.send().await.call(EC2, "ReplaceRouteTableAssociation")?;
        Ok(answer.new_association_id)
    }

    async fn disassociate(&self, association: &str) -> Result<(), ProviderError> {
        let call = self.ec2.disassociate_route_table().association_id(association);
        call.send().await.call(EC2, "DisassociateRouteTable").gone().map(drop)
    }
}

/// Destinations, each with the id of what its traffic goes through.
type Routes = BTreeMap<String, String>;

fn wanted_routes(cx: &Cx, spec: &RouteTable) -> Result<Routes, ProviderError> {
    let routes = spec.routes.iter().map(|route| {
        let Hop::InternetGateway(gateway) = &route.via;
        Ok((route.destination.to_string(), cx.state_of(gateway)?.id))
    });
    routes.collect()
}

fn wanted_subnets(cx: &Cx, spec: &RouteTable) -> Result<BTreeSet<String>, ProviderError> {
    spec.subnets.iter().map(|subnet| Ok(cx.state_of(subnet)?.id)).collect()
}

/// The routes that somebody made: neither the one inside the network nor propagated ones.
fn routes_of(told: &Told) -> Routes {
    let made = |route: &&ToldRoute| route.origin() == Some(&RouteOrigin::CreateRoute);
    let routes = told.routes().iter().filter(made).filter_map(|route| {
        let via = route.gateway_id().or_else(|| route.nat_gateway_id());
        let via = via.or_else(|| route.network_interface_id()).unwrap_or("something else");
        let to = route.destination_cidr_block().or_else(|| route.destination_ipv6_cidr_block());
        Some((to?.to_owned(), via.to_owned()))
    });
    routes.collect()
}

/// The associations with subnets: their ids, by the subnets'.
fn associations(told: &Told) -> BTreeMap<String, String> {
    let associations = told.associations().iter().filter_map(|association| {
        let id = association.route_table_association_id()?;
        Some((association.subnet_id()?.to_owned(), id.to_owned()))
    });
    associations.collect()
}

fn state(told: &Told, operation: &'static str) -> Result<RouteTableState, ProviderError> {
    let id = told.route_table_id.clone().told(EC2, operation, "the table's id")?;
    Ok(RouteTableState { id, associations: associations(told).into_iter().collect() })
}

fn observe(
    object: &Recorded<RouteTable>,
    told: &Told,
) -> Result<Observed<RouteTableState>, ProviderError> {
    let Recorded { cx, spec, .. } = object;
    let (routes, associations) = (routes_of(told), associations(told));
    let subnets: BTreeSet<String> = associations.keys().cloned().collect();
    let mut drifts = Drifts::new();
    drifts
        .reference("vpc", &cx.state_of(&spec.vpc)?.id, told.vpc_id())
        .field("routes", &wanted_routes(cx, spec)?, Some(routes))
        .field("subnets", &wanted_subnets(cx, spec)?, Some(subnets));
    TagSet::wanted(cx, &spec.tags).compare(&TagSet::actual(told.tags()), &mut drifts);
    Ok(Observed::ready(state(told, "DescribeRouteTables")?).drifted(drifts))
}
