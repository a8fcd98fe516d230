"""A client in another language, made from the files under proto/ and nothing else.

    client.py PROTO_FOLDER ADDRESS

Registers units, repeats a request, breaks a rule, and reads a scorecard with the token of its own write.
"""

import importlib
import importlib.resources
import pathlib
import sys
import tempfile
import uuid

import grpc
from google.protobuf import message_factory
from grpc_tools import protoc

PARENT = "jurisdictions/elsewhere"
CYCLE = f"{PARENT}/cycles/first"
UNIT = f"{PARENT}/units/north"


def generate(proto: pathlib.Path, out: pathlib.Path) -> None:
    """Generates the messages and clients of every file under `proto`."""
    files = [str(file.relative_to(proto)) for file in sorted(proto.rglob("*.proto"))]
    bundled = importlib.resources.files("grpc_tools") / "_proto"
    places = [f"-I{proto}", f"-I{bundled}", f"--python_out={out}", f"--grpc_python_out={out}"]
    if protoc.main(["protoc", *places, *files]) != 0:
        sys.exit("the files under proto/ do not compile")
    sys.path.insert(0, str(out))


class Client:
    """Calls the services; every command has its own request id."""

    def __init__(self, channel: grpc.Channel) -> None:
        evaluation = importlib.import_module("mingjing.evaluation.v1.service_pb2_grpc")
        scorecard = importlib.import_module("mingjing.scorecard.v1.service_pb2_grpc")
        self.events = importlib.import_module("mingjing.evaluation.v1.events_pb2")
        service = importlib.import_module("mingjing.evaluation.v1.service_pb2").DESCRIPTOR
        self.methods = service.services_by_name["EvaluationService"].methods_by_name
        self.cards = importlib.import_module("mingjing.scorecard.v1.service_pb2")
        self.scheme = importlib.import_module("mingjing.type.v1.scheme_pb2")
        self.evaluation = evaluation.EvaluationServiceStub(channel)
        self.scorecards = scorecard.ScorecardServiceStub(channel)

    def request(self, rpc: str, **fields):
        """A command's request."""
        method = self.methods[rpc]
        return message_factory.GetMessageClass(method.input_type)(request_id=str(uuid.uuid4()), **fields)

    def send(self, rpc: str, **fields):
        """A command's answer."""
        actor = [("mingjing-actor", "foreign-clerk")]
        return getattr(self.evaluation, rpc)(self.request(rpc, **fields), metadata=actor, timeout=10)


def register(client: Client) -> None:
    """A repeated request gets the first answer, to the letter."""
    fields = {"parent": PARENT, "unit_id": "north", "title": "North 北", "kind": client.events.UNIT_KIND_DIVISION}
    request = client.request("RegisterUnit", **fields)
    first = client.evaluation.RegisterUnit(request, timeout=10)
    again = client.evaluation.RegisterUnit(request, timeout=10)
    assert first.unit.name == UNIT, first
    assert first.SerializeToString(deterministic=True) == again.SerializeToString(deterministic=True), again


def open_cycle(client: Client) -> None:
    """A cycle with one component, a ledger of 100 points, and one unit."""
    ledger = client.scheme.LedgerMethod(start_points="100")
    component = client.scheme.Component(component_id="conduct", title="Conduct", max_points="100", ledger=ledger)
    rules = client.scheme.SchemeRules(title="Plain", components=[component])
    client.send("DraftScheme", parent=PARENT, scheme_id="plain", rules=rules)
    client.send("PublishScheme", name=f"{PARENT}/schemes/plain")
    client.send(
        "OpenCycle",
        parent=PARENT,
        cycle_id="first",
        title="First year",
        scheme=f"{PARENT}/schemes/plain",
        scheme_version=1,
        start_date="2024-01-01",
        end_date="2024-12-31",
        level=client.events.CYCLE_LEVEL_MUNICIPAL,
        ranked_groups=[1],
    )
    client.send("EnterUnit", name=CYCLE, unit=UNIT, group=1)


def deduct(client: Client, entry_id: str, points: str):
    """Takes points from the unit's ledger."""
    return client.send(
        "RecordEntry",
        parent=CYCLE,
        unit=UNIT,
        entry_id=entry_id,
        component_id="conduct",
        points=points,
        reason="Came late",
        entry_date="2024-05-06",
    )


def break_a_rule(client: Client) -> None:
    """A refusal says which rule was broken, in its text and in its details."""
    try:
        deduct(client, "nothing", "0")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
        assert error.details().startswith("evaluation.entry_zero: "), error
        details = dict(error.trailing_metadata())["grpc-status-details-bin"]
        assert b"evaluation.entry_zero" in details, details
    else:
        sys.exit("an entry of no points was accepted")


def read_own_write(client: Client) -> None:
    """What was written is in the scorecard that is read with its token."""
    for number in range(1, 11):
        token = deduct(client, f"late-{number}", "-0.25").consistency_token
        name = f"{CYCLE}/scorecards/north"
        request = client.cards.GetScorecardRequest(name=name, consistency_token=token)
        card = client.scorecards.GetScorecard(request, timeout=10).scorecard
        wanted = f"{100 - 0.25 * number:.2f}"
        assert card.final_points == wanted, (card.final_points, wanted)


def main() -> None:
    """Does all of it."""
    proto, address = pathlib.Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as out, grpc.insecure_channel(address) as channel:
        generate(proto, pathlib.Path(out))
        client = Client(channel)
        register(client)
        open_cycle(client)
        break_a_rule(client)
        read_own_write(client)


if __name__ == "__main__":
    main()
