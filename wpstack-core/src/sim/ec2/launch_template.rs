//! Launch templates.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::not_found;
use crate::failure::{ErrorKind, Gone, ProviderError};
use crate::provider::{Cx, Drifts, Observed, Provider, Recorded};
use crate::resource::ec2::{self as spec, LaunchTemplateState, MachineImage};
use crate::sim::Sim;
use crate::sim::call::{Looked, only};
use crate::sim::tagged::owner_of;
use crate::sim::tags::{CompareTags, TagMap, owned};
use crate::sim::world::{Refusal, World};
use crate::value::{Gibibytes, InstanceType};

/// A launch template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchTemplate {
    /// Its name, unique in the region.
    pub name: String,
    /// Its versions, from 1.
    pub versions: BTreeMap<i64, TemplateData>,
    /// The version by which instances are started unless another is named.
    pub default_version: i64,
    /// The client tokens of the calls that made it and its versions, with the version each made.
    pub tokens: BTreeMap<String, i64>,
}

/// A version of a launch template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateData {
    /// The machine image.
    pub image: MachineImage,
    /// The instance type.
    pub instance_type: InstanceType,
    /// The name of the instance profile. Nobody checks it before an instance is started.
    pub profile: String,
    /// `sg-…`
    pub groups: Vec<String>,
    /// Whether instances get a public address.
    pub public_address: bool,
    /// The size of the root volume.
    pub volume: Gibibytes,
    /// What runs at the first boot, if it is a script: others than us may write anything.
    pub user_data: String,
    /// The tags of the instances and their volumes.
    pub tags: TagMap,
}

const NOT_FOUND: &str = "InvalidLaunchTemplateId.NotFound";

impl LaunchTemplate {
    /// The version by which instances are started unless another is named.
    #[must_use]
    pub fn data(&self) -> Option<&TemplateData> {
        self.versions.get(&self.default_version)
    }
}

impl World {
    /// `CreateLaunchTemplate`. A repeat with the same token makes nothing new.
    ///
    /// # Errors
    /// `InvalidLaunchTemplateName.AlreadyExistsException`; `LaunchTemplateLimitExceeded`.
    pub fn create_launch_template(
        &mut self,
        token: &str,
        name: &str,
        data: TemplateData,
        tags: TagMap,
    ) -> Result<String, Refusal> {
        let mut templates = self.ec2.launch_templates.iter();
        if let Some((id, _)) = templates.find(|(_, it)| it.tokens.get(token) == Some(&1)) {
            return Ok(id.clone());
        }
        if self.template_named(name).is_some() {
            let code = "InvalidLaunchTemplateName.AlreadyExistsException";
            return Err(Refusal::new(code, "Launch template name already in use."));
        }
        if self.ec2.launch_templates.len() >= self.quotas.launch_templates {
            let message = "The maximum number of launch templates has been reached.";
            return Err(Refusal::new("LaunchTemplateLimitExceeded", message));
        }
        let id = self.ec2_new("lt", tags);
        let template = LaunchTemplate {
            name: name.to_owned(),
            versions: BTreeMap::from([(1, data)]),
            default_version: 1,
            tokens: BTreeMap::from([(token.to_owned(), 1)]),
        };
        self.ec2.launch_templates.insert(id.clone(), template);
        Ok(id)
    }

    /// `CreateLaunchTemplateVersion`. A repeat with the same token makes nothing new.
    ///
    /// # Errors
    /// `InvalidLaunchTemplateId.NotFound`.
    pub fn create_template_version(
        &mut self,
        token: &str,
        id: &str,
        data: TemplateData,
    ) -> Result<i64, Refusal> {
        let template = self.ec2.launch_templates.get_mut(id);
        let template = template.ok_or_else(|| not_found(NOT_FOUND, id))?;
        if let Some(version) = template.tokens.get(token) {
            return Ok(*version);
        }
        let version = template.versions.last_key_value().map_or(0, |(last, _)| *last) + 1;
        template.versions.insert(version, data);
        template.tokens.insert(token.to_owned(), version);
        Ok(version)
    }

