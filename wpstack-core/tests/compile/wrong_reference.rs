//! A subnet cannot stand where a network is asked for.

use wpstack_core::Stack;
use wpstack_core::resource::ec2::{Subnet, Vpc};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut stack = Stack::new("blog".parse()?);
    let vpc = stack.add("main", Vpc::new("10.0.0.0/16".parse()?))?;
    let zone = "eu-west-1a".parse()?;
    let subnet = stack.add("a", Subnet::new(&vpc, "10.0.0.0/24".parse()?, zone))?;
    stack.add("b", Subnet::new(&subnet, "10.0.1.0/24".parse()?, "eu-west-1b".parse()?))?;
    Ok(())
}
