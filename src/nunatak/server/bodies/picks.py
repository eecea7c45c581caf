"""The candidates of one image."""

from nunatak.server.bodies.base import Body
from nunatak.workspace.decisions import Decision


class ImagePicks(Body):
    """The candidates of one image, as columns of equal length, the best first.

    Those in excluded regions are left out. Words that many candidates share are sent once, in
    lists into which the columns of numbers point.

    Attributes
    ----------
    is_picked : bool
        False where this set has not come to the image yet.
    number : list of int
        Of the candidate in its set; never changes.
    x, y : list of float
        Pixels of the stored image.
    z : list of float or None
        None on micrographs.
    score : list of float
    class_index : list of int or None
        Into ``classes``; None where there is one class.
    judgement : Judgement or None
        Of a pruning; None without one.
    said : list of SaidOfPick
        What people say, of those about whom they say something.
    classes : list of str
        Of the set.
    """

    is_picked: bool
    number: list[int]
    x: list[float]
    y: list[float]
    z: list[float] | None
    score: list[float]
    class_index: list[int] | None
    judgement: "Judgement | None"
    said: list["SaidOfPick"]
    classes: list[str]


class Judgement(Body):
    """What a pruning says of an image's candidates, as columns.

    Attributes
    ----------
    verdict : list of int
        0: not judged; 1: keep; 2: to be reviewed; 3: reject; 4: to be reviewed, and left out of
        counts and files until a person keeps it.
    probability : list of float or None
        Of being a particle; None where not judged.
    class_index : list of int
        Into ``classes``: what it is taken for; -1 where not judged.
    classes : list of str
    """

    verdict: list[int]
    probability: list[float | None]
    class_index: list[int]
    classes: list[str]


class SaidOfPick(Body):
    """What a person says of a candidate; that goes before what a pruning says.

    Attributes
    ----------
    number : int
        Of the candidate in its set.
    decision : str
    reason : str or None
        Of a rejection: what it is instead.
    by : str
        Who says it.
    """

    number: int
    decision: Decision
    reason: str | None
    by: str
