//! What an instance runs at its first boot.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{ClusterName, ValueError};

const WHAT: &str = "a user data script";

/// A script that an instance runs at its first boot.
///
/// Its first two bytes are `#!`: cloud-init ignores a script with so much as a space before them,
/// and an ECS instance whose script is ignored joins a cluster named `default`. It never holds a
/// value that a shell would interpret: only the constructors here write into scripts, and they take
/// checked names.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html>
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserData(String);

impl UserData {
    /// The most bytes that EC2 takes, before base64.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// The script that makes the agent of an ECS-optimised image join `cluster`, and offer these
    /// log drivers to tasks.
    ///
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-config.html>
    #[must_use]
    pub fn ecs_agent(cluster: &ClusterName, log_drivers: &[LogDriver]) -> Self {
        let drivers: Vec<_> = log_drivers.iter().map(|driver| format!("\"{driver}\"")).collect();
        let mut lines = vec![
            "#!/bin/sh".to_owned(),
            "set -eu".to_owned(),
            "mkdir -p /etc/ecs".to_owned(),
            // The quoted word keeps the shell from reading anything in the lines that follow.
            "cat > /etc/ecs/ecs.config <<'END_OF_CONFIG'".to_owned(),
            format!("ECS_CLUSTER={cluster}"),
        ];
        if !drivers.is_empty() {
            lines.push(format!("ECS_AVAILABLE_LOGGING_DRIVERS=[{}]", drivers.join(",")));
        }
        lines.extend(["END_OF_CONFIG".to_owned(), String::new()]);
        Self(lines.join("\n"))
    }

    /// The script.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The script as the API takes it.
    #[must_use]
    pub fn base64(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// The script that the API returned.
    ///
    /// # Errors
    /// If it is not base64 of a script.
    pub fn from_base64(text: &str) -> Result<Self, ValueError> {
        let script =
            STANDARD.decode(text.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        script
            .ok_or_else(|| ValueError::new(text, WHAT, "it must be base64 of UTF-8 text"))?
            .parse()
    }
}

impl fmt::Display for UserData {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for UserData {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        match problem(text) {
            None => Ok(Self(text.to_owned())),
            Some(problem) => Err(ValueError::new(text, WHAT, problem)),
        }
    }
}

text_value!(UserData, WHAT, text, schema: {
    "type": "string",
    "description": "A script for the first boot; its first two bytes are `#!`",
    "pattern": "^#!",
    "maxLength": Self::MAX_BYTES,
});

fn problem(text: &str) -> Option<String> {
    let first_line = text.lines().next().unwrap_or_default();
    if !text.starts_with("#!") {
        let problem =
            if text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with("#!") {
                "something invisible stands before its `#!`; remove it"
            } else {
                "its first line must name the interpreter, as in `#!/bin/sh`"
            };
        Some(problem.to_owned())
    } else if first_line.trim_start_matches("#!").trim().is_empty() {
        Some("no interpreter follows its `#!`; write `#!/bin/sh`".to_owned())
    } else if text.contains('\r') {
        Some("its lines end as on Windows; they must end with a line feed only".to_owned())
    } else if text.contains('\0') {
        Some("it holds a zero byte".to_owned())
    } else if text.len() > UserData::MAX_BYTES {
        let (length, max) = (text.len(), UserData::MAX_BYTES);
        Some(format!("it has {length} bytes and may have {max} at most"))
    } else {
        None
    }
}

/// Where the ECS agent lets containers log to.
///
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-config.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LogDriver {
    /// CloudWatch Logs.
    AwsLogs,
    /// A Fluentd daemon.
    Fluentd,
    /// A Graylog (GELF) endpoint.
    Gelf,
    /// The journal of the instance.
    Journald,
    /// Docker's own files.
    JsonFile,
    /// Nowhere.
    None,
    /// A Splunk collector.
    Splunk,
    /// The system log of the instance.
    Syslog,
}

impl LogDriver {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::AwsLogs,
        Self::Fluentd,
        Self::Gelf,
        Self::Journald,
        Self::JsonFile,
        Self::None,
        Self::Splunk,
        Self::Syslog,
    ];

    /// Docker's name of the driver.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AwsLogs => "awslogs",
            Self::Fluentd => "fluentd",
            Self::Gelf => "gelf",
            Self::Journald => "journald",
            Self::JsonFile => "json-file",
            Self::None => "none",
            Self::Splunk => "splunk",
            Self::Syslog => "syslog",
        }
    }
}

