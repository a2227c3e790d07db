//! Model names, and what each model family can do.
