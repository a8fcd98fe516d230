"""Checks which pods the rendered objects of Kubernetes select: each those of its own service, the network policy all.

    selected.py RENDERED
"""

import sys

import yaml


def labels(selector: dict) -> dict:
    """What a selector asks for; one that asks for nothing is a mistake here."""
    wanted = selector.get("matchLabels", selector)
    assert wanted and all(isinstance(value, str) for value in wanted.values()), selector
    return wanted


def main() -> None:
    """Does all of it."""
    with open(sys.argv[1], encoding="utf-8") as file:
        objects = list(yaml.safe_load_all(file))
    of = lambda kind: {it["metadata"]["name"]: it["spec"] for it in objects if it["kind"] == kind}
    deployments = of("Deployment")
    pods = {name: spec["template"]["metadata"]["labels"] for name, spec in deployments.items()}

    def selected(selector: dict | None) -> set[str]:
        wanted = labels(selector or {}).items()
        return {name for name, has in pods.items() if wanted <= has.items()}

    for kind in ("Deployment", "Service", "PodDisruptionBudget"):
        specs = of(kind)
        assert specs.keys() == pods.keys(), (kind, sorted(specs))
        for name, spec in specs.items():
            assert selected(spec.get("selector")) == {name}, f"{kind} {name} selects other pods than its own"
    for name, spec in of("NetworkPolicy").items():
        assert selected(spec["podSelector"]) == pods.keys(), f"NetworkPolicy {name} does not select every pod"
        peers = [peer for rule in spec["egress"] for peer in rule.get("to", [])]
        own = [peer for peer in peers if peer.keys() == {"podSelector"}]
        assert [selected(peer["podSelector"]) for peer in own] == [pods.keys()], f"NetworkPolicy {name}: {own}"


if __name__ == "__main__":
    main()
