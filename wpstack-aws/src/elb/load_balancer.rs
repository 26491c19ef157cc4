//! `elb.load-balancer`

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    LoadBalancer as Told, LoadBalancerAttribute, LoadBalancerSchemeEnum, LoadBalancerStateEnum,
    LoadBalancerTypeEnum,
};
use futures::future::{try_join_all, try_join3, try_join4};
use wpstack_core::resource::elb::{LoadBalancer, LoadBalancerState};
use wpstack_core::value::Seconds;
use wpstack_core::{Cx, Drifts, ErrorKind, Gone, Observed, Provider, ProviderError, Recorded};

use super::{Attributes, ELB, TagsOf, attribute, by_arn};
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, look, read_one, when};
use crate::tags::TagSet;

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html
const IDLE_TIMEOUT: &str = "idle_timeout.timeout_seconds";
const DELETION_PROTECTION: &str = "deletion_protection.enabled";
const DROP_INVALID_HEADERS: &str = "routing.http.drop_invalid_header_fields.enabled";
/// The idle timeout that AWS begins with. The switches begin off.
const DEFAULT_IDLE_TIMEOUT: Seconds = Seconds(60);

#[async_trait]
impl Provider<LoadBalancer> for Aws {
    async fn find(
        &self,
        cx: &Cx,
        spec: &LoadBalancer,
    ) -> Result<Option<LoadBalancerState>, ProviderError> {
        let name = spec.name.generation(cx.generation());
        let call = self.elb.describe_load_balancers().names(name.as_str());
        let answer = call.send().await.call(ELB, "DescribeLoadBalancers").gone()?;
        let told = answer.and_then(|answer| answer.load_balancers.unwrap_or_default().pop());
        let Some(told) = told else { return Ok(None) };
        let state = state(&told, "DescribeLoadBalancers")?;
        let what = format!("a load balancer `{name}`");
        let tags = self.elb_tags_of(&state.arn).await?;
        tags.claim(cx, ELB, "DescribeLoadBalancers", &what)?;
        Ok(Some(state))
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &LoadBalancer,
    ) -> Result<LoadBalancerState, ProviderError> {
        let call = self
            .elb
            .create_load_balancer()
            .name(spec.name.generation(cx.generation()).as_str())
            .r#type(LoadBalancerTypeEnum::Application)
            .scheme(LoadBalancerSchemeEnum::InternetFacing)
            .set_subnets(Some(subnets(cx, spec)?))
            .set_security_groups(Some(groups(cx, spec)?))
            .set_tags(Some(TagSet::wanted(cx, &spec.tags).to_sdk()));
        let answer = call.send().await.call(ELB, "CreateLoadBalancer")?;
        let told = answer.load_balancers.unwrap_or_default().pop();
        let told = told.told(ELB, "CreateLoadBalancer", "the load balancer")?;
        state(&told, "CreateLoadBalancer")
    }

