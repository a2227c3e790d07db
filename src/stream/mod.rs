//! Wire events to response events: the parts manager.
