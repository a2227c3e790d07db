//! The client: Converse, ConverseStream and CountTokens on wire types.
