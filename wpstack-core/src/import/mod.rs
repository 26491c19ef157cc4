//! Moving over to wpstack: what other tools have built is taken into the state, and nothing is built anew that need not
//! be.
//!
//! One object is taken by [`Session::import`]. [`terraform`] reads the state of a whole system that Terraform built,
//! says what of it can be taken and writes the configuration under which it fits.
//!
//! [`Session::import`]: crate::apply::Session::import

pub mod terraform;
