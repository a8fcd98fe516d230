//! The newest events that this process wrote: who follows the log at its end need not ask the database for them.

use std::collections::VecDeque;

use parking_lot::Mutex;

use crate::event::RecordedEvent;

const EVENTS_MAX: usize = 2048;
const BYTES_MAX: usize = 4 << 20;

/// Events without a gap between them, up to the last that this process wrote.
#[derive(Default)]
pub(crate) struct Recent(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    events: VecDeque<RecordedEvent>,
    /// Of the payloads.
    bytes: usize,
}

impl Recent {
    /// Keeps what was written. What others wrote before it makes a gap: then it is all there is.
    pub(crate) fn keep(&self, events: Vec<RecordedEvent>) {
        let Some(first) = events.first() else { return };
        let mut kept = self.0.lock();
        if kept.events.back().is_some_and(|last| last.position + 1 != first.position) {
            *kept = Kept::default();
        }
        for event in events {
            kept.bytes += event.payload.len();
            kept.events.push_back(event);
        }
        while kept.events.len() > EVENTS_MAX || kept.bytes > BYTES_MAX {
            let Some(oldest) = kept.events.pop_front() else { break };
            kept.bytes -= oldest.payload.len();
        }
    }

    /// Up to `limit` events from a position on, in order; none: the database has to be asked.
    pub(crate) fn from(&self, position: u64, limit: usize) -> Option<Vec<RecordedEvent>> {
        let kept = self.0.lock();
        let passed = position.checked_sub(kept.events.front()?.position)?;
        let page: Vec<_> =
            kept.events.iter().skip(usize::try_from(passed).ok()?).take(limit).cloned().collect();
        (!page.is_empty()).then_some(page)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::event::StreamId;

    fn event(position: u64, bytes: usize) -> RecordedEvent {
        RecordedEvent {
            position,
            stream: StreamId::new("a", "a"),
            stream_version: position,
            event_id: Uuid::nil(),
            event_type: String::new(),
            occurred_at: Timestamp::UNIX_EPOCH,
            recorded_at: Timestamp::UNIX_EPOCH,
            actor: String::new(),
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
            jurisdiction: String::new(),
            unit: String::new(),
            traceparent: String::new(),
            payload: vec![0; bytes],
            chain_hash: [0; 32],
        }
    }

    fn from(recent: &Recent, position: u64) -> Option<Vec<u64>> {
        let page = recent.from(position, 3)?;
        Some(page.iter().map(|event| event.position).collect())
    }

    #[test]
    fn what_was_written_last_is_there_and_nothing_else() {
        let recent = Recent::default();
        assert_eq!(from(&recent, 1), None);
        recent.keep((5..=9).map(|position| event(position, 1)).collect());
        assert_eq!(
            [4, 5, 8, 10].map(|position| from(&recent, position)),
            [None, Some(vec![5, 6, 7]), Some(vec![8, 9]), None]
        );
        recent.keep(vec![]);
        recent.keep(vec![event(10, 1)]);
        assert_eq!(from(&recent, 9), Some(vec![9, 10]));
    }

    #[test]
    fn what_others_wrote_in_between_is_asked_of_the_database() {
        let recent = Recent::default();
        recent.keep(vec![event(1, 1), event(2, 1)]);
        recent.keep(vec![event(4, 1)]);
        assert_eq!([1, 2, 3, 4].map(|position| from(&recent, position)), [None, None, None, Some(vec![4])]);
    }

    #[test]
    fn no_more_is_kept_than_so_many_events_and_bytes() {
        let recent = Recent::default();
        let many = u64::try_from(EVENTS_MAX).unwrap() + 1;
        recent.keep((1..=many).map(|position| event(position, 1)).collect());
        assert_eq!([from(&recent, 1), from(&recent, 2)], [None, Some(vec![2, 3, 4])]);
        recent.keep(vec![event(many + 1, BYTES_MAX)]);
        assert_eq!([from(&recent, many), from(&recent, many + 1)], [None, Some(vec![many + 1])]);
        recent.keep(vec![event(many + 2, BYTES_MAX + 1)]);
        assert_eq!(from(&recent, many + 2), None);
    }
}
