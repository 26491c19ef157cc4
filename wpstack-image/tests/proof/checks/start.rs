use std::time::{Duration, Instant};

use super::Stage;
use crate::world::World;

/// How long a start may take on a machine that is busy with other things.
const SECONDS: Duration = Duration::from_secs(15);

pub(crate) async fn healthy(world: &World, stage: &mut Stage) {
    let begun = Instant::now();
    let site = world.site("site", "uploads", &[]).await;
    assert!(begun.elapsed() < SECONDS, "it took {:?}", begun.elapsed());
    let (_, user) = site.container.exec(&["id", "-u"]).await;
    assert_eq!(user.trim(), "33");
    let (code, _) = site.container.exec(&["touch", "/srv/wordpress/index.php"]).await;
    assert_ne!(code, 0, "its files can be written");
    let host = site.container.inspect().await.host_config.unwrap();
    assert_eq!((host.readonly_rootfs, host.privileged), (Some(true), Some(false)));
    stage.site = Some(site);
}
