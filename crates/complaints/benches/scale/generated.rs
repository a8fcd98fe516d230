//! A log that is generated as it is read: as many events as one likes, and no file.

use std::time::Duration;

use async_trait::async_trait;
use eventstore::store::{Answered, Append, Checkpoint, Head, Log, StoreError, Written};
use eventstore::{NewEvent, RecordedEvent, StreamId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::year::{JURISDICTION, NOW, Year, number_of};

/// The log of a year's complaints. It takes nothing: all that becomes due is in it.
pub(crate) struct Generated(pub(crate) Year);

impl Generated {
    fn recorded(position: u64, stream_version: u64, (stream, event): (StreamId, NewEvent)) -> RecordedEvent {
        let at = Timestamp::constant(NOW, 0);
        RecordedEvent {
            position,
            stream,
            stream_version,
            event_id: Uuid::from_u128(position.into()),
            event_type: event.event_type,
            occurred_at: at,
            recorded_at: at,
            actor: "clerk".to_owned(),
            correlation_id: Uuid::nil(),
            causation_id: Uuid::nil(),
            jurisdiction: JURISDICTION.to_owned(),
            unit: event.unit,
            traceparent: String::new(),
            payload: event.payload,
            chain_hash: [0; 32],
        }
    }

    /// The events of a complaint, whole.
    fn of(&self, number: u64) -> impl Iterator<Item = RecordedEvent> + use<> {
        let first = self.0.first(number);
        let told = self.0.told(number).into_iter().zip(0..);
        told.map(move |(told, place)| Self::recorded(first + place, 1 + place, told))
    }
}

#[async_trait]
impl Log for Generated {
    async fn write(&self, _batch: &[Append], _now: Timestamp) -> Result<Written, StoreError> {
        Err(read_only())
    }

    async fn head(&self) -> Result<Head, StoreError> {
        Ok(Head { position: self.0.events(), chain_hash: [0; 32], epoch: Uuid::nil() })
    }

    async fn renew_epoch(&self) -> Result<Head, StoreError> {
        Err(read_only())
    }

    async fn read_all(&self, from_position: u64, limit: usize) -> Result<Vec<RecordedEvent>, StoreError> {
        if from_position > self.0.events() {
            return Ok(vec![]);
        }
        let (first, _) = self.0.find(from_position);
        let events = (first..self.0.complaints).flat_map(|number| self.of(number));
        Ok(events.skip_while(|event| event.position < from_position).take(limit).collect())
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        from_version: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let Some(number) = number_of(stream.key()) else { return Ok(vec![]) };
        let events = self.of(number).filter(|event| event.stream_version >= from_version);
        Ok(events.take(limit).collect())
    }

    async fn read_streams(&self, wanted: &[(StreamId, u64)]) -> Result<Vec<RecordedEvent>, StoreError> {
        let known = wanted.iter().filter_map(|(stream, from)| Some((number_of(stream.key())?, from)));
        let events =
            known.flat_map(|(number, from)| self.of(number).filter(|event| event.stream_version >= *from));
        Ok(events.collect())
    }

    async fn answered(&self, _request_id: Uuid) -> Result<Option<Answered>, StoreError> {
        Ok(None)
    }

    async fn checkpoint(&self, _consumer: &str) -> Result<Option<Checkpoint>, StoreError> {
        Ok(None)
    }

    async fn set_checkpoint(&self, _consumer: &str, _checkpoint: Checkpoint) -> Result<(), StoreError> {
        Err(read_only())
    }

    async fn try_lease(&self, _name: &str, _holder: Uuid, _ttl: Duration) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn release_lease(&self, _name: &str, _holder: Uuid) -> Result<(), StoreError> {
        Ok(())
    }

    async fn vault_put(&self, _key: &str, _content: &[u8], _request_id: Uuid) -> Result<(), StoreError> {
        Err(read_only())
    }

    async fn vault_get(&self, _key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    async fn vault_erase(&self, _keys: &[String]) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn vault_unanswered(&self, _age: Duration) -> Result<Vec<String>, StoreError> {
        Ok(vec![])
    }

    async fn close(&self) {}

    fn poll_interval(&self) -> Duration {
        Duration::from_hours(1)
    }
}

fn read_only() -> StoreError {
    StoreError::database(std::io::Error::other("a generated log takes nothing"))
}
