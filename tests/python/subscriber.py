"""A foreign subscriber: reads what is published over NATS, with nothing but the files under proto/ in its hands.

    subscriber.py PROTO_FOLDER NATS_URL SERVICE=POSITION ... [-- SECRET ...]

Reads each service's stream up to a position. Proves from the sequence and `ce-sequence` alone that it missed
nothing, decodes every event, and finds none of the secrets (personal data; after `re:` a regular expression) anywhere.
Prints what it saw as JSON.
"""

import asyncio
import importlib.resources
import json
import pathlib
import re
import sys
import tempfile

import nats
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory, unknown_fields
from grpc_tools import protoc
from nats.js.api import ConsumerConfig, DeliverPolicy

TIMEOUT_S = 30
REQUIRED = ("ce-id", "ce-source", "ce-type", "ce-time", "ce-subject", "ce-dataschema", "ce-sequence")


class Secrets:
    """Texts that must stand nowhere; after `re:` a regular expression."""

    def __init__(self, secrets: list[str]) -> None:
        self.patterns = [re.compile(secret[3:]) for secret in secrets if secret.startswith("re:")]
        self.texts = [secret for secret in secrets if not secret.startswith("re:")]

    def in_text(self, text: str) -> str:
        """The first that stands in a text; empty: none."""
        found = (pattern.search(text) for pattern in self.patterns)
        found = (match.group() for match in found if match)
        return next(found, "") or next((secret for secret in self.texts if secret in text), "")


def compile_all(proto: pathlib.Path) -> descriptor_pool.DescriptorPool:
    """The descriptors of every file under `proto`."""
    files = [str(file.relative_to(proto)) for file in sorted(proto.rglob("*.proto"))]
    bundled = importlib.resources.files("grpc_tools") / "_proto"
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "set.bin"
        flags = [f"-I{proto}", f"-I{bundled}", "--include_imports", f"--descriptor_set_out={out}"]
        if protoc.main(["protoc", *flags, *files]) != 0:
            sys.exit("the files under proto/ do not compile")
        found = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in found.file:
        pool.Add(file)
    return pool


def check(message, service: str, expected: int, pool, secrets: Secrets) -> str:
    """Checks one message; gives its type."""
    headers = message.headers
    sequence = message.metadata.sequence.stream
    assert sequence == expected, f"{service}: after {expected - 1} came {sequence}"
    assert headers["ce-sequence"] == str(sequence), (service, sequence, headers["ce-sequence"])
    assert headers["ce-specversion"] == "1.0" and headers["content-type"] == "application/protobuf", headers
    assert all(headers[name] for name in REQUIRED), headers
    assert headers["ce-source"] == f"/mingjing/{service}", headers
    kind = headers["ce-type"]
    root, of, jurisdiction, unit, name = message.subject.split(".")
    assert (root, of, jurisdiction) == ("mj", service, headers["ce-partitionkey"]), message.subject
    assert unit == headers.get("ce-unit", "_"), message.subject
    assert name.replace("_", "") == kind.rsplit(".", 1)[1].lower(), message.subject
    event = message_factory.GetMessageClass(pool.FindMessageTypeByName(kind)).FromString(message.data)
    assert len(unknown_fields.UnknownFieldSet(event)) == 0, f"{service}:{sequence} has fields that {kind} lacks"
    seen = json_format.MessageToJson(event, ensure_ascii=False) + json.dumps(headers) + message.subject
    told = secrets.in_text(seen) or secrets.in_text(message.data.decode(errors="replace"))
    assert not told, f"{service}:{sequence} tells personal data: {told}"
    return kind


async def read(stream, service: str, until: int, pool, secrets: Secrets) -> dict[str, int]:
    """Reads a service's stream from its first message; counts the types."""
    counts: dict[str, int] = {}
    config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL)
    subscription = await stream.subscribe(f"mj.{service}.>", ordered_consumer=True, config=config)
    for expected in range(1, until + 1):
        message = await subscription.next_msg(timeout=TIMEOUT_S)
        kind = check(message, service, expected, pool, secrets)
        counts[kind] = counts.get(kind, 0) + 1
    await subscription.unsubscribe()
    return counts


async def main() -> None:
    """Does all of it."""
    arguments, secrets = sys.argv[1:], []
    if "--" in arguments:
        cut = arguments.index("--")
        arguments, secrets = arguments[:cut], arguments[cut + 1 :]
    personal = Secrets(secrets)
    pool = compile_all(pathlib.Path(arguments[0]))
    client = await nats.connect(arguments[1])
    seen = {}
    for wanted in arguments[2:]:
        service, position = wanted.split("=")
        seen[service] = await read(client.jetstream(), service, int(position), pool, personal)
    await client.close()
    print(json.dumps(seen))


if __name__ == "__main__":
    asyncio.run(main())
