//! Images that come from elsewhere: archives, and registries.

use bollard::auth::DockerCredentials;
use bollard::query_parameters::{CreateImageOptionsBuilder, ImportImageOptions};
use futures::{Stream, StreamExt, TryStreamExt};
use tokio::io::AsyncRead;
use tokio_util::io::ReaderStream;

use super::error::is_missing;
use super::{Engine, EngineError, ImageId, Listener, Progress};

impl Engine {
    /// Takes in an archive of an image, as `docker save` writes them (an archive of an OCI layout only with the
    /// `manifest.json` that older engines look for), and answers the image.
    ///
    /// # Errors
    /// When the engine refuses the archive, or it has more or less than one image.
    pub async fn load(
        &self,
        archive: impl AsyncRead + Send + 'static,
        progress: Listener<'_>,
    ) -> Result<ImageId, EngineError> {
        let chunks = ReaderStream::with_capacity(archive, 1 << 20);
        let told = self.docker.import_image_stream(ImportImageOptions::default(), chunks, None);
        let lines = told.map_ok(|info| info.stream.or(info.status).unwrap_or_default());
        let name = loaded(lines, progress).await?;
        let found = self.docker.inspect_image(&name).await;
        let found = found.map_err(EngineError::call("show the image that it took in"))?;
        found.id.map(ImageId).ok_or(EngineError::NoImage("took in"))
    }

    /// Makes sure that the image is there, and pulls it when it is not.
    ///
    /// # Errors
    /// When it is not there and cannot be pulled.
    pub async fn pull(
        &self,
        image: &str,
        credentials: Option<DockerCredentials>,
        progress: Listener<'_>,
    ) -> Result<(), EngineError> {
        match self.docker.inspect_image(image).await {
            Ok(_) => return Ok(()),
            Err(error) if is_missing(&error) => {}
            Err(error) => return Err(EngineError::call("look for an image")(error)),
        }
        let options = CreateImageOptionsBuilder::default().from_image(&with_tag(image)).build();
        let mut told = self.docker.create_image(Some(options), None, credentials);
        while let Some(next) = told.next().await {
            let info =
                next.map_err(|source| EngineError::Pull { image: image.to_owned(), source })?;
            if let Some(status) = info.status {
                let layer = info.id.map(|layer| format!("{layer}: ")).unwrap_or_default();
                progress(Progress::Status(format!("{layer}{status}")));
            }
        }
        Ok(())
    }
}

/// Without a tag the engine would pull every image of the repository.
fn with_tag(image: &str) -> String {
    let name = image.rsplit('/').next().unwrap_or(image);
    if name.contains([':', '@']) { image.to_owned() } else { format!("{image}:latest") }
}

/// The name of the one image that was taken in.
async fn loaded(
    told: impl Stream<Item = Result<String, bollard::errors::Error>>,
    progress: Listener<'_>,
) -> Result<String, EngineError> {
    let mut told = std::pin::pin!(told);
    let mut names = Vec::new();
    while let Some(next) = told.next().await {
        let text = next.map_err(EngineError::call("take in the archive of an image"))?;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            // "Loaded image: name:tag", or "Loaded image ID: sha256:…" when it has no name.
            let name = line.strip_prefix("Loaded image").and_then(|rest| rest.split_once(": "));
            names.extend(name.map(|(_, name)| name.to_owned()));
            progress(Progress::Status(line.to_owned()));
        }
    }
    match <[String; 1]>::try_from(names) {
        Ok([name]) => Ok(name),
        Err(_) => Err(EngineError::NoImage("took in")),
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    #[tokio::test]
    async fn finds_the_name_of_what_was_taken_in() {
        let check = async |lines: &[&str]| {
            let lines: Vec<_> = lines.iter().map(|line| Ok(format!("{line}\n"))).collect();
            loaded(stream::iter(lines), &|_| {}).await.ok()
        };
        let one = "Loaded image: wordpress:1";
        assert_eq!(check(&["1f2e: Loading layer", one]).await.as_deref(), Some("wordpress:1"));
        let nameless = check(&["Loaded image ID: sha256:aa"]).await;
        assert_eq!(nameless.as_deref(), Some("sha256:aa"));
        assert_eq!(check(&["nothing"]).await, None);
        assert_eq!(check(&[one, "Loaded image: other:1"]).await, None);
    }

    #[test]
    fn one_tag_is_pulled_and_not_all() {
        for (given, asked) in [
            ("mariadb", "mariadb:latest"),
            ("mariadb:11.4", "mariadb:11.4"),
            ("127.0.0.1:5000/a/b", "127.0.0.1:5000/a/b:latest"),
            ("127.0.0.1:5000/a@sha256:00", "127.0.0.1:5000/a@sha256:00"),
        ] {
            assert_eq!(with_tag(given), asked);
        }
    }
}
