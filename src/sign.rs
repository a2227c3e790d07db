//! Request signatures: SigV4 and bearer tokens.
