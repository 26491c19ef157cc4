//! `ec2.launch-template`

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    Filter, LaunchTemplate as Told, LaunchTemplateBlockDeviceMappingRequest as DeviceRequest,
    LaunchTemplateEbsBlockDeviceRequest as EbsRequest, LaunchTemplateHttpTokensState,
    LaunchTemplateIamInstanceProfileSpecificationRequest as ProfileRequest,
    LaunchTemplateInstanceMetadataOptionsRequest as MetadataRequest,
    LaunchTemplateInstanceNetworkInterfaceSpecificationRequest as InterfaceRequest,
    LaunchTemplateTagSpecificationRequest as TagsRequest, RequestLaunchTemplateData, ResourceType,
    ResponseLaunchTemplateData, VolumeType,
};
use futures::future::{try_join, try_join_all};
use wpstack_core::resource::ec2::{LaunchTemplate, LaunchTemplateState, MachineImage};
use wpstack_core::value::{Gibibytes, UserData};
use wpstack_core::{Cx, Drifts, Gone, Observed, Provider, ProviderError, Recorded};

use super::{EC2, by, filter, owned, tagged};
use crate::Aws;
use crate::call::{Call, Told as _};
use crate::provide::{Look, has, look, parsed, read_one, when, with};
use crate::tags::TagSet;

/// The root volume's device in images of Amazon Linux 2023.
const ROOT_DEVICE: &str = "/dev/xvda";

#[async_trait]
impl Provider<LaunchTemplate> for Aws {
    async fn find(
        &self,
        cx: &Cx,
        spec: &LaunchTemplate,
    ) -> Result<Option<LaunchTemplateState>, ProviderError> {
        const DESCRIBE: &str = "DescribeLaunchTemplates";
        if let Some(template) = self.launch_templates(owned(cx)).await?.first() {
            return state(template, DESCRIBE).map(Some);
        }
        let name = spec.name.generation(cx.generation());
        let named = filter("launch-template-name", vec![name.to_string()]);
        let found = self.launch_templates(vec![named]).await?;
        let Some(template) = found.first() else { return Ok(None) };
        let what = format!("a launch template `{name}`");
        TagSet::actual(template.tags()).claim(cx, EC2, DESCRIBE, &what)?;
        state(template, DESCRIBE).map(Some)
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &LaunchTemplate,
    ) -> Result<LaunchTemplateState, ProviderError> {
        let call = self
            .ec2
            .create_launch_template()
            .client_token(cx.token("create"))
            .launch_template_name(spec.name.generation(cx.generation()).as_str())
            .launch_template_data(version(cx, spec)?)
            .tag_specifications(tagged(ResourceType::LaunchTemplate, cx, &spec.tags));
        let answer = call.send().await.call(EC2, "CreateLaunchTemplate")?;
        let told = answer.launch_template.told(EC2, "CreateLaunchTemplate", "the template")?;
        state(&told, "CreateLaunchTemplate")
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &LaunchTemplate,
        state: &LaunchTemplateState,
    ) -> Look<LaunchTemplate> {
        read_one(self, cx, spec, state).await
    }

    async fn read_many(&self, objects: &[Recorded<LaunchTemplate>]) -> Vec<Look<LaunchTemplate>> {
        // EC2 filters templates by name and not by id. A namesake has another id, and so counts as not found.
        let name = |object: &Recorded<LaunchTemplate>| {
            object.spec.name.generation(object.cx.generation()).to_string()
        };
        let names = objects.iter().map(name).collect();
        let described = by("launch-template-name", names, |filters| self.launch_templates(filters));
        // AWS tells the default version of one template per call.
        let versions = objects.iter().map(|object| self.default_version(&object.state.id));
        let told = with(described, try_join_all(versions), Told::launch_template_id).await;
        look(objects, told, |(template, _)| template.launch_template_id(), observe)
    }

