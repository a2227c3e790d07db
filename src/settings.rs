//! Settings of a model and of a single request.