impl fmt::Display for LogDriver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for LogDriver {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        Self::ALL.into_iter().find(|driver| driver.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            ValueError::new(text, DRIVER, format!("it must be one of {known}"))
        })
    }
}

const DRIVER: &str = "a log driver";

text_value!(LogDriver, DRIVER, text, schema: {
    "description": "A log driver of Docker",
    "enum": LogDriver::ALL.map(LogDriver::as_str),
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::value::round_trip::{round_trips, shown};

    #[test]
    fn scripts_begin_with_their_interpreter() {
        let check = |text: &str, problem: &str| {
            let found = text.parse::<UserData>();
            let found = found.map_or_else(|error| error.problem().to_owned(), |_| String::new());
            assert_eq!(found, problem, "about {text:?}");
        };
        check("#!/bin/sh\ntrue\n", "");
        let invisible = "something invisible stands before its `#!`; remove it";
        check("  #!/bin/sh\n", invisible);
        check("\n#!/bin/sh\n", invisible);
        check("\u{feff}#!/bin/sh\n", invisible);
        check("echo hello", "its first line must name the interpreter, as in `#!/bin/sh`");
        check("", "its first line must name the interpreter, as in `#!/bin/sh`");
        check("#! \necho", "no interpreter follows its `#!`; write `#!/bin/sh`");
        let windows = "its lines end as on Windows; they must end with a line feed only";
        check("#!/bin/sh\r\n", windows);
        check("#!/bin/sh\n\0", "it holds a zero byte");
        let long = format!("#!/bin/sh\n{}", "#".repeat(UserData::MAX_BYTES - 10));
        check(&long, "");
        check(&format!("{long}#"), "it has 16385 bytes and may have 16384 at most");
    }

    #[test]
    fn the_agent_is_told_its_cluster() {
        let cluster = "blog".parse().expect("a cluster name");
        let script = UserData::ecs_agent(&cluster, &[LogDriver::JsonFile, LogDriver::AwsLogs]);
        assert_eq!(
            script.as_str(),
            "#!/bin/sh\n\
             set -eu\n\
             mkdir -p /etc/ecs\n\
             cat > /etc/ecs/ecs.config <<'END_OF_CONFIG'\n\
             ECS_CLUSTER=blog\n\
             ECS_AVAILABLE_LOGGING_DRIVERS=[\"json-file\",\"awslogs\"]\n\
             END_OF_CONFIG\n"
        );
        round_trips(&script);
        assert!(!UserData::ecs_agent(&cluster, &[]).as_str().contains("DRIVERS"));
    }

    #[test]
    fn scripts_travel_in_base64() {
        let script: UserData = "#!/bin/sh\n".parse().expect("a script");
        assert_eq!(script.base64(), "IyEvYmluL3NoCg==");
        assert_eq!(UserData::from_base64("IyEvYmluL3NoCg==\n"), Ok(script));
        assert!(UserData::from_base64("!").is_err());
        assert!(UserData::from_base64("ICMhL2Jpbi9zaAo=").is_err());
    }

    #[test]
    fn drivers_have_the_names_of_docker() {
        assert_eq!(shown::<LogDriver>("json-file"), "json-file");
        LogDriver::ALL.iter().for_each(round_trips);
        let refused = shown::<LogDriver>("files");
        assert!(refused.starts_with("`files` is not a log driver: it must be one of awslogs, "));
    }

    proptest! {
        #[test]
        fn every_script_round_trips(body in "[^\r\0]{0,200}", cluster in "[A-Za-z0-9_-]{1,255}") {
            let script: UserData = format!("#!/bin/sh\n{body}").parse().expect("a script");
            round_trips(&script);
            prop_assert_eq!(UserData::from_base64(&script.base64()), Ok(script));
            let agent = UserData::ecs_agent(&cluster.parse().expect("a cluster"), &LogDriver::ALL);
            round_trips(&agent);
        }
    }
}
