//! What is open, due, on time, put right: figures of complaints (scoring.md §5, rectification).
