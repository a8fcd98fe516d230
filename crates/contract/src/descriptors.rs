//! The descriptors of the whole contract: for gRPC reflection, and to show any message as JSON.

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

/// The encoded `FileDescriptorSet` of every file under `proto/`, with comments.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// Every message and service of the contract.
pub static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(FILE_DESCRIPTOR_SET).expect("the descriptors were compiled with this crate")
});

/// The messages that are events: all that `events.proto` files declare, each context's in file order.
pub fn events() -> impl Iterator<Item = MessageDescriptor> {
    POOL.files().filter(|file| file.name().ends_with("/events.proto")).flat_map(|file| {
        let messages: Vec<_> = file.messages().collect();
        let parts: Vec<_> = messages
            .iter()
            .flat_map(|message| message.fields().filter_map(|field| field.kind().as_message().cloned()))
            .collect();
        messages.into_iter().filter(move |message| !parts.contains(message))
    })
}

/// An encoded message of the contract, ready to be shown as JSON or looked into; `None` if the contract has
/// no such message or the bytes are not one.
pub fn decode(full_name: &str, bytes: &[u8]) -> Option<DynamicMessage> {
    let descriptor = POOL.get_message_by_name(full_name)?;
    DynamicMessage::decode(descriptor, bytes).ok()
}
