//! Schemes as TOML files: the fields of `mingjing.type.v1.SchemeRules`, decimals as strings.
//!
//! Everything that is wrong with a file is told at once, by place and line: what cannot be read at all, what is
//! no key or has the wrong type (`shape`), and what breaks a rule of schemes (`scoring::Fault`).

use std::collections::BTreeMap;
use std::fmt;

use contract::descriptors;
use contract::words::SchemeRules;
use prost::Message as _;
use prost::Name as _;
use toml::de::DeTable;

mod shape;

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where in the scheme, e.g. `components[2].method.panel.classes[0].weight`; empty: the file's syntax.
    pub path: String,
    /// Its line in the file, or that of the nearest thing around it.
    pub line: usize,
    /// The dotted name of the rule that it breaks.
    pub rule: &'static str,
    /// What would be right, for people.
    pub message: String,
}

/// What cannot be read in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(pub Vec<Fault>);

impl std::error::Error for Unreadable {}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.0.iter().map(|Fault { path, line, message, .. }| match path.as_str() {
            "" => format!("line {line}: {message}"),
            path => format!("line {line}, {path}: {message}"),
        });
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}

/// Reads a scheme, or tells everything in the file that cannot be read.
pub fn parse(text: &str) -> Result<SchemeRules, Unreadable> {
    let File { rules, faults, .. } = read(text);
    if faults.is_empty() { Ok(rules) } else { Err(Unreadable(faults)) }
}

/// Everything that keeps the scheme from being published, in the file's order; nothing: it may be. The rules of
/// schemes are looked at once the file's syntax is right.
pub fn check(text: &str) -> Vec<Fault> {
    let File { rules, mut faults, lines } = read(text);
    if faults.iter().all(|fault| !fault.path.is_empty()) {
        let unreadable = faults.clone();
        let told = |path: &str| unreadable.iter().any(|fault| lies_in(path, &fault.path));
        let broken = scoring::Scheme::parse_for_publication(&rules).err().unwrap_or_default();
        let broken = broken.into_iter().filter(|fault| !told(&fault.path)).map(|fault| {
            let (line, rule) = (line_of(&lines, &fault.path), fault.rule.name());
            Fault { path: fault.path, line, rule, message: fault.message }
        });
        faults.extend(broken);
    }
    faults.sort_by_key(|fault| fault.line);
    faults
}

/// A file as far as it can be read.
struct File {
    rules: SchemeRules,
    faults: Vec<Fault>,
    /// The line of everything in it, by path.
    lines: BTreeMap<String, usize>,
}

fn read(text: &str) -> File {
    let (table, errors) = DeTable::parse_recoverable(text);
    let syntax = |error: &toml::de::Error| Fault {
        path: String::new(),
        line: line_at(text, error.span().map_or(0, |span| span.start)),
        rule: "scheme.syntax",
        message: error.message().trim_end().replace('\n', ", "),
    };
    let mut shape = shape::Shape::new(text);
    let descriptor = descriptors::POOL.get_message_by_name(&SchemeRules::full_name());
    let message = descriptor.map(|descriptor| shape.message("", table.get_ref(), &descriptor));
    let bytes = message.map(|message| message.encode_to_vec()).unwrap_or_default();
    let mut faults: Vec<_> = errors.iter().map(syntax).collect();
    faults.extend(shape.faults);
    File { rules: SchemeRules::decode(&*bytes).unwrap_or_default(), faults, lines: shape.lines }
}

/// Whether a path is another one, or of something in it.
fn lies_in(path: &str, other: &str) -> bool {
    path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// The line of what a path leads to, or of the nearest thing around it that the file has.
fn line_of(lines: &BTreeMap<String, usize>, path: &str) -> usize {
    let around = |path: &str| path.rfind(['.', '[']).map(|end| path[..end].to_owned());
    std::iter::successors(Some(path.to_owned()), |path| around(path))
        .find_map(|path| lines.get(&path))
        .copied()
        .unwrap_or(1)
}

/// The line in which a byte of the text lies, from 1.
fn line_at(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests;
