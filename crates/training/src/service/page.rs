//! A page that is filled one by one, where each thing is read from its own stream.

use contract::field::{self, BadField};
use shell::pages::PAGE_SIZE_MAX;

/// A page, as full as it is.
pub(super) struct Page<T> {
    items: Vec<T>,
    size: usize,
    last: String,
    next: String,
}

impl<T> Page<T> {
    /// An empty page, and the key after which it begins.
    pub(super) fn start(page_size: u32, page_token: &str) -> Result<(Self, String), BadField> {
        let after = match page_token {
            "" => "",
            token => token.strip_prefix("after:").ok_or_else(|| {
                BadField::new("page_token", "must be a token as the page before answered it")
            })?,
        };
        let size = field::page_size(page_size, PAGE_SIZE_MAX);
        let page = Self { items: vec![], size, last: String::new(), next: String::new() };
        Ok((page, after.to_owned()))
    }

    /// How many things it takes.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Takes the thing of the next key; whether it does not, because it is full.
    pub(super) fn is_full_with(&mut self, key: String, item: T) -> bool {
        if self.items.len() == self.size {
            self.next = format!("after:{}", self.last);
            return true;
        }
        self.items.push(item);
        self.last = key;
        false
    }

    /// What is on it, and the token of the next page; empty: it is the last.
    pub(super) fn end(self) -> (Vec<T>, String) {
        (self.items, self.next)
    }
}
