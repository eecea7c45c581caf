"""Save edits until killed, and print the id of each one that was acknowledged."""

import sys
from itertools import count

from nunatak.errors import ResourceError
from nunatak.workspace.connection import Workspace
from nunatak.workspace.errors import StaleEdit
from nunatak.workspace.labels import labels_of, save_edit
from nunatak.workspace.marks import Edit, Point, PutPoint


def points(name: str, number: int) -> list[PutPoint]:
    """Enough for the database to grow by some pages with each edit."""
    return [
        PutPoint(
            operation="put_point",
            point=Point(
                id=f"{name}-{number:06d}-{at}",
                kind="particle",
                x=float(at),
                y=float(number % 300),
                class_name="particle",
            ),
        )
        for at in range(20)
    ]


def main(folder: str, image: int, name: str, most: int) -> None:
    """Save at most so many edits of one image."""
    workspace = Workspace(folder)
    version = labels_of(workspace, image).version
    for number in count():
        if number == most:
            return
        edit = Edit(
            id=f"{name}-{number:08d}", base_version=version, operations=points(name, number)
        )
        while True:
            try:
                version = save_edit(workspace, image, edit, name)
                break
            except StaleEdit as stale:
                edit = edit.model_copy(update={"base_version": stale.labels.version})
            except ResourceError as error:
                sys.exit(str(error))
        print(edit.id, flush=True)  # noqa: T201 - what the test listens to


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
