"""Read a pickle without running it: what it would call becomes a record of the call.

A pickle is a program for a small stack machine, and Python's own machine lets it import and call
anything. The machine here knows only the instructions that ``torch.save`` writes, and has nothing
that could import or call: a class is its name, a call is a `Call` that holds the name and the
arguments, whatever they are.
"""

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import BinaryIO

MAXIMUM_INSTRUCTIONS = 200_000
"""A network of a hundred layers takes some thousands."""


class Unreadable(ValueError):
    """A file that holds no model, or one that nothing here can read; says why."""


@dataclass(frozen=True)
class Name:
    """A class or function that the pickle names; it is not looked up."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class Call:
    """What would have been made by a call that was not made.

    Attributes
    ----------
    function : object
        A `Name`, in what ``torch.save`` writes.
    arguments : object
        A tuple.
    state : object
        What would have become the made object's attributes.
    items : dict
        What would have been put into the made object, were it a mapping.
    """

    function: object
    arguments: object
    state: object = None
    items: dict[str | int, object] = field(default_factory=dict)
    elements: list[object] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Reference:
    """What the pickle leaves to its reader: in ``torch.save``'s, a storage or a class."""

    identity: object


_ARGUMENTS = frozenset(
    {
        *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
        *("BINUNICODE", "SHORT_BINUNICODE", "BINSTRING", "SHORT_BINSTRING"),
        *("BINBYTES", "SHORT_BINBYTES"),
    }
)
_CONSTANTS = MappingProxyType({"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()})
_TUPLES = MappingProxyType({"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3})
_NOTHING_TO_DO = frozenset({"PROTO", "FRAME", "STOP"})


def read_pickle(stream: BinaryIO) -> object:
    """Read one pickle from a stream, up to its end and no further.

    Parameters
    ----------
    stream
        Seekable, at the pickle's first byte.

    Returns
    -------
    object
        Made of numbers, strings, None, tuples, lists, dicts, `Name`, `Call` and `Reference`; may
        contain itself.

    Raises
    ------
    Unreadable
        If it is damaged, too long, or uses instructions that ``torch.save`` does not write.
    """
    machine = _Machine()
    try:
        for count, (instruction, argument, _) in enumerate(pickletools.genops(stream)):
            if count >= MAXIMUM_INSTRUCTIONS:
                raise Unreadable(f"more than {MAXIMUM_INSTRUCTIONS} pickle instructions")
            machine.step(instruction.name, argument)
        return machine.result()
    except (IndexError, KeyError, TypeError, OverflowError) as error:
        raise Unreadable(f"the pickle is damaged ({type(error).__name__})") from error
    except Unreadable:
        raise
    except ValueError as error:  # of genops, on what is no instruction
        raise Unreadable(f"the pickle is cut or damaged ({error})") from error


class _Machine:
    """Stack, marked stacks below it, and memory."""

    def __init__(self) -> None:
        self._stack: list[object] = []
        self._below: list[list[object]] = []
        self._memory: dict[int, object] = {}
        self._actions: dict[str, Callable[[object], None]] = {
            "MARK": self._mark,
            "POP": lambda _: self._drop(),
            "BINPUT": self._remember,
            "LONG_BINPUT": self._remember,
            "MEMOIZE": lambda _: self._remember(len(self._memory)),
            "BINGET": self._recall,
            "LONG_BINGET": self._recall,
            "GLOBAL": self._name,
            "REDUCE": lambda _: self._call(),
            "NEWOBJ": lambda _: self._call(),
            "BUILD": lambda _: self._set_state(),
            "BINPERSID": lambda _: self._stack.append(Reference(self._stack.pop())),
            "EMPTY_LIST": lambda _: self._stack.append([]),
            "EMPTY_DICT": lambda _: self._stack.append({}),
            "TUPLE": lambda _: self._tuple(),
            "APPEND": lambda _: self._extend([self._stack.pop()]),
            "APPENDS": lambda _: self._extend(self._marked()),
            "SETITEM": lambda _: self._set_items([self._stack.pop(-2), self._stack.pop()]),
            "SETITEMS": lambda _: self._set_items(self._marked()),
        }

    def step(self, instruction: str, argument: object) -> None:
        """Follow one instruction."""
        if instruction in _ARGUMENTS:
            self._stack.append(argument)
        elif instruction in _CONSTANTS:
            self._stack.append(_CONSTANTS[instruction])
        elif instruction in _TUPLES:
            parts = [self._stack.pop() for _ in range(_TUPLES[instruction])]
            self._stack.append(tuple(reversed(parts)))
        elif instruction in self._actions:
            self._actions[instruction](argument)
        elif instruction not in _NOTHING_TO_DO:
            raise Unreadable(f"pickle instruction {instruction}, which torch.save does not write")

    def result(self) -> object:
        """Return what is left when the pickle has ended."""
        if self._below or len(self._stack) != 1:
            raise Unreadable("the pickle is damaged: it does not end with one object")
        return self._stack[0]

    def _mark(self, _: object) -> None:
        self._below.append(self._stack)
        self._stack = []

    def _marked(self) -> list[object]:
        marked, self._stack = self._stack, self._below.pop()
        return marked

    def _tuple(self) -> None:
        parts = tuple(self._marked())
        self._stack.append(parts)

    def _drop(self) -> None:
        self._stack.pop()

    def _remember(self, place: object) -> None:
        self._memory[_integer(place)] = self._stack[-1]

    def _recall(self, place: object) -> None:
        self._stack.append(self._memory[_integer(place)])

    def _name(self, words: object) -> None:
        module, _, name = str(words).partition(" ")
        self._stack.append(Name(module, name))

    def _call(self) -> None:
        arguments = self._stack.pop()
        self._stack.append(Call(self._stack.pop(), arguments))

    def _set_state(self) -> None:
        state = self._stack.pop()
        made = self._stack[-1]
        if not isinstance(made, Call):
            raise Unreadable("the pickle gives a state to what cannot have one")
        made.state = state

    def _extend(self, values: list[object]) -> None:
        target = self._stack[-1]
        if isinstance(target, Call):
            target = target.elements
        if not isinstance(target, list):
            raise Unreadable("the pickle appends to what is no list")
        target.extend(values)

    def _set_items(self, flat: list[object]) -> None:
        target = self._stack[-1]
        if isinstance(target, Call):
            target = target.items
        if not isinstance(target, dict) or len(flat) % 2:
            raise Unreadable("the pickle puts items into what is no dictionary")
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            # Other keys would have to be hashed, which a deeply nested one does not survive.
            if not isinstance(key, str | int):
                raise Unreadable(f"a dictionary key of type {type(key).__name__}")
            target[key] = value


def _integer(value: object) -> int:
    if not isinstance(value, int):
        raise Unreadable("the pickle is damaged: a place in its memory is no number")
    return value
