"""Counts of picks that are kept between two looks."""

import shutil

from made_sets import add_set

from nunatak.server.services import Services
from nunatak.workspace.pick_sets import change_pick_set


def test_a_backup_that_is_put_in_place_is_counted_anew(services: Services) -> None:
    workspace, counter = services.workspace, services.pick_counter
    number = add_set(services, [0.9, 0.8, 0.2])
    before = counter.counts(number)
    assert sum(before.kept) > 0
    backup = workspace.folder / "backup.sqlite"
    shutil.copy(workspace.database, backup)
    change_pick_set(workspace, number, threshold=1.0)
    assert sum(counter.counts(number).kept) == 0
    backup.replace(workspace.database)
    assert counter.counts(number) == before
