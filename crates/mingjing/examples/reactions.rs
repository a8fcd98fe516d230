//! Draws `docs/reactions.md` anew from the tables of the services.

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reactions.md");
    let page = fs::read_to_string(&path)?;
    let redrawn = mingjing::reactions::redrawn(&page).ok_or(io::ErrorKind::InvalidData)?;
    fs::write(path, redrawn)
}
