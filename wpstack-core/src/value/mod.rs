//! Typed values: CIDR blocks, ports, ARNs, names.