    /// Makes a version that says what is wanted, and makes it the one that is used.
    async fn update(
        &self,
        cx: &Cx,
        spec: &LaunchTemplate,
        state: &LaunchTemplateState,
        changed: &[String],
    ) -> Result<LaunchTemplateState, ProviderError> {
        let tags = when(has(changed, "tags"), self.retag(cx, &state.id, &spec.tags));
        let (number, ()) = try_join(self.new_version(cx, spec, state), tags).await?;
        let call = self.ec2.modify_launch_template().launch_template_id(&state.id);
        let call = call.default_version(number.to_string());
        call.send().await.call(EC2, "ModifyLaunchTemplate")?;
        Ok(LaunchTemplateState { version: number, ..state.clone() })
    }

    async fn identify(
        &self,
        _: &Cx,
        _: &LaunchTemplate,
        id: &str,
    ) -> Result<Option<LaunchTemplateState>, ProviderError> {
        let call = self.ec2.describe_launch_templates().launch_template_ids(id);
        let answer = call.send().await.call(EC2, "DescribeLaunchTemplates").gone()?;
        let told = answer.and_then(|answer| answer.launch_templates.unwrap_or_default().pop());
        told.map(|template| state(&template, "DescribeLaunchTemplates")).transpose()
    }

    async fn delete(
        &self,
        _: &Cx,
        _: &LaunchTemplate,
        state: &LaunchTemplateState,
    ) -> Result<(), ProviderError> {
        let call = self.ec2.delete_launch_template().launch_template_id(&state.id);
        call.send().await.call(EC2, "DeleteLaunchTemplate").gone().map(drop)
    }
}

impl Aws {
    async fn launch_templates(&self, filters: Vec<Filter>) -> Result<Vec<Told>, ProviderError> {
        let pages =
            self.ec2.describe_launch_templates().set_filters(Some(filters)).into_paginator();
        let templates: Result<_, _> = pages.items().send().collect().await;
        templates.call(EC2, "DescribeLaunchTemplates")
    }

    /// What the default version of a template says, behind the template's id.
    async fn default_version(
        &self,
        id: &str,
    ) -> Result<Option<(String, ResponseLaunchTemplateData)>, ProviderError> {
        let call = self.ec2.describe_launch_template_versions().launch_template_id(id);
        let answer = call.versions("$Default").send().await;
        let Some(answer) = answer.call(EC2, "DescribeLaunchTemplateVersions").gone()? else {
            return Ok(None);
        };
        let version = answer.launch_template_versions.unwrap_or_default().into_iter().next();
        Ok(version.and_then(|version| Some((id.to_owned(), version.launch_template_data?))))
    }

    async fn new_version(
        &self,
        cx: &Cx,
        spec: &LaunchTemplate,
        state: &LaunchTemplateState,
    ) -> Result<i64, ProviderError> {
        const CREATE: &str = "CreateLaunchTemplateVersion";
        let call = self
            .ec2
            .create_launch_template_version()
            .client_token(cx.token(&purpose(cx, spec, state)?))
            .launch_template_id(&state.id)
            .launch_template_data(version(cx, spec)?);
        let made = call.send().await.call(EC2, CREATE)?.launch_template_version;
        made.and_then(|version| version.version_number).told(EC2, CREATE, "the version's number")
    }
}

/// What a version is made for: the token of a repeated call is the same, that of a call for another version is not,
/// even if it says what an older one said.
fn purpose(
    cx: &Cx,
    spec: &LaunchTemplate,
    state: &LaunchTemplateState,
) -> Result<String, ProviderError> {
    let profile = cx.state_of(&spec.profile)?.arn;
    let groups = groups(cx, spec)?;
    Ok(format!("after version {}: {spec:?} {profile} {groups:?}", state.version))
}

fn groups(cx: &Cx, spec: &LaunchTemplate) -> Result<BTreeSet<String>, ProviderError> {
    spec.groups.iter().map(|group| Ok(cx.state_of(group)?.id)).collect()
}

