mod defaults;
mod hostile;
mod keys;
