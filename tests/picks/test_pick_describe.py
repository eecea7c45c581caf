"""What `nunatak info` says of picks."""

from pathlib import Path

from nunatak.picks.describe import describe


def test_a_relion_file(tmp_path: Path) -> None:
    path = tmp_path / "p.star"
    path.write_text(
        "data_optics\nloop_\n_rlnOpticsGroup\n_rlnMicrographPixelSize\n1 1.25\n\n"
        "data_particles\nloop_\n_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n"
        "_rlnAutopickFigureOfMerit\n_rlnOpticsGroup\n_nunatakSelected\n"
        "a.mrc 1 2 0.5 1 1\nb.mrc 1 2 nan 1 0\nb.mrc 1 2 0.125 1 1\n"
    )
    assert describe(path) == {
        "file": str(path),
        "kind": "picks",
        "format": "RELION STAR (relion-star)",
        "picks": "3 on 2 images",
        "scores": "0.125 to 0.5",
        "selected": "2",
        "pixel size": "1.25 Å",
        "columns": "image, x_px, y_px, score, selected, rlnOpticsGroup, pixel_size_A",
    }


def test_no_image_is_needed_even_where_reading_would_mirror(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("X-Coordinate,Y-Coordinate,Diameter\n1,2,3\n")
    assert describe(path)["picks"] == "1 on 1 image"


def test_what_the_reader_noticed_is_told(tmp_path: Path) -> None:
    path = tmp_path / "p.box"
    path.write_text("1 2 0 0\n")
    assert "1 box has no size; its corner was taken for its centre" in describe(path)["notes"]


def test_tomograms_have_voxels(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("image,x_px,y_px,z_px,pixel_size_A\na.mrc,1,2,3,10\n")
    text = describe(path)
    assert (text["picks"], text["voxel size"]) == ("1 in 1 tomogram", "10 Å")
    assert "pixel size" not in text
