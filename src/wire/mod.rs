//! The JSON of Converse, ConverseStream and CountTokens, one to one with the service model.