    /// `ModifyLaunchTemplate`, which sets the default version.
    ///
    /// # Errors
    /// `InvalidLaunchTemplateId.NotFound`; `InvalidLaunchTemplateId.VersionNotFound`.
    pub fn set_default_version(&mut self, id: &str, version: i64) -> Result<(), Refusal> {
        let template = self.ec2.launch_templates.get_mut(id);
        let template = template.ok_or_else(|| not_found(NOT_FOUND, id))?;
        if !template.versions.contains_key(&version) {
            let message = format!("Could not find the launch template version {version}.");
            return Err(Refusal::new("InvalidLaunchTemplateId.VersionNotFound", message));
        }
        template.default_version = version;
        Ok(())
    }

    /// `DeleteLaunchTemplate`. Nothing is in its way, not even a group that starts instances by it.
    ///
    /// # Errors
    /// `InvalidLaunchTemplateId.NotFound`.
    pub fn delete_launch_template(&mut self, id: &str) -> Result<(), Refusal> {
        let removed = self.ec2.launch_templates.remove(id);
        self.ec2.forget(id);
        removed.map(drop).ok_or_else(|| not_found(NOT_FOUND, id))
    }

    fn template_named(&self, name: &str) -> Option<&str> {
        let mut templates = self.ec2.launch_templates.iter();
        templates.find(|(_, template)| template.name == name).map(|(id, _)| id.as_str())
    }
}

fn physical_name(cx: &Cx, spec: &spec::LaunchTemplate) -> String {
    spec.name.generation(cx.generation()).to_string()
}

fn resolved(cx: &Cx, spec: &spec::LaunchTemplate) -> Result<TemplateData, ProviderError> {
    let groups = spec.groups.iter().map(|group| Ok(cx.state_of(group)?.id));
    Ok(TemplateData {
        image: spec.image,
        instance_type: spec.instance_type.clone(),
        profile: cx.state_of(&spec.profile)?.name,
        groups: groups.collect::<Result<_, ProviderError>>()?,
        public_address: spec.public_address,
        volume: spec.volume,
        user_data: spec.user_data.to_string(),
        tags: owned(cx, &spec.tags),
    })
}

#[async_trait]
impl Provider<spec::LaunchTemplate> for Sim {
    async fn find(
        &self,
        cx: &Cx,
        spec: &spec::LaunchTemplate,
    ) -> Result<Option<LaunchTemplateState>, ProviderError> {
        let name = physical_name(cx, spec);
        let (found, foreign) = self
            .call(cx, "ec2", "DescribeLaunchTemplates", |world| {
                let found = world.ec2.owned("lt", cx).and_then(|id| {
                    let version = world.ec2.launch_templates.get(id)?.default_version;
                    Some(LaunchTemplateState { id: id.to_owned(), version })
                });
                let named = world.template_named(&name);
                let foreign = named.filter(|id| !world.ec2.hidden.contains(*id));
                Ok((found, foreign.map(|id| world.ec2.tags_of(id))))
            })
            .await?;
        match (found, foreign) {
            (Some(state), _) => Ok(Some(state)),
            (None, None) => Ok(None),
            (None, Some(tags)) => {
                let owner = owner_of(&tags);
                let message =
                    format!("the launch template `{name}` is there and belongs to {owner}");
                let kind = ErrorKind::AlreadyExists;
                Err(ProviderError::new(kind, "ec2", "DescribeLaunchTemplates", message))
            }
        }
    }

    async fn create(
        &self,
        cx: &Cx,
        spec: &spec::LaunchTemplate,
    ) -> Result<LaunchTemplateState, ProviderError> {
        let (name, data, token) =
            (physical_name(cx, spec), resolved(cx, spec)?, cx.token("create"));
        self.call(cx, "ec2", "CreateLaunchTemplate", |world| {
            let id = world.create_launch_template(&token, &name, data, owned(cx, &spec.tags))?;
            Ok(LaunchTemplateState { id, version: 1 })
        })
        .await
    }

