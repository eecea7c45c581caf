"""The exception tree: every error a user can cause or meet, with its exit code.

A message says what is wrong, where, what was found and what to do about it.
"""

from os import PathLike

EXIT_OK = 0
EXIT_INTERNAL = 1
EXIT_USAGE = 2
EXIT_SOME_FAILED = 3
EXIT_BAD_INPUT = 4
EXIT_INTERRUPTED = 130


class NunatakError(Exception):
    """Base of all errors raised on purpose.

    Attributes
    ----------
    exit_code : int
        What the command line returns when this error ends a command.
    """

    exit_code = EXIT_INTERNAL


class UsageError(NunatakError):
    """Options that contradict each other or that a command cannot honour."""

    exit_code = EXIT_USAGE


class BadInput(NunatakError):
    """An input that exists but cannot be used as asked."""

    exit_code = EXIT_BAD_INPUT


class FormatError(BadInput):
    """A file whose content breaks its format.

    Parameters
    ----------
    path
        The file.
    problem
        What was found and what was expected.
    line
        1-based line number, for text formats.
    field
        The header field, column or block at fault.
    hint
        What the user can do.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        problem: str,
        *,
        line: int | None = None,
        field: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.path = str(path)
        self.problem = problem
        self.line = line
        self.field = field
        self.hint = hint
        where = self.path + (f", line {line}" if line is not None else "")
        where += f", {field}" if field else ""
        super().__init__(f"{where}: {problem}" + (f". {hint}" if hint else ""))


class Mismatch(BadInput):
    """Two inputs that contradict each other, such as two pixel sizes."""


class OtherTraining(Mismatch):
    """The folder of a training holds one with other settings or data."""


class CheckpointError(FormatError):
    """A checkpoint that is damaged, or of another version of nunatak."""


class ResourceError(NunatakError):
    """The machine lacks something: memory, disk space, a device."""


class Interrupted(NunatakError):
    """The user or the system asked the work to stop; what was finished is kept."""

    exit_code = EXIT_INTERRUPTED
