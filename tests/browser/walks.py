"""Walks on the handmade graph, as Python takes them."""

from pkvm_model.widgets.walk import Walk
from tests.widgets.r7_graph import graph


def walked(*cpus: int) -> Walk:
    """Return the walk on which these CPUs step."""
    walk = Walk(graph())
    for cpu in cpus:
        walk.take(next(edge for edge in walk.edges[walk.here] if edge["cpu"] == cpu))
    return walk
