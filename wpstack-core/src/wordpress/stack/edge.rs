//! What visitors reach: the load balancer, its listener and the target group behind it.

use super::ComposeError;
use super::network::Network;
use crate::resource::elb::{HealthCheck, Listener, LoadBalancer, TargetGroup};
use crate::stack::{Ref, Stack};
use crate::value::{LoadBalancerName, Port, TargetGroupName};
use crate::wordpress::Config;

pub(super) struct Edge {
    pub(super) target_group: Ref<TargetGroup>,
    pub(super) listener: Ref<Listener>,
}

pub(super) fn edge(
    stack: &mut Stack,
    config: &Config,
    network: &Network,
) -> Result<Edge, ComposeError> {
    let name = config.name.as_str();
    let (settings, check) = (&config.load_balancer, &config.health_check);
    let load_balancer = LoadBalancer {
        name: LoadBalancerName::join(&[name, "alb"])?,
        subnets: network.public.clone(),
        groups: vec![network.groups.load_balancer.clone()],
        gateway: network.gateway.ready(),
        idle_timeout: settings.idle_timeout,
        deletion_protection: false,
        drop_invalid_headers: true,
        tags: config.tags.clone(),
    };
    let load_balancer = stack.add("main", load_balancer)?;
    stack.output("load_balancer_dns_name", &load_balancer, |state| Some(state.dns_name.clone()));
    let target_group = TargetGroup {
        name: TargetGroupName::join(&[name, "wordpress"])?,
        vpc: network.vpc.clone(),
        // Only what a target without a port of its own would have. ECS gives each the port of its host, so another image
        // needs no other group.
        port: config.service.port.unwrap_or(Port::HTTP),
        health_check: HealthCheck {
            path: config.health_path(),
            codes: check.codes.clone(),
            interval: check.interval,
            timeout: check.timeout,
            healthy: check.healthy,
            unhealthy: check.unhealthy,
        },
        deregistration_delay: settings.deregistration_delay,
        tags: config.tags.clone(),
    };
    let target_group = stack.add("wordpress", target_group)?;
    let listener = Listener {
        load_balancer,
        port: Port::HTTP,
        target_group: target_group.clone(),
        tags: config.tags.clone(),
    };
    let listener = stack.add("http", listener)?;
    Ok(Edge { target_group, listener })
}