    async fn configure(
        &self,
        _: &Cx,
        spec: &LoadBalancer,
        state: &LoadBalancerState,
    ) -> Result<LoadBalancerState, ProviderError> {
        let attributes = attributes(spec, |attribute| match attribute {
            IDLE_TIMEOUT => spec.idle_timeout != DEFAULT_IDLE_TIMEOUT,
            DELETION_PROTECTION => spec.deletion_protection,
            _ => spec.drop_invalid_headers,
        });
        self.set_load_balancer(&state.arn, attributes).await?;
        Ok(state.clone())
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &LoadBalancer,
        state: &LoadBalancerState,
    ) -> Look<LoadBalancer> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<LoadBalancer>]) -> Vec<Look<LoadBalancer>> {
        let arns: Vec<_> = objects.iter().map(|object| object.state.arn.clone()).collect();
        let told = try_join3(
            by_arn(arns.clone(), |arns| self.load_balancers(arns)),
            self.elb_tags(arns.clone()),
            self.load_balancer_attributes(&arns),
        )
        .await;
        let (told, tags, attributes) = match told {
            Ok((told, tags, attributes)) => (Ok(told), tags, attributes),
            Err(error) => (Err(error), HashMap::new(), HashMap::new()),
        };
        look(objects, told, Told::dns_name, |object, told| {
            observe(object, told, &tags, &attributes)
        })
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &LoadBalancer,
        state: &LoadBalancerState,
        changed: &[String],
    ) -> Result<LoadBalancerState, ProviderError> {
        let arn = &state.arn;
        let attributes = attributes(spec, |attribute| match attribute {
            IDLE_TIMEOUT => has(changed, "idle_timeout"),
            DELETION_PROTECTION => has(changed, "deletion_protection"),
            _ => has(changed, "drop_invalid_headers"),
        });
        let to_subnets = async {
            let call = self.elb.set_subnets().load_balancer_arn(arn);
            let call = call.set_subnets(Some(subnets(cx, spec)?));
            call.send().await.call(ELB, "SetSubnets").map(drop)
        };
        let to_groups = async {
            let call = self.elb.set_security_groups().load_balancer_arn(arn);
            let call = call.set_security_groups(Some(groups(cx, spec)?));
            call.send().await.call(ELB, "SetSecurityGroups").map(drop)
        };
        try_join4(
            when(has(changed, "subnets"), to_subnets),
            when(has(changed, "groups"), to_groups),
            self.set_load_balancer(arn, attributes),
            when(has(changed, "tags"), self.retag_elb(cx, arn, &spec.tags)),
        )
        .await?;
        Ok(state.clone())
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &LoadBalancer,
        id: &str,
    ) -> Result<Option<LoadBalancerState>, ProviderError> {
        let call = self.elb.describe_load_balancers();
        let call = match id.starts_with("arn:") {
            true => call.load_balancer_arns(id),
            false => call.names(id),
        };
        let answer = call.send().await.call(ELB, "DescribeLoadBalancers").gone()?;
        let told = answer.and_then(|answer| answer.load_balancers.unwrap_or_default().pop());
        told.map(|told| state(&told, "DescribeLoadBalancers")).transpose()
    }

    async fn delete(
        &self,
        cx: &Cx,
        spec: &LoadBalancer,
        state: &LoadBalancerState,
    ) -> Result<(), ProviderError> {
        let consent = cx.may_lose_data();
        if spec.deletion_protection && !consent {
            let message = format!("`{}` is protected against deletion", state.dns_name);
            let kind = ErrorKind::Protected;
            return Err(ProviderError::new(kind, ELB, "DeleteLoadBalancer", message));
        }
        // Whatever the spec says: somebody else may have protected it.
        if consent {
            let off = attribute_of(DELETION_PROTECTION, &false);
            self.set_load_balancer(&state.arn, vec![off]).await.gone()?;
        }
        let call = self.elb.delete_load_balancer().load_balancer_arn(&state.arn);
        call.send().await.call(ELB, "DeleteLoadBalancer").gone().map(drop)
    }
}

impl Aws {
    async fn load_balancers(&self, arns: Vec<String>) -> Result<Vec<Told>, ProviderError> {
        let call = self.elb.describe_load_balancers().set_load_balancer_arns(Some(arns));
        let answer = call.send().await.call(ELB, "DescribeLoadBalancers")?;
        Ok(answer.load_balancers.unwrap_or_default())
    }

    /// The attributes of those that exist, by ARN. AWS tells those of one per call.
    async fn load_balancer_attributes(
        &self,
        arns: &[String],
    ) -> Result<HashMap<String, Attributes>, ProviderError> {
        let calls = arns.iter().map(async |arn| {
            let call = self.elb.describe_load_balancer_attributes().load_balancer_arn(arn);
            let answer = call.send().await.call(ELB, "DescribeLoadBalancerAttributes").gone()?;
            let told = answer.and_then(|answer| answer.attributes).unwrap_or_default();
            let pairs = told.into_iter().filter_map(|it| Some((it.key?, it.value?)));
            Ok::<_, ProviderError>((arn.clone(), pairs.collect()))
        });
        Ok(try_join_all(calls).await?.into_iter().collect())
    }

    async fn set_load_balancer(
        &self,
        arn: &str,
        attributes: Vec<LoadBalancerAttribute>,
    ) -> Result<(), ProviderError> {
        let is_any = !attributes.is_empty();
        let call = self.elb.modify_load_balancer_attributes().load_balancer_arn(arn);
        let call = call.set_attributes(Some(attributes));
        let call = async { call.send().await.call(ELB, "ModifyLoadBalancerAttributes").map(drop) };
        when(is_any, call).await
    }
}

