//! wpstack
