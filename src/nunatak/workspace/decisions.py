"""What people say of candidates: keep or reject. No model and no run ever changes that."""

import sqlite3
from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, TypeAdapter
from pydantic.main import IncEx

from nunatak.errors import BadInput
from nunatak.workspace.base import Identifier, Model, Name, now
from nunatak.workspace.connection import Workspace
from nunatak.workspace.errors import StaleReview
from nunatak.workspace.pick_sets import read_pick_set, touch

Decision = Literal["keep", "reject"]


class PickDecision(Model):
    """What a person says of a candidate.

    Attributes
    ----------
    number : int
    decision : str or None
        None takes the word back.
    reason : str or None
        Of a rejection: what it is instead, such as ``ice``.
    seen : str or None
        The word that the person saw before: ``none`` where nobody had decided. Where another one
        was saved meanwhile, the decision is not taken. None takes it in any case.
    """

    number: Annotated[int, Field(ge=0)]
    decision: Decision | None
    reason: Name | None = None
    seen: Literal[Decision, "none"] | None = None


class Review(Model):
    """Decisions made at once; the same review sent again changes nothing."""

    id: Identifier
    decisions: Annotated[list[PickDecision], Field(min_length=1, max_length=20_000)]


class Said(NamedTuple):
    """A decision as it is saved, its reason, and who made it."""

    decision: Decision
    reason: str | None
    by: str


_DECISIONS: TypeAdapter[list[PickDecision]] = TypeAdapter(list[PickDecision])
_SEEN: IncEx = {"__all__": {"seen"}}

_NAMED_SINGLY = 50
"""Decisions made at once: of more, it is told that they are somewhere in the set."""


def save_review(workspace: Workspace, pick_set: int, review: Review, user: str) -> None:
    """Save decisions whole; when this returns, they are on disk.

    The last word counts, but for one that somebody said of a candidate without having seen the
    other word that is saved.

    Raises
    ------
    NotFound
        If there is no such set.
    StaleReview
        If another word than the one seen, and than the one said, is saved of a candidate.
    BadInput
        If the set has no candidate of a number, or the review's id was used for another review.
    """
    said = _DECISIONS.dump_json(review.decisions, exclude_none=True, exclude=_SEEN).decode()
    with workspace.writing() as connection:
        record = read_pick_set(connection, pick_set)
        before = connection.execute(
            "SELECT pick_set, decisions FROM review WHERE id = ?", (review.id,)
        ).fetchone()
        if before is not None:
            _require_same(review.id, before, (pick_set, said))
            return
        for one in review.decisions:
            if one.number >= record.candidates:
                raise BadInput(
                    f"The pick set {record.name} has no candidate {one.number}; nothing was saved. "
                    "Reload the page."
                )
        unseen = _unseen(connection, pick_set, review.decisions)
        if unseen:
            raise StaleReview(unseen)
        at = now()
        connection.execute(
            "INSERT INTO review (id, pick_set, made_by, made_at, decisions) VALUES (?, ?, ?, ?, ?)",
            (review.id, pick_set, user, at, said),
        )
        for one in review.decisions:
            if one.decision is None:
                connection.execute(
                    "DELETE FROM decision WHERE pick_set = ? AND number = ?", (pick_set, one.number)
                )
                continue
            connection.execute(
                "INSERT OR REPLACE INTO decision "
                "(pick_set, number, decision, reason, made_by, made_at) VALUES (?, ?, ?, ?, ?, ?)",
                (pick_set, one.number, one.decision, one.reason, user, at),
            )
        numbers = [one.number for one in review.decisions]
        for image in _few_images(connection, pick_set, numbers):
            touch(connection, pick_set, image=image)


def _unseen(
    connection: sqlite3.Connection, pick_set: int, decisions: Sequence[PickDecision]
) -> dict[int, Said]:
    """Return the words that decisions would replace without their having been seen, by number."""
    found = {}
    for one in decisions:
        row = None
        if one.seen is not None:
            row = connection.execute(
                "SELECT decision, reason, made_by FROM decision WHERE pick_set = ? AND number = ?",
                (pick_set, one.number),
            ).fetchone()
        if row is not None and row[0] not in (one.seen, one.decision):
            found[one.number] = Said(*row)
    return found


def _few_images(
    connection: sqlite3.Connection, pick_set: int, numbers: Sequence[int]
) -> Sequence[int | None]:
    """Return on which images candidates are; where they are on many, None stands for all."""
    if len(numbers) > _NAMED_SINGLY:
        return [None]
    rows = connection.execute(
        "SELECT first, image FROM candidates WHERE pick_set = ? AND count > 0 ORDER BY first",
        (pick_set,),
    ).fetchall()
    places = [bisect_right(rows, number, key=itemgetter(0)) - 1 for number in numbers]
    return sorted({int(rows[place][1]) for place in places})


def decisions_of(workspace: Workspace, pick_set: int) -> dict[int, tuple[Decision, str | None]]:
    """Return decision and reason, by the candidate's number; the undecided are left out.

    Raises
    ------
    NotFound
        If there is no such set.
    """
    with workspace.reading() as connection:
        read_pick_set(connection, pick_set)
        rows = connection.execute(
            "SELECT number, decision, reason FROM decision WHERE pick_set = ?", (pick_set,)
        ).fetchall()
    return {number: (decision, reason) for number, decision, reason in rows}


def decisions_between(workspace: Workspace, pick_set: int, first: int, end: int) -> dict[int, Said]:
    """Return what people say of the candidates from a number to before another, by number.

    Raises
    ------
    NotFound
        If there is no such set.
    """
    with workspace.reading() as connection:
        read_pick_set(connection, pick_set)
        rows = connection.execute(
            "SELECT number, decision, reason, made_by FROM decision "
            "WHERE pick_set = ? AND number >= ? AND number < ?",
            (pick_set, first, end),
        ).fetchall()
    return {number: Said(*said) for number, *said in rows}


def _require_same(review: str, before: tuple[int, str], now_said: tuple[int, str]) -> None:
    if before != now_said:
        raise BadInput(
            f"The review {review} was saved before with another content; nothing was changed. Send "
            "this one under an id of its own."
        )
