"""What is known of relations beforehand: types of their arguments, symmetry, inverses, at most one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ....errors import Errors

IMPOSSIBLE = -1e9


@dataclass(frozen=True)
class RelationRule:
    """What is known of a label.

    heads, tails: types that its arguments may have; empty: any.
    symmetric: whether it holds in both directions; it is then written once, first argument first.
    inverse: label that holds in the other direction whenever this one holds; "": none.
    one_per_head: whether a head has at most one tail.
    """

    heads: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()
    symmetric: bool = False
    inverse: str = ""
    one_per_head: bool = False


class RelationRules(nn.Module):
    """Rules of all labels as tensors: they change scores, and learn nothing.

    labels (Sequence): R labels.
    types (Sequence): N types of arguments.
    schema (Mapping): Rules by label.
    seen (Sequence): Types of arguments in training, (head type, label, tail type); empty allows all. A
        label that it does not name may have any.

    allowed (Tensor): Bool, shape (R, types, types).
    """

    allowed: Tensor
    symmetric: Tensor
    inverse: Tensor
    one_per_head: Tensor

    def __init__(
        self,
        labels: Sequence[str],
        types: Sequence[str],
        schema: Mapping[str, RelationRule],
        seen: Sequence[Sequence[str]] = (),
    ) -> None:
        super().__init__()
        _check(labels, types, schema)
        number = {label: n for n, label in enumerate(labels)}
        rules = [schema.get(label, RelationRule()) for label in labels]
        names = [label for _, label, _ in seen]
        signatures = {tuple(signature) for signature in seen}
        table = [
            [[_fits(rules[n], label, a, b, names, signatures) for b in types] for a in types]
            for n, label in enumerate(labels)
        ]
        shape = (len(labels), len(types), len(types))
        # Not saved: the settings and the label sets, which are, say them.
        for name, values in (
            ("allowed", torch.tensor(table, dtype=torch.bool).reshape(shape)),
            ("symmetric", torch.tensor([rule.symmetric for rule in rules], dtype=torch.bool)),
            ("inverse", torch.tensor([number.get(rule.inverse, -1) for rule in rules], dtype=torch.int64)),
            ("one_per_head", torch.tensor([rule.one_per_head for rule in rules], dtype=torch.bool)),
        ):
            self.register_buffer(name, values, persistent=False)

    def gold(self, cells: Tensor, reverse: Tensor) -> Tensor:
        """Gold cells with what follows from them.

        cells (Tensor): Float32, shape (P, R), 1 where a relation holds.
        reverse (Tensor): Int64, shape (P,), row of the pair in the other order.
        RETURNS (Tensor): Float32, shape (P, R).
        """
        other = cells[reverse]
        result = torch.where(self.symmetric, torch.maximum(cells, other), cells)
        for label in self._with_inverse():
            opposite = int(self.inverse[label])
            result[:, label] = torch.maximum(result[:, label], other[:, opposite])
            result[:, opposite] = torch.maximum(result[:, opposite], other[:, label])
        return result

    def enforce(self, scores: Tensor, reverse: Tensor, heads: Tensor, types: tuple[Tensor, Tensor]) -> Tensor:
        """Scores that keep the rules; `IMPOSSIBLE` where they forbid a relation.

        scores (Tensor): Float32, shape (P, R), of ordered pairs.
        reverse (Tensor): Int64, shape (P,), row of the pair in the other order.
        heads (Tensor): Int64, shape (P,), number of each pair's head.
        types (tuple): Int64, shape (P,), types of head and tail.
        RETURNS (Tensor): Float32, shape (P, R).
        """
        other = scores[reverse]
        result = torch.where(self.symmetric, (scores + other) / 2, scores)
        for label in self._with_inverse():
            opposite = int(self.inverse[label])
            result[:, label] = (scores[:, label] + other[:, opposite]) / 2
            result[:, opposite] = (scores[:, opposite] + other[:, label]) / 2
        result = torch.where(self.allowed[:, types[0], types[1]].t(), result, IMPOSSIBLE)
        # Of a symmetric relation the order in the document is kept: a row before its reverse. A span has no
        # relation with itself, which is its own reverse.
        rows = torch.arange(len(scores), device=scores.device)
        after, alone = (reverse < rows).unsqueeze(1), (reverse == rows).unsqueeze(1)
        result = torch.where((self.symmetric & after) | alone, IMPOSSIBLE, result)
        return self._only_best(result, heads)

    def _with_inverse(self) -> list[int]:
        return [label for label, other in enumerate(self.inverse.tolist()) if other >= 0]

    def _only_best(self, scores: Tensor, heads: Tensor) -> Tensor:
        """Of the tails of a head only the best one, for labels with `one_per_head`; the first of equal ones."""
        if not bool(self.one_per_head.any()) or len(scores) == 0:
            return scores
        owner = heads.unsqueeze(1).expand_as(scores)
        n_heads = int(heads.max()) + 1
        best = scores.new_full((n_heads, scores.shape[1]), IMPOSSIBLE).scatter_reduce(0, owner, scores, "amax")
        is_best = scores == best[heads]
        rows = torch.arange(len(scores), device=scores.device).unsqueeze(1).expand_as(scores)
        rank = torch.where(is_best, rows, len(scores))
        first = torch.full_like(best, len(scores), dtype=torch.int64).scatter_reduce(0, owner, rank, "amin")
        return torch.where(self.one_per_head & (rows != first[heads]), IMPOSSIBLE, scores)


def _fits(
    rule: RelationRule, label: str, head: str, tail: str, names: Sequence[str], signatures: set[tuple[str, ...]]
) -> bool:
    if rule.heads or rule.tails:
        return (not rule.heads or head in rule.heads) and (not rule.tails or tail in rule.tails)
    if label not in names:
        return True
    # A symmetric relation may have been annotated in either direction.
    return (head, label, tail) in signatures or (rule.symmetric and (tail, label, head) in signatures)


def _check(labels: Sequence[str], types: Sequence[str], schema: Mapping[str, RelationRule]) -> None:
    """RAISES (ValueError): H261, H262."""
    for label, rule in schema.items():
        for name in (label, rule.inverse):
            if name and name not in labels:
                raise ValueError(Errors.H261.format(label=name, known=", ".join(labels)))
        for name in (*rule.heads, *rule.tails):
            if name not in types:
                raise ValueError(Errors.H262.format(type=name, label=label, known=", ".join(types)))
