//! A colour and a title for each AWS service, the same in every format.

/// How the nodes of one group look. Colours are `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// The background of a box, light enough for dark text.
    pub fill: &'static str,
    /// Borders and captions, dark enough on white and on `fill`.
    pub stroke: &'static str,
    /// Arrows: softer than `stroke`, so that many of them do not drown the boxes.
    pub line: &'static str,
}

const fn style(fill: &'static str, stroke: &'static str, line: &'static str) -> Style {
    Style { fill, stroke, line }
}

const ORANGE: Style = style("#fff1e2", "#b35309", "#e3a063");
const VIOLET: Style = style("#f3edff", "#6d3fd1", "#af93ea");
const RED: Style = style("#ffecee", "#bf2a3d", "#e58f9b");
const GREEN: Style = style("#e7f6ea", "#23753a", "#7fbb8f");
const BLUE: Style = style("#e6f1fd", "#1d5fae", "#86b2e2");
const MAGENTA: Style = style("#fdebf7", "#a92483", "#dc8cc4");
const TEAL: Style = style("#e0f5f4", "#0e6f6d", "#70b9b6");
const GOLD: Style = style("#fbf3d3", "#7d6205", "#cdb257");
const BROWN: Style = style("#f5ede7", "#7a4f35", "#bd9c87");
const SLATE: Style = style("#edf0f4", "#475569", "#9aa6b5");

/// The groups we know: their name in type names, the name people use, and their look.
const KNOWN: [(&str, &str, Style); 12] = [
    ("autoscaling", "Auto Scaling", GOLD),
    ("ec2", "EC2 and VPC", ORANGE),
    ("ecr", "ECR", TEAL),
    ("ecs", "ECS", BLUE),
    ("elb", "Load balancing", VIOLET),
    ("elbv2", "Load balancing", VIOLET),
    ("iam", "IAM", RED),
    ("logs", "CloudWatch Logs", MAGENTA),
    ("rds", "RDS", GREEN),
    ("secrets", "Secrets Manager", BROWN),
    ("secretsmanager", "Secrets Manager", BROWN),
    ("ssm", "Systems Manager", SLATE),
];

/// For all others, picked by their name.
const OTHERS: [Style; 10] = [SLATE, TEAL, MAGENTA, BLUE, GREEN, GOLD, VIOLET, BROWN, RED, ORANGE];

/// The look of a group. The same name gives the same look, always.
pub(super) fn style_of(group: &str) -> Style {
    let known = KNOWN.iter().find(|(name, ..)| *name == group);
    known.map_or_else(|| OTHERS[fingerprint(group) as usize % OTHERS.len()], |&(.., style)| style)
}

/// What people call a group: itself, if we do not know it.
pub(super) fn title_of(group: &str) -> &str {
    KNOWN.iter().find(|(name, ..)| *name == group).map_or(group, |(_, title, _)| title)
}

/// FNV-1a. Written out because the standard library's hashes may change with its version.
fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
