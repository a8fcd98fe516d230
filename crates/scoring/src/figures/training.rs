//! Who trains: figures of a campaign, for a unit alone and with its subtree (scoring.md §5, training).
