//! Names of what makes instances.

use super::alphabet::Alphabet;
use super::rule::{NameRule, name_type};

name_type! {
    /// The name of a launch template, unique per account and region.
    ///
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html>
    LaunchTemplateName: NameRule {
        min: 3,
        ..NameRule::new("a launch template name", 128, Alphabet {
            class: "A-Za-z0-9_()./-",
            words: "letters, digits and ()./_-",
        })
    }
}

name_type! {
    /// The name of an auto-scaling group, unique per account and region.
    ///
    /// AWS allows nearly every printable character; these are the ones that need no quoting in a
    /// script.
    /// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html>
    AutoScalingGroupName: NameRule::new("an auto-scaling group name", 255, Alphabet {
        class: "A-Za-z0-9_.+=@/-",
        words: "letters, digits and _.+=@/-",
    })
}
