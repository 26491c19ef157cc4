//! The main job, from a configuration to a running site and back to nothing.
//!
//! ```sh
//! cargo run --example full_stack
//! ```
//! ```text
//! cargo run --example full_stack --features aws -- --cloud aws    # the real one: it costs money while it stands
//! ```
//!
//! On the simulated AWS it also plays the person, who changes the configuration: first the image's, then the stack's.
#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::error::Error;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use wpstack_core::Stack;
use wpstack_core::apply::{Engine, Options, Session, Summary};
use wpstack_core::event::Events;
use wpstack_core::sim::Sim;
use wpstack_core::state::LocalStore;
use wpstack_core::wordpress::{self, Config};
use wpstack_examples::{holder, print_plan, printer};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] | ["--cloud", "sim"] => simulated().await,
        ["--cloud", "aws"] => real().await,
        other => {
            Err(format!("unknown arguments {other:?}: --cloud sim (the default) or --cloud aws")
                .into())
        }
    }
}

/// The whole life of a site, on a simulated AWS.
async fn simulated() -> Result<(), Box<dyn Error>> {
    let sim = Sim::new(7);
    let config = configuration()?;
    let site = Site::open(sim.engine(), &config).await?;

    println!("# Everything is made\n");
    let summary = site.apply(&wordpress::stack(&config)?).await?;
    report(&summary);

    println!("\n# Another recipe is another image, by which the service is deployed to\n");
    let mut config = config;
    config.image.build.php.upload_limit = "128 MiB".parse()?;
    report(&site.apply(&wordpress::stack(&config)?).await?);

    println!("\n# Nothing changed, so nothing is planned\n");
    let plan = site.plan(&wordpress::stack(&config)?).await?;
    assert!(plan.is_empty(), "a second plan has nothing to do: {:?}", plan.steps);
    println!("no changes");

    println!("\n# More memory for the task, and longer backups\n");
    config.service.memory = "640 MiB".parse()?;
    config.database.backup_retention = "14 days".parse()?;
    report(&site.apply(&wordpress::stack(&config)?).await?);

    println!("\n# Everything goes\n");
    report(&site.apply(&Stack::new(config.name.clone())).await?);
    let left = sim.inventory();
    let kinds: Vec<_> = left.keys().collect();
    println!("\nleft in the account: {kinds:?} (the final snapshot of the database)");
    Ok(())
}

#[cfg(feature = "aws")]
async fn real() -> Result<(), Box<dyn Error>> {
    use wpstack_aws::{Aws, Settings};
    use wpstack_core::time::SystemClock;
    use wpstack_image::maker::Maker;

    let config = configuration()?;
    let settings = Settings { region: Some(config.region.clone()), ..Settings::default() };
    let images = Maker::new(std::env::temp_dir().join("wpstack"), Arc::new(SystemClock));
    let aws = Aws::connect(settings).await?.with_images(Arc::new(images));
    let site = Site::open(Engine::new(aws.registry(), Arc::new(SystemClock)), &config).await?;
    report(&site.apply(&wordpress::stack(&config)?).await?);
    println!("\npress Enter to destroy it all again");
    std::io::stdin().read_line(&mut String::new())?;
    report(&site.apply(&Stack::new(config.name.clone())).await?);
    Ok(())
}

#[cfg(not(feature = "aws"))]
async fn real() -> Result<(), Box<dyn Error>> {
    Err("this was built without AWS: cargo run --example full_stack --features aws -- --cloud aws"
        .into())
}

/// A small blog in Ireland.
fn configuration() -> Result<Config, Box<dyn Error>> {
    Ok(Config::parse("name = 'blog'\nregion = 'eu-west-1'")?)
}

/// A site: its state on disk, under lock, and the cloud it lives on.
struct Site {
    session: Session,
    clock: Arc<dyn wpstack_core::time::Clock>,
    directory: std::path::PathBuf,
}

impl Site {
    async fn open(engine: Engine, config: &Config) -> Result<Self, Box<dyn Error>> {
        let directory =
            std::env::temp_dir().join(format!("wpstack-full-stack-{}", std::process::id()));
        let name = config.name.as_str();
        let store = Arc::new(LocalStore::open(&directory, name));
        let holder = holder("full_stack", engine.clock().as_ref());
        let session = engine
            .open(store, name, &holder, &format!("full-stack-{}", std::process::id()))
            .await?;
        Ok(Self { session, clock: Arc::clone(engine.clock()), directory })
    }

    async fn plan(&self, stack: &Stack) -> Result<wpstack_core::plan::Plan, Box<dyn Error>> {
        Ok(self.session.plan(stack, &self.session.look().await?)?)
    }

    async fn apply(&self, stack: &Stack) -> Result<Summary, Box<dyn Error>> {
        let plan = self.plan(stack).await?;
        print_plan(&plan);
        let expected = plan.expected();
        println!("\n{} steps, expected to take {} s\n", plan.steps.len(), expected.as_secs());
        let options = Options::default();
        let (events, cancel) = (Events::to(printer()), CancellationToken::new());
        let began = self.clock.now();
        let summary = self.session.apply(stack, &plan, &options, &events, &cancel).await?;
        let took = self.clock.now().duration_since(began).as_secs();
        println!("\n{} steps done in {took} s of the cloud's time", plan.steps.len());
        if summary.is_complete() {
            Ok(summary)
        } else {
            Err(format!("{:#?}", summary.failures).into())
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.directory));
    }
}

fn report(summary: &Summary) {
    for (name, value) in &summary.outputs {
        println!("{name} = {value}");
    }
    for advice in &summary.advice {
        println!("next: {advice}");
    }
}