/// The image, in the form in which EC2 looks it up when it starts an instance.
fn image(image: MachineImage) -> String {
    format!("resolve:ssm:{}", image.parameter())
}

/// A version that says what is wanted.
fn version(cx: &Cx, spec: &LaunchTemplate) -> Result<RequestLaunchTemplateData, ProviderError> {
    let profile = cx.state_of(&spec.profile)?.arn;
    let profile = ProfileRequest::builder().arn(profile).build();
    let disk = EbsRequest::builder()
        .volume_size(i32::try_from(spec.volume.0).unwrap_or(i32::MAX))
        .volume_type(VolumeType::Gp3)
        .encrypted(true)
        .delete_on_termination(true)
        .build();
    let disk = DeviceRequest::builder().device_name(ROOT_DEVICE).ebs(disk).build();
    let interface = InterfaceRequest::builder()
        .device_index(0)
        .associate_public_ip_address(spec.public_address)
        .delete_on_termination(true)
        .set_groups(Some(groups(cx, spec)?.into_iter().collect()))
        .build();
    // One hop: what runs in containers cannot pose as the instance.
    let metadata = MetadataRequest::builder()
        .http_tokens(LaunchTemplateHttpTokensState::Required)
        .http_put_response_hop_limit(1)
        .build();
    let tags = |kind| {
        let tags = TagSet::wanted(cx, &spec.tags).to_sdk();
        TagsRequest::builder().resource_type(kind).set_tags(Some(tags)).build()
    };
    Ok(RequestLaunchTemplateData::builder()
        .image_id(image(spec.image))
        .instance_type(spec.instance_type.as_str().into())
        .iam_instance_profile(profile)
        .block_device_mappings(disk)
        .network_interfaces(interface)
        .metadata_options(metadata)
        .user_data(spec.user_data.base64())
        .tag_specifications(tags(ResourceType::Instance))
        .tag_specifications(tags(ResourceType::Volume))
        .build())
}

fn state(told: &Told, operation: &'static str) -> Result<LaunchTemplateState, ProviderError> {
    let version = told.default_version_number;
    Ok(LaunchTemplateState {
        id: told.launch_template_id.clone().told(EC2, operation, "the template's id")?,
        version: version.told(EC2, operation, "the default version")?,
    })
}

fn observe(
    object: &Recorded<LaunchTemplate>,
    (told, version): &(Told, Option<ResponseLaunchTemplateData>),
) -> Result<Observed<LaunchTemplateState>, ProviderError> {
    let Recorded { cx, spec, .. } = object;
    let mut drifts = Drifts::new();
    if let Some(version) = version {
        let interface = version.network_interfaces().first();
        let told_groups = interface.map(|it| it.groups().iter().cloned().collect());
        let public = interface.and_then(|it| it.associate_public_ip_address());
        let disk = version.block_device_mappings().first().and_then(|it| it.ebs()?.volume_size());
        // What is no script of ours is shown as it is.
        let script =
            |it: &str| UserData::from_base64(it).map_or(it.to_owned(), |it| it.as_str().to_owned());
        let user_data = version.user_data().map(script);
        let profile = version.iam_instance_profile().and_then(|it| it.arn());
        drifts
            .reference("image", &image(spec.image), version.image_id())
            .field(
                "instance_type",
                &spec.instance_type,
                parsed(version.instance_type().map(AsRef::as_ref)),
            )
            .reference("profile", &cx.state_of(&spec.profile)?.arn, profile)
            .field("groups", &groups(cx, spec)?, told_groups)
            .field("public_address", &spec.public_address, public)
            .field("volume", &spec.volume, disk.and_then(|it| it.try_into().ok()).map(Gibibytes))
            .field("user_data", &spec.user_data.as_str().to_owned(), user_data);
    }
    TagSet::wanted(cx, &spec.tags).compare(&TagSet::actual(told.tags()), &mut drifts);
    Ok(Observed::ready(state(told, "DescribeLaunchTemplates")?).drifted(drifts))
}
