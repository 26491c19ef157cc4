//! What has to hold. Each file is one subject.

pub(crate) mod content;
pub(crate) mod crash;
pub(crate) mod dockerfile;
pub(crate) mod drain;
pub(crate) mod https;
pub(crate) mod image;
pub(crate) mod pages;
pub(crate) mod pair;
pub(crate) mod preview;
pub(crate) mod refusals;
pub(crate) mod start;

use crate::browser::Browser;
use crate::site::Visitor;
use crate::world::Site;

/// What earlier checks leave for later ones.
#[derive(Default)]
pub(crate) struct Stage {
    site: Option<Site>,
    visitor: Option<Visitor>,
    browser: Option<Browser>,
    /// The address of a picture in its full size.
    picture: Option<String>,
}

impl Stage {
    fn site(&self) -> &Site {
        self.site.as_ref().expect("the site was started")
    }

    fn visitor(&mut self) -> &mut Visitor {
        self.visitor.as_mut().expect("somebody logged in")
    }

    async fn browser(&mut self) -> &mut Browser {
        if self.browser.is_none() {
            self.browser = Some(Browser::start().await);
        }
        self.browser.as_mut().expect("it was started")
    }
}
