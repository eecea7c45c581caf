"""What the page in the browser must reach."""

from target import Target

PAGE_TARGETS = (
    Target(
        "page_speed",
        "first_picks_seconds",
        "from `nunatak label` on 500 micrographs to the first picks, 2 cores",
        "at most",
        5.0,
        "s",
        1,
    ),
    Target(
        "page_training",
        "seconds",
        "ten corrections in the page, from *Train* to the new picks of the micrograph looked at, "
        "2 cores, slowest of all sets and draws",
        "at most",
        60.0,
        "s",
        1,
    ),
    Target(
        "page_training",
        "gain",
        "F1 of the picks shown on test micrographs after that minus before, mean over draws, "
        "least of all sets",
        "at least",
        0,
    ),
    Target(
        "page_frames_gpu",
        "frames_a_second",
        "frames a second with 100 000 circles on a micrograph and a graphics card, drawn anew "
        "while panning and zooming: the median over seconds, of whichever is slowest",
        "at least",
        30.0,
        "",
        1,
    ),
    Target(
        "kill_server",
        "lost",
        "acknowledged edits lost when the server is killed 200 times while edits are saved",
        "at most",
        0,
        "edits",
        0,
    ),
    Target(
        "kill_server",
        "damaged",
        "databases damaged by that",
        "at most",
        0,
        "databases",
        0,
    ),
)
