//! `ec2.launch-template`

use serde::{Deserialize, Serialize};

use super::SecurityGroup;
use crate::resource::iam::InstanceProfile;
use crate::resource::{Expected, Field, Resource};
use crate::stack::Ref;
use crate::value::{Gibibytes, InstanceType, LaunchTemplateName, Tags, UserData};

/// How instances are started. Metadata is served to version 2 requests only, and the root volume is encrypted gp3.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-launch-templates.html>
///
/// A change makes a new version, which becomes the default one; running instances stay as they are until the
/// auto-scaling group replaces them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaunchTemplate {
    /// Its name, unique in account and region.
    pub name: LaunchTemplateName,
    /// The machine image.
    pub image: MachineImage,
    /// The instance type.
    pub instance_type: InstanceType,
    /// What the instances may do.
    pub profile: Ref<InstanceProfile>,
    /// The security groups of the instances.
    pub groups: Vec<Ref<SecurityGroup>>,
    /// Whether the instances get public addresses.
    pub public_address: bool,
    /// The size of the root volume.
    pub volume: Gibibytes,
    /// The script that runs at the first boot.
    pub user_data: UserData,
    /// Further tags, for the template and for the instances and volumes started from it.
    pub tags: Tags,
}

/// A machine image, looked up by EC2 itself when an instance starts, from a public parameter of Systems Manager.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/retrieve-ecs-optimized_AMI.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MachineImage {
    /// The newest ECS-optimised Amazon Linux 2023 for x86-64.
    EcsAmazonLinux2023,
    /// The newest ECS-optimised Amazon Linux 2023 for arm64.
    EcsAmazonLinux2023Arm64,
}

impl MachineImage {
    /// The public parameter that holds the image's id.
    #[must_use]
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::EcsAmazonLinux2023 => {
                "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
            }
            Self::EcsAmazonLinux2023Arm64 => {
                "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"
            }
        }
    }
}

/// What EC2 tells of a launch template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchTemplateState {
    /// `lt-…`
    pub id: String,
    /// The version that holds the current spec.
    pub version: i64,
}

impl Resource for LaunchTemplate {
    const TYPE: &'static str = "ec2.launch-template";
    const FIELDS: &'static [Field] = crate::fields!(LaunchTemplate {
        name: Replace(NoInterruption),
        image: Update(Restart),
        instance_type: Update(Restart),
        profile: Update(Restart),
        groups: Update(Restart),
        public_address: Update(Restart),
        volume: Update(Restart),
        user_data: Update(Restart),
        tags: Update(NoInterruption),
    });
    const RIPPLES: bool = true;
    const EXPECTED: Expected = Expected::seconds(1, 1);

    type State = LaunchTemplateState;

    fn id(state: &LaunchTemplateState) -> String {
        state.id.clone()
    }

    /// The name carries the generation.
    fn coexists(_: &Self, _: &Self) -> bool {
        true
    }
}