/// The attributes of `spec` that are to be set.
fn attributes(spec: &LoadBalancer, is_set: impl Fn(&str) -> bool) -> Vec<LoadBalancerAttribute> {
    let all: [(&str, &dyn ToString); 3] = [
        (IDLE_TIMEOUT, &spec.idle_timeout.0),
        (DELETION_PROTECTION, &spec.deletion_protection),
        (DROP_INVALID_HEADERS, &spec.drop_invalid_headers),
    ];
    let set = all.into_iter().filter(|(name, _)| is_set(name));
    set.map(|(name, value)| attribute_of(name, value)).collect()
}

fn attribute_of(name: &str, value: &dyn ToString) -> LoadBalancerAttribute {
    LoadBalancerAttribute::builder().key(name).value(value.to_string()).build()
}

fn subnets(cx: &Cx, spec: &LoadBalancer) -> Result<Vec<String>, ProviderError> {
    spec.subnets.iter().map(|subnet| Ok(cx.state_of(subnet)?.id)).collect()
}

fn groups(cx: &Cx, spec: &LoadBalancer) -> Result<Vec<String>, ProviderError> {
    spec.groups.iter().map(|group| Ok(cx.state_of(group)?.id)).collect()
}

fn state(told: &Told, operation: &'static str) -> Result<LoadBalancerState, ProviderError> {
    let zone = told.canonical_hosted_zone_id.clone();
    Ok(LoadBalancerState {
        arn: told.load_balancer_arn.clone().told(ELB, operation, "the load balancer's ARN")?,
        dns_name: told.dns_name.clone().told(ELB, operation, "the load balancer's DNS name")?,
        zone_id: zone.told(ELB, operation, "the zone of the load balancer's DNS name")?,
    })
}

fn observe(
    object: &Recorded<LoadBalancer>,
    told: &Told,
    tags: &TagsOf,
    attributes: &HashMap<String, Attributes>,
) -> Result<Observed<LoadBalancerState>, ProviderError> {
    let Recorded { cx, spec, .. } = object;
    let state = state(told, "DescribeLoadBalancers")?;
    let mut drifts = Drifts::new();
    let zones = told.availability_zones().iter();
    let actual: BTreeSet<_> =
        zones.filter_map(|zone| zone.subnet_id().map(str::to_owned)).collect();
    if actual != subnets(cx, spec)?.into_iter().collect() {
        drifts.note("subnets", actual);
    }
    let actual: BTreeSet<_> = told.security_groups().iter().cloned().collect();
    if actual != groups(cx, spec)?.into_iter().collect() {
        drifts.note("groups", actual);
    }
    if let Some(told) = attributes.get(&state.arn) {
        drifts
            .field("idle_timeout", &spec.idle_timeout, attribute(told, IDLE_TIMEOUT).map(Seconds))
            .field(
                "deletion_protection",
                &spec.deletion_protection,
                attribute(told, DELETION_PROTECTION),
            )
            .field(
                "drop_invalid_headers",
                &spec.drop_invalid_headers,
                attribute(told, DROP_INVALID_HEADERS),
            );
    }
    if let Some(tags) = tags.get(&state.arn) {
        TagSet::wanted(cx, &spec.tags).compare(tags, &mut drifts);
    }
    Ok(condition(state, told).drifted(drifts))
}

fn condition(state: LoadBalancerState, told: &Told) -> Observed<LoadBalancerState> {
    let now = told.state();
    match now.and_then(|state| state.code()) {
        // One that is impaired serves: it only cannot grow for now.
        Some(LoadBalancerStateEnum::Active | LoadBalancerStateEnum::ActiveImpaired) => {
            Observed::ready(state)
        }
        Some(LoadBalancerStateEnum::Failed) => {
            let reason = now.and_then(|state| state.reason()).unwrap_or("AWS gives no reason");
            Observed::broken(state, reason)
        }
        Some(other) => Observed::settling(state, other.as_str()),
        None => Observed::settling(state, "in a state that AWS does not tell"),
    }
}
