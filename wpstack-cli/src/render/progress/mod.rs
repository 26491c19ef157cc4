//! A run as it goes: a board that events are entered on, and two ways to show it.

mod board;
mod lines;
mod live;
#[cfg(test)]
mod tests;

pub(crate) use board::Board;
pub(crate) use lines::line;
pub(crate) use live::frame;
