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
    """Show what ten clicks give."""
    summary = result["summary"]
    title = result["set"]["title"]

    def shown(key: str) -> str:
        return f"{summary[key]['mean']:.3f} ± {summary[key]['deviation']:.3f}"

    rows = [
        (
            title,
            f"{summary['seconds']['mean']:.0f} s ({summary['seconds']['least']:.0f}–"
            f"{summary['seconds']['greatest']:.0f} s)",
            f"{shown('average_precision_before')} / {shown('best_f1_before')}",
            f"{shown('average_precision_after')} / {shown('best_f1_after')}",
        )
    ]
    head = ("", "*Train* to new picks", "before", "after")
    return (
        f"### The page: {result['labels']} clicks\n\nAverage precision / best F1 on test "
        f"micrographs without a label, mean ± standard deviation over "
        f"{result['seeds']['number']} draws.\n\n" + markdown(head, rows)
    )


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
