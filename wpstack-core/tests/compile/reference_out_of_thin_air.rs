//! Only `Stack::add` makes references.

use wpstack_core::Ref;
use wpstack_core::resource::ec2::Vpc;

fn main() {
    let vpc: Ref<Vpc> = Ref::new("ec2.vpc:main".parse().unwrap());
}
