//! (room authz)