    async fn read(
        &self,
        cx: &Cx,
        spec: &spec::LaunchTemplate,
        state: &LaunchTemplateState,
    ) -> Result<Option<Observed<LaunchTemplateState>>, ProviderError> {
        let (cx, spec, state) = (cx.clone(), spec.clone(), state.clone());
        only::<spec::LaunchTemplate>(self.read_many(&[Recorded { cx, spec, state }]).await)
    }

    async fn read_many(
        &self,
        objects: &[Recorded<spec::LaunchTemplate>],
    ) -> Vec<Looked<spec::LaunchTemplate>> {
        // The tags of the templates and the data of their default versions come in this one call.
        self.call_about(objects, "ec2", "DescribeLaunchTemplateVersions", |world, recorded| {
            let Recorded { cx, spec, state } = recorded;
            let templates = &world.ec2.launch_templates;
            let Ok(template) = world.ec2.seen(templates, &state.id, NOT_FOUND) else {
                return Ok(None);
            };
            let Some(data) = template.data() else {
                return Ok(None);
            };
            let recorded = resolved(cx, spec)?;
            let mut drift = Drifts::new();
            drift
                .field("image", &spec.image, Some(data.image))
                .field("instance_type", &spec.instance_type, Some(data.instance_type.clone()))
                .reference("profile", &recorded.profile, Some(&data.profile))
                .field("groups", &recorded.groups, Some(data.groups.clone()))
                .field("public_address", &spec.public_address, Some(data.public_address))
                .field("volume", &spec.volume, Some(data.volume))
                .field("user_data", &recorded.user_data, Some(data.user_data.clone()))
                .tags(cx, &spec.tags, &world.ec2.tags_of(&state.id));
            let state =
                LaunchTemplateState { id: state.id.clone(), version: template.default_version };
            Ok(Some(Observed::ready(state).drifted(drift)))
        })
        .await
    }

    async fn update(
        &self,
        cx: &Cx,
        spec: &spec::LaunchTemplate,
        state: &LaunchTemplateState,
        changed: &[String],
    ) -> Result<LaunchTemplateState, ProviderError> {
        let id = &state.id;
        if changed.iter().any(|field| field == "tags") {
            self.ec2_retag(cx, id, &spec.tags).await?;
        }
        // Tags of instances are in the template's data, so that every change makes a version.
        let data = resolved(cx, spec)?;
        let token = cx.token(&format!("version after {}: {data:?}", state.version));
        let version = self
            .call(cx, "ec2", "CreateLaunchTemplateVersion", |world| {
                world.create_template_version(&token, id, data)
            })
            .await?;
        let set_default = |world: &mut World| world.set_default_version(id, version);
        self.call(cx, "ec2", "ModifyLaunchTemplate", set_default).await?;
        Ok(LaunchTemplateState { id: id.clone(), version })
    }

    async fn identify(
        &self,
        cx: &Cx,
        _: &spec::LaunchTemplate,
        id: &str,
    ) -> Result<Option<LaunchTemplateState>, ProviderError> {
        self.call(cx, "ec2", "DescribeLaunchTemplates", |world| {
            let template = world.ec2.launch_templates.get(id);
            let version = template.map(|template| template.default_version);
            Ok(version.map(|version| LaunchTemplateState { id: id.to_owned(), version }))
        })
        .await
    }

    async fn delete(
        &self,
        cx: &Cx,
        _: &spec::LaunchTemplate,
        state: &LaunchTemplateState,
    ) -> Result<(), ProviderError> {
        let delete = |world: &mut World| world.delete_launch_template(&state.id);
        self.call(cx, "ec2", "DeleteLaunchTemplate", delete).await.gone().map(drop)
    }
}
