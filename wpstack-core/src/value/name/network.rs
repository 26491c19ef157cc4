//! Names in EC2's networks and of load balancers.

use super::alphabet::Alphabet;
use super::rule::{NameRule, name_type};

const ALNUM_HYPHEN: Alphabet =
    Alphabet { class: "A-Za-z0-9-", words: "letters, digits and hyphens" };

name_type! {
    /// The name of a load balancer, unique per account and region.
    ///
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html>
    LoadBalancerName: NameRule {
        first: Alphabet::ALNUM,
        last: Alphabet::ALNUM,
        not_before: &["internal-"],
        ..NameRule::new("a load balancer name", 32, ALNUM_HYPHEN)
    }
}

name_type! {
    /// The name of a target group, unique per account and region.
    ///
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html>
    TargetGroupName: NameRule {
        first: Alphabet::ALNUM,
        last: Alphabet::ALNUM,
        ..NameRule::new("a target group name", 32, ALNUM_HYPHEN)
    }
}

name_type! {
    /// The name of a security group, unique per VPC.
    ///
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html>
    SecurityGroupName: NameRule {
        not_before: &["sg-"],
        // EC2 trims spaces at the ends, and the name would differ from then on.
        first: GROUP_END,
        last: GROUP_END,
        refuses: |name| {
            (name == "default").then_some("every VPC has a security group of that name already")
        },
        ..NameRule::new("a security group name", 255, GROUP)
    }
}

const GROUP: Alphabet = Alphabet {
    class: r"A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-",
    words: "letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*",
};
const GROUP_END: Alphabet =
    Alphabet { class: r"A-Za-z0-9._:/()#,@\[\]+=&;{}!$*-", words: "anything but a space" };
