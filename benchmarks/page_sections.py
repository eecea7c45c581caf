"""The page in the browser as sections of the manual."""

from result_sections import Result, markdown

_MOMENTS = {
    "queue": "list of images",
    "first_picture": "first picture",
    "first_picks": "its picks",
}


def page_speed(result: Result) -> str:
    """Show how long a person waits after the command."""
    times = {title: [start[key] for start in result["seconds"]] for key, title in _MOMENTS.items()}
    rows = [
        (title, f"{result['median_seconds'][key]:.1f} s", f"{min(of):.1f}–{max(of):.1f} s")
        for (key, title), of in zip(_MOMENTS.items(), times.values(), strict=True)
    ]
    return (
        f"### The page: first look\n\nFrom the command on {result['micrographs']} micrographs, "
        f"{result['cores_used']} cores, {len(result['seconds'])} starts.\n\n"
        + markdown(("", "median", "range"), rows)
    )


def page_training(result: Result) -> str:
    """Show what ten corrections give."""
    rows = [_training_row(one["set"]["title"], one["summary"]) for one in result["sets"]]
    head = (
        "",
        "*Train* to new picks",
        "F1 of the picks shown, before",
        "after",
        "average precision, before",
        "after",
    )
    return (
        f"### The page: {result['labels']} corrections\n\nOf the general model's picks on a few "
        "training micrographs: particles without a circle and circles without a particle. Judged "
        "on test micrographs without a label, at the threshold that the page shows; mean ± "
        f"standard deviation over {result['seeds']['number']} draws.\n\n" + markdown(head, rows)
    )


def _training_row(title: str, summary: Result) -> tuple[str, ...]:
    seconds = summary["seconds"]
    shown = (
        f"{summary[key]['mean']:.3f} ± {summary[key]['deviation']:.3f}"
        for key in (
            *("shown_f1_before", "shown_f1_after"),
            *("average_precision_before", "average_precision_after"),
        )
    )
    time = f"{seconds['mean']:.0f} s ({seconds['least']:.0f}–{seconds['greatest']:.0f} s)"
    return (title, time, *shown)


def page_frames(result: Result) -> str:
    """Show how smoothly the picture moves."""
    rows = [
        (
            f"{window['width']} × {window['height']}",
            *(f"{_frames(one)}, {_drawn(one)}" for one in (window["pan"], window["zoom"])),
            _frames(window["hover"]),
        )
        for window in result["windows"]
    ]
    return (
        f"### The page: moving {result['circles']:,} circles\n\nFrames a second, median (least "
        f"to most) over seconds, on a micrograph of {result['side_px']} × {result['side_px']} "
        f"pixels with circles of {result['diameter_px']:g} pixels, each way of moving for "
        f"{result['seconds']:g} s. Pointing draws nothing anew but a ring. Where drawing takes "
        "long, panning and zooming move what is drawn, and draw anew at rest or where too little "
        "of it is left: beside the frames stands how many of them were drawn anew. Drawn by: "
        f"{result['renderer']}.\n\n" + markdown(("window", "panning", "zooming", "pointing"), rows)
    )


def _frames(one: Result) -> str:
    return f"{one['median']:.0f} ({one['least']}–{one['greatest']})"


def _drawn(one: Result) -> str:
    return f"{100 * one['redrawn'] / one['frames']:.0f} % drawn anew"


def kill_server(result: Result) -> str:
    """Show what became of edits."""
    rows = [
        ("kills", str(result["rounds"])),
        ("edits acknowledged", str(result["edits_acknowledged"])),
        ("edits under way at a kill", str(result["edits_under_way_when_killed"])),
        ("of these saved", str(result["of_these_saved"])),
        ("acknowledged edits lost", str(len(result["lost"]))),
        ("databases damaged", str(len(result["damaged"]))),
    ]
    return (
        "### The page: killed servers\n\nThe server is killed at random moments while "
        f"{result['writers']} writers save edits.\n\n" + markdown(("", "number"), rows)
    )
