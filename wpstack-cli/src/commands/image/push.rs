//! `wpstack image push`

use wpstack_aws::{Aws, Settings};
use wpstack_core::image::Destination;
use wpstack_core::resource::ecr::RepositoryState;
use wpstack_core::wordpress::Cloud;
use wpstack_core::{Chain, Secret};

use super::maker;
use crate::answer::Answer;
use crate::error::CommandError;
use crate::project::Project;
use crate::render;
use crate::work::Context;

/// A registry that is not the stack's.
pub(super) struct Elsewhere<'a> {
    pub(super) url: &'a str,
    pub(super) user: Option<&'a str>,
    pub(super) password: Option<&'a str>,
}

pub(super) async fn run(
    project: &Project,
    elsewhere: Option<Elsewhere<'_>>,
    context: Context<'_>,
) -> Result<Answer, CommandError> {
    let (maker, recipe) = maker(project, context)?;
    let to = match elsewhere {
        Some(elsewhere) => elsewhere.destination()?,
        None => of_the_stack(project, context).await?,
    };
    let pushed = maker.push(&recipe, &to).await?;
    let text = render::image::pushed(&pushed, &to);
    let json = serde_json::json!({
        "registry": to.registry, "repository": to.repository, "tag": recipe.tag(),
        "digest": pushed.digest, "sent": pushed.bytes_sent(),
    });
    Ok(Answer { text, ..Answer::data(format!("{}\n", pushed.digest), json) })
}

impl Elsewhere<'_> {
    fn destination(&self) -> Result<Destination, CommandError> {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("https", self.url));
        let Some((host, repository)) = rest.split_once('/').filter(|(_, name)| !name.is_empty())
        else {
            let message = format!("`{}` names no repository", self.url);
            return Err(CommandError::new(message)
                .hint("write registry and repository, as in `http://127.0.0.1:5000/wordpress`"));
        };
        if self.password.is_some() && self.user.is_none() {
            return Err(CommandError::new("a password is given, and no user")
                .hint("name the user with `--user`, or in WPSTACK_REGISTRY_USER"));
        }
        Ok(Destination {
            registry: format!("{scheme}://{host}"),
            repository: repository.to_owned(),
            user: self.user.unwrap_or_default().to_owned(),
            password: Secret::new(self.password.unwrap_or_default().to_owned()),
        })
    }
}

/// The repository that an apply has made.
async fn of_the_stack(
    project: &Project,
    context: Context<'_>,
) -> Result<Destination, CommandError> {
    if project.cloud == Cloud::Sim {
        return Err(CommandError::new("the simulated cloud has no registry")
            .hint("name one with `--to`; `wpstack apply` simulates a push by itself"));
    }
    let document = project.document(context.global).await?;
    let address = "ecr.repository:wordpress".parse().expect("it is an address");
    let state = document.current(&address).and_then(|(_, record)| record.state.clone());
    let state: Option<RepositoryState> = state.and_then(|it| serde_json::from_value(it).ok());
    let Some(state) = state else {
        return Err(CommandError::new("the stack has no repository yet")
            .hint("run `wpstack apply`, which makes it, builds the image and pushes it"));
    };
    let settings = Settings {
        profile: context.global.profile.clone(),
        region: Some(project.config.region.clone()),
        ..Settings::default()
    };
    let aws = Aws::connect(settings).await?;
    aws.destination(&state.name)
        .await
        .map_err(|error| CommandError::new(Chain(&error).to_string()).hint(error.kind.hint()))
}
