//! Debian's packages.

use std::collections::BTreeSet;

use wpstack_core::image::{Debian, Mirror, Release, Snapshot};

use super::value::{self, ValueError};
use crate::debian::packages;

/// The base and the packages on it.
pub(super) fn begin(debian: &Debian, from: Option<&str>) -> Result<String, ValueError> {
    let Debian { release, mirror, packages } = debian;
    let suite = match release {
        Release::Trixie => "trixie",
    };
    // A state of another day has run out by now, and one of today has not.
    let validity = match mirror {
        Mirror::Snapshot(_) => "-o Acquire::Check-Valid-Until=false ",
        Mirror::Live { .. } => "",
    };
    let (dated, main, security) = match mirror {
        Mirror::Snapshot(Snapshot(moment)) => {
            let (moment, day) = value::moment(moment)?;
            // Without TLS, which the base has no certificates for: apt checks signatures.
            let archive = |name| format!("http://snapshot.debian.org/archive/{name}/{moment}");
            let dated = format!("debian:{suite}-{day}-slim");
            (dated, archive("debian"), archive("debian-security"))
        }
        Mirror::Live { main, security } => {
            let dated = format!("debian:{suite}-slim");
            (dated, value::url(main)?.to_owned(), value::url(security)?.to_owned())
        }
    };
    let from = from.map_or(Ok(dated.as_str()), value::reference)?;
    let packages = listed(packages)?;
    Ok(format!(
        "FROM {from}\n\
         RUN rm -f /etc/apt/sources.list /etc/apt/sources.list.d/* \\\n \
         && echo 'deb {main} {suite} main' >/etc/apt/sources.list \\\n \
         && echo 'deb {main} {suite}-updates main' >>/etc/apt/sources.list \\\n \
         && echo 'deb {security} {suite}-security main' >>/etc/apt/sources.list \\\n \
         && apt-get {validity}update \\\n \
         && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \\\n\
         {packages} \
         && apt-get clean \\\n \
         && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*\n"
    ))
}

fn listed(further: &BTreeSet<String>) -> Result<String, ValueError> {
    let further = further.iter().map(String::as_str);
    let all: BTreeSet<_> =
        packages::PACKAGES.iter().map(|(name, _)| *name).chain(further).collect();
    all.into_iter().map(|name| Ok(format!("    {} \\\n", value::package(name)?))).collect()
}
