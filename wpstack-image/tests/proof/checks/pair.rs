use super::Stage;
use crate::site::picture;
use crate::world::World;

pub(crate) async fn shared(world: &World, stage: &mut Stage) {
    let other = world.site("other", "uploads", &[]).await;
    let address = stage.picture.clone().expect("a picture was uploaded");
    let visitor = stage.visitor();
    let mut elsewhere = visitor.sent_to(&other.url);
    let path = address.strip_prefix(visitor.base()).unwrap().to_owned();
    let [here, there] = [visitor.get(&path).await, elsewhere.get(&path).await];
    assert_eq!((here.status.as_u16(), there.status.as_u16()), (200, 200));
    assert!(here.body == there.body, "two pictures");
    // Who logged in at one is known to the other.
    let dashboard = elsewhere.get("/wp-admin/").await;
    assert_eq!(dashboard.status, 200, "{}", dashboard.location);
    let media = elsewhere.upload("other.png", picture(640, 480)).await;
    let address = media["source_url"].as_str().unwrap().to_owned();
    let image = visitor.get(&address).await;
    assert_eq!(image.status, 200, "{address}");
    let post = elsewhere.publish("From the other", "Words.").await;
    let shown = visitor.get(post["link"].as_str().unwrap()).await;
    assert!(shown.text().contains("From the other"), "{}", shown.text());
    other.container.remove().await;
}
