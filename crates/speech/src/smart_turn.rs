//! Smart Turn: whether a caller who pauses has come to an end.
