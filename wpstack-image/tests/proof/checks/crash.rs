use std::time::Duration;

use super::Stage;
use crate::machine::until;

/// How long the site may be away.
const REPAIR: Duration = Duration::from_secs(10);

pub(crate) async fn repaired(stage: &mut Stage) {
    for process in ["nginx: master", "php-fpm: master"] {
        let before = stage.site().container.inspect().await;
        // Every process of that title, from within: there is no `ps` in the image.
        let script = format!(
            "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null | grep -q '^{process}' \
             && kill -9 ${{p#/proc/}} && echo killed ${{p#/proc/}}; done; true"
        );
        let (_, printed) = stage.site().container.exec(&["sh", "-c", &script]).await;
        assert!(printed.starts_with("killed "), "no `{process}` was found: {printed}");
        let visitor = stage.visitor();
        until("an answer", REPAIR, async || {
            (visitor.status("/?p=1").await == Some(200)).then_some(())
        })
        .await;
        let (_, again) =
            stage.site().container.exec(&["sh", "-c", &script.replace("kill -9", "true")]).await;
        assert!(again.starts_with("killed ") && again != printed, "{printed} and then {again}");
        let after = stage.site().container.inspect().await;
        assert_eq!(before.state.unwrap().started_at, after.state.unwrap().started_at);
        assert_eq!(after.restart_count, Some(0));
    }
}
