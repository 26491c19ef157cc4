use std::time::{Duration, Instant};

use super::Stage;
use crate::machine::until;
use crate::world::World;

/// How long WordPress waits for its table.
const SLOW: &str = "LOCK TABLES wp_options WRITE; SELECT SLEEP(4); UNLOCK TABLES";

pub(crate) async fn drained(world: &World, stage: &mut Stage) {
    let site = world.site("drained", "uploads", &[]).await;
    let visitor = stage.visitor();
    let mut warm = visitor.sent_to(&site.url);
    assert_eq!(warm.get("/?p=1").await.status, 200);
    let mut slow = visitor.sent_to(&site.url);
    let mut late = visitor.sent_to(&site.url);
    let begun = Instant::now();
    let lock = async { world.database.query(SLOW).await };
    let request = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let answer = slow.get("/?p=1").await;
        (answer, begun.elapsed())
    };
    let end = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        site.container.signal("SIGTERM").await;
        let signalled = Instant::now();
        until("no new requests", Duration::from_secs(3), async || {
            late.status("/healthz").await.is_none().then_some(())
        })
        .await;
        let code = site.container.code().await;
        (code, signalled.elapsed())
    };
    let (_, (answer, answered), (code, ended)) = tokio::join!(lock, request, end);
    assert!(answered > Duration::from_secs(3), "the request was not slow: {answered:?}");
    assert_eq!(answer.status, 200);
    assert!(answer.text().trim_end().ends_with("</html>"), "{}", answer.text());
    assert_eq!(code, 0, "{}", site.container.log().await);
    assert!(ended < Duration::from_secs(15), "it took {ended:?} to end");
    site.container.remove().await;
}
