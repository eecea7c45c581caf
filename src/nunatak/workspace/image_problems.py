"""Problems of images that may be over."""

from nunatak.workspace.changes import note
from nunatak.workspace.connection import Workspace


def forget_problems(workspace: Workspace) -> None:
    """Forget why images could not be used: all of them are tried again."""
    with workspace.writing() as connection:
        rows = connection.execute("SELECT id FROM image WHERE problem IS NOT NULL").fetchall()
        connection.execute("UPDATE image SET problem = NULL")
        for (image,) in rows:
            note(connection, "queue", image)
