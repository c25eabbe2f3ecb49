//! (room openapi)
