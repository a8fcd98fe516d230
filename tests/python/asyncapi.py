"""Checks an AsyncAPI 3 document against the schema of such documents.

    asyncapi.py SCHEMA < DOCUMENT
"""

import json
import pathlib
import sys

import jsonschema

document = json.load(sys.stdin)
schema = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
faults = sorted(jsonschema.Draft7Validator(schema).iter_errors(document), key=lambda fault: list(fault.path))
for fault in faults[:20]:
    print("/".join(map(str, fault.path)), fault.message[:500], file=sys.stderr)


def follow(reference: str):
    """What a reference within the document stands for."""
    part = document
    for name in reference.removeprefix("#/").split("/"):
        part = part[name.replace("~1", "/").replace("~0", "~")]
    return part


def references(part):
    """Every reference of a part of the document."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from references(inner)


found = [reference for reference in references(document) if reference.startswith("#/")]
for reference in found:
    follow(reference)
print(len(document["channels"]), "channels,", len(found), "references")
sys.exit(1 if faults or not found else 0)
