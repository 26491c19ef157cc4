mod defaults;
mod hostile;
mod injection;
mod keys;
