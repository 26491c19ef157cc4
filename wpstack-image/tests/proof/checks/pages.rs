use super::Stage;
use super::content::POST;
use crate::browser::{Browser, Page};
use crate::site::{PASSWORD, USER};
use crate::world::{artifact, open};

pub(crate) async fn front(stage: &mut Stage) {
    let url = format!("{}/", stage.site().url);
    let browser = stage.browser().await;
    let page = open(browser, &url).await;
    browser.screenshot(&artifact("front.png")).await;
    assert!(page.title.contains("Proof & more"), "{}", page.title);
    // A theme's own font. A page without its style has the browser's.
    assert!(!page.font.to_lowercase().contains("times"), "{}", page.font);
    let text = browser.evaluate("document.body.innerText").await;
    assert!(text.as_str().unwrap().contains(POST), "{text}");
}

pub(crate) async fn dashboard(stage: &mut Stage) {
    let url = stage.site().url.clone();
    let browser = stage.browser().await;
    let page = log_in(browser, &url).await;
    browser.screenshot(&artifact("dashboard.png")).await;
    assert!(page.title.starts_with("Dashboard"), "{}", page.title);
    let count = |kind: &str| page.requests.values().filter(|found| *found == kind).count();
    let (styles, scripts) = (count("Stylesheet"), count("Script"));
    assert!(styles >= 1 && scripts >= 1, "{styles} stylesheets, {scripts} scripts");
    // The menu stands at the left in a colour of its own, and the editor's scripts run.
    let menu = "getComputedStyle(document.querySelector('#adminmenu')).backgroundColor";
    assert_eq!(browser.evaluate(menu).await, "rgb(29, 35, 39)");
    open(browser, &format!("{url}/wp-admin/upload.php?mode=grid")).await;
    browser.screenshot(&artifact("library.png")).await;
    let editor = open(browser, &format!("{url}/wp-admin/post-new.php")).await;
    browser.screenshot(&artifact("editor.png")).await;
    assert!(editor.title.starts_with("Add"), "{}", editor.title);
}

/// Logs in as a person does, and answers the dashboard.
pub(crate) async fn log_in(browser: &mut Browser, url: &str) -> Page {
    open(browser, &format!("{url}/wp-login.php")).await;
    let script = format!(
        "document.querySelector('#user_login').value = '{USER}'; \
         document.querySelector('#user_pass').value = '{PASSWORD}'; \
         document.querySelector('#wp-submit').click()"
    );
    let page = browser.act(&script).await;
    page.check();
    assert!(page.url.starts_with(&format!("{url}/wp-admin/")), "{}", page.url);
    page
}
