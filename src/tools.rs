//! Tools, tool choice and the parameters of a request.
