//! An account inside the emulator: where a test's resources live.

/// An account of the emulator and credentials for it.
#[derive(Debug, Clone)]
pub struct Account {
    endpoint: String,
    id: String,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

impl Account {
    /// Reads the credentials out of an `AssumeRole` answer.
    pub(crate) fn from_assume_role(endpoint: &str, id: &str, answer: &str) -> Option<Self> {
        Some(Self {
            endpoint: endpoint.to_owned(),
            id: id.to_owned(),
            access_key_id: element(answer, "AccessKeyId")?.to_owned(),
            secret_access_key: element(answer, "SecretAccessKey")?.to_owned(),
            session_token: Some(element(answer, "SessionToken")?.to_owned()),
        })
    }

    pub(crate) fn unassumed(endpoint: &str) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            id: "123456789012".to_owned(),
            access_key_id: "testing".to_owned(),
            secret_access_key: "testing".to_owned(),
            session_token: None,
        }
    }

    /// The twelve digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where the emulator of this account listens.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The access key, from which the emulator knows the account.
    pub fn access_key_id(&self) -> &str {
        &self.access_key_id
    }

    /// The secret key. The emulator does not check signatures, but the SDK will not sign without one.
    pub fn secret_access_key(&self) -> &str {
        &self.secret_access_key
    }

    /// The session token that came with the key. The emulator does not ask for it.
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// The environment in which any AWS client works in this account and in no other, for child processes.
    ///
    /// `endpoint` is the emulator's own or that of a proxy before it.
    pub fn environment(&self, endpoint: &str, region: &str) -> Vec<(&'static str, String)> {
        let mut environment = vec![
            ("AWS_ENDPOINT_URL", endpoint.to_owned()),
            ("AWS_REGION", region.to_owned()),
            ("AWS_DEFAULT_REGION", region.to_owned()),
            ("AWS_ACCESS_KEY_ID", self.access_key_id.clone()),
            ("AWS_SECRET_ACCESS_KEY", self.secret_access_key.clone()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
            ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ];
        environment.extend(self.session_token.clone().map(|token| ("AWS_SESSION_TOKEN", token)));
        environment
    }
}

/// The text of the first element of that name. Enough for credentials, which hold nothing that XML would escape.
fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::element;

    #[test]
    fn elements_are_found_by_name() {
        let xml = "<A><AccessKeyId>ASIA1</AccessKeyId><B>x</B>";
        assert_eq!(element(xml, "AccessKeyId"), Some("ASIA1"));
        assert_eq!(element(xml, "SessionToken"), None);
        assert_eq!(element(xml, "A"), None, "not closed");
    }
}
