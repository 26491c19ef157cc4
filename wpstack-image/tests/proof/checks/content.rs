use super::Stage;
use crate::site::{Visitor, picture};
use crate::world::World;

pub(crate) const POST: &str = "A post that was proven";

pub(crate) async fn installed(world: &World, stage: &mut Stage) {
    let url = stage.site().url.clone();
    let mut visitor = Visitor::new(&url);
    let first = visitor.get("/").await;
    assert_eq!(first.status, 302, "{}", first.text());
    assert_eq!(first.location, format!("{url}/wp-admin/install.php"));
    visitor.install().await;
    // With its port: a page whose address lacks it is shown without any style.
    for option in ["siteurl", "home"] {
        assert_eq!(world.database.option("wp_", option).await, url, "{option}");
    }
    visitor.log_in().await;
    let dashboard = visitor.get("/wp-admin/").await;
    assert_eq!(dashboard.status, 200, "{}", dashboard.text());
    stage.visitor = Some(visitor);
}

pub(crate) async fn published(stage: &mut Stage) {
    let visitor = stage.visitor();
    let media = visitor.upload("colours.png", picture(1600, 1200)).await;
    let sizes = media["media_details"]["sizes"].as_object().unwrap();
    for size in ["thumbnail", "medium", "medium_large", "large", "1536x1536", "full"] {
        assert!(sizes.contains_key(size), "no {size}: {media:#}");
    }
    for size in sizes.values() {
        let image = visitor.get(size["source_url"].as_str().unwrap()).await;
        assert_eq!((image.status.as_u16(), image.kind.as_str()), (200, "image/png"), "{size}");
        assert!(image.body.starts_with(b"\x89PNG"), "{size}");
    }
    let address = media["source_url"].as_str().unwrap().to_owned();
    let content = format!("<p>Words.</p><img src=\"{address}\" alt=\"colours\">");
    let post = visitor.publish(POST, &content).await;
    let shown = visitor.get(post["link"].as_str().unwrap()).await;
    assert_eq!(shown.status, 200);
    assert!(shown.text().contains(POST) && shown.text().contains(&address), "{}", shown.text());
    stage.picture = Some(address);
}
