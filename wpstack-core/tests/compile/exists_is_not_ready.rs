//! What has to be ready cannot be given as what merely exists.

use wpstack_core::resource::ec2::InternetGateway;
use wpstack_core::{Ready, Ref};

fn needs_it_ready(_: Ready<InternetGateway>) {}

fn check(gateway: Ref<InternetGateway>) {
    needs_it_ready(gateway);
}

fn main() {}
