"""What the user types, and which micrographs that names."""

import os
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest
from quickest import processor_seconds

from nunatak.errors import BadInput, FormatError, Mismatch
from nunatak.images import folders
from nunatak.images.inputs import list_micrographs
from nunatak.images.listing import NO_TEXT


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A working directory, and a way to put empty files into it."""
    monkeypatch.chdir(tmp_path)

    def touch(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return touch


def names(listed):
    return [micrograph.name for micrograph in listed]


class TestFilesAndFolders:
    def test_folder_in_natural_order_with_the_rest_counted(self, project):
        project("mics/m_10.mrc", "mics/m_9.mrc", "mics/m_1.TIF", "mics/a.mrc.gz")
        project("mics/notes.txt", "mics/run.out", "mics/b.out", "mics/m_9_PS.mrc", "mics/.m.mrc")
        found = list_micrographs(["mics"])
        assert names(found) == ["mics/a.mrc.gz", "mics/m_1.TIF", "mics/m_9.mrc", "mics/m_10.mrc"]
        assert found.notes == (
            "5 other files ignored (2 .out, 1 .txt, 1 hidden, 1 power spectra _PS.mrc)",
        )
        assert all(micrograph.pixel_size_A is None for micrograph in found)

    def test_subfolders_only_where_the_folder_itself_has_no_images(self, project):
        project("job/Movies/b.mrc", "job/Other/a.mrc", "job/Other/deep/c.mrc", "job/log.txt")
        assert names(list_micrographs(["job"])) == ["job/Movies/b.mrc", "job/Other/a.mrc"]
        project("job/top.mrc")
        assert names(list_micrographs(["job/"])) == ["job/top.mrc"]

    def test_files_keep_the_order_and_the_text_of_the_command_line(self, project):
        project("b.mrc", "a.mrc", "odd_name")
        found = list_micrographs(["./b.mrc", "odd_name", "a.mrc"])
        assert names(found) == ["./b.mrc", "odd_name", "a.mrc"]

    def test_duplicates_are_taken_once_and_counted(self, project):
        root = project("mics/a.mrc", "mics/b.mrc")
        found = list_micrographs(
            ["mics/b.mrc", "mics", str(root / "mics/a.mrc"), "mics/../mics/b.mrc"]
        )
        assert names(found) == ["mics/b.mrc", "mics/a.mrc"]
        assert found.n_duplicates == 3
        assert found.notes == ("3 listed more than once, taken once",)

    def test_equal_stems_in_two_folders_are_two_images(self, project):
        project("one/a.mrc", "two/a.mrc")
        assert names(list_micrographs(["one", "two"])) == ["one/a.mrc", "two/a.mrc"]

    def test_missing_files_are_counted_beside_those_found(self, project):
        project("a.mrc")
        found = list_micrographs(["a.mrc", "b.mrc", "nothing_*.mrc"])
        assert names(found) == ["a.mrc"]
        assert [(missing.name, missing.origin) for missing in found.missing] == [
            ("b.mrc", "the command line"),
            ("nothing_*.mrc", "the command line"),
        ]

    def test_symlink_loops_and_broken_links_survive(self, project):
        root = project("mics/a.mrc")
        (root / "mics/loop.mrc").symlink_to("loop.mrc")
        (root / "mics/broken.mrc").symlink_to("absent.mrc")
        (root / "mics/round").symlink_to(root / "mics", target_is_directory=True)
        (root / "mics/linked.mrc").symlink_to("a.mrc")
        assert names(list_micrographs(["mics"])) == ["mics/a.mrc", "mics/linked.mrc"]
        assert names(list_micrographs(["**/a.mrc"])) == ["mics/a.mrc"]
        found = list_micrographs(["mics/a.mrc", "mics/loop.mrc"])
        assert [missing.name for missing in found.missing] == ["mics/loop.mrc"]

    @pytest.mark.parametrize("name", ["µ ö.mrc", "a b.mrc", "m#3.mrc", "x[1].mrc"])
    def test_odd_names(self, project, name):
        project(f"mics/{name}")
        assert names(list_micrographs(["mics"])) == [f"mics/{name}"]
        assert names(list_micrographs([f"mics/{name}"])) == [f"mics/{name}"]


class TestPatterns:
    def test_pattern_in_natural_order(self, project):
        project("s1/m10.mrc", "s1/m2.mrc", "s2/m1.mrc", "s2/m1.xml")
        found = list_micrographs(["s*/m*"])
        assert names(found) == ["s1/m2.mrc", "s1/m10.mrc", "s2/m1.mrc"]
        assert found.notes == ("1 other files ignored (1 .xml)",)

    def test_pattern_of_folders(self, project):
        project("s1/b.mrc", "s2/a.mrc", "s3/notes.md")
        assert names(list_micrographs(["s*"])) == ["s1/b.mrc", "s2/a.mrc"]

    def test_two_stars_go_deep_and_skip_hidden_folders(self, project):
        root = project("x/a.mrc", "x/y/z/b.mrc", ".trash/c.mrc")
        assert names(list_micrographs(["**/*.mrc"])) == ["x/a.mrc", "x/y/z/b.mrc"]
        assert len(list_micrographs([f"{root}/**/*.mrc"])) == 2


class TestTextLists:
    def test_paths_are_relative_to_the_list(self, project):
        root = project("data/mics/a.mrc", "data/b.tif", "c.mrc")
        (root / "data/list.txt").write_bytes(
            b"\xef\xbb\xbf# chosen by hand\r\nmics/a.mrc\r\n\r\n  b.tif \r\n"
            + f"{root}/c.mrc\r\nc.mrc\r\n".encode()
        )
        found = list_micrographs(["data/list.txt"])
        assert names(found) == ["mics/a.mrc", "b.tif", f"{root}/c.mrc"]
        assert [micrograph.path.name for micrograph in found] == ["a.mrc", "b.tif", "c.mrc"]
        assert all(micrograph.path.exists() for micrograph in found)
        assert [(missing.name, missing.origin) for missing in found.missing] == [
            ("c.mrc", "data/list.txt")
        ]

    def test_a_list_that_is_no_text(self, project):
        (project() / "list.lst").write_bytes(b"\xff\xfe\x00a")
        with pytest.raises(FormatError, match="not even text"):
            list_micrographs(["list.lst"])


NEW_STAR = """
# version 30001

data_optics

loop_
_rlnOpticsGroupName #1
_rlnOpticsGroup #2
_rlnMicrographPixelSize #3
opticsGroup1            1     1.060000
opticsGroup2            2     0.830000

# version 30001

data_micrographs

loop_
_rlnMicrographName #1
_rlnOpticsGroup #2
_rlnCtfImage #3
MotionCorr/job002/Movies/m1.mrc 2 CtfFind/job003/m1.ctf:mrc
"MotionCorr/job002/Movies/m 2.mrc" 1 CtfFind/job003/m2.ctf:mrc
MotionCorr/job002/Movies/O'Brien#3.mrc 1 CtfFind/job003/m3.ctf:mrc
"""

OLD_STAR = """
data_

loop_
_rlnMicrographName #1
_rlnMagnification #2
_rlnDetectorPixelSize #3
Micrographs/001.mrc 50000.0 5.3
Micrographs/002.mrc 50000.0 5.3
"""


class TestStar:
    def test_optics_groups(self, project):
        root = project(
            *(f"MotionCorr/job002/Movies/{name}.mrc" for name in ("m1", "m 2", "O'Brien#3")),
            "CtfFind/job003/micrographs_ctf.star",
        )
        (root / "CtfFind/job003/micrographs_ctf.star").write_text(NEW_STAR)
        found = list_micrographs(["CtfFind/job003/micrographs_ctf.star"])
        assert [(micrograph.name, micrograph.pixel_size_A) for micrograph in found] == [
            ("MotionCorr/job002/Movies/m1.mrc", 0.83),
            ("MotionCorr/job002/Movies/m 2.mrc", 1.06),
            ("MotionCorr/job002/Movies/O'Brien#3.mrc", 1.06),
        ]
        assert all(micrograph.path.exists() for micrograph in found)
        assert found.notes == (
            f"CtfFind/job003/micrographs_ctf.star: names are relative to {root}",
        )

    def test_layout_before_optics_groups(self, project):
        root = project("Micrographs/001.mrc", "Micrographs/002.mrc")
        (root / "micrographs.star").write_text(OLD_STAR)
        found = list_micrographs(["micrographs.star"])
        assert names(found) == ["Micrographs/001.mrc", "Micrographs/002.mrc"]
        assert found.micrographs[0].pixel_size_A == pytest.approx(1.06)

    def test_working_directory_serves_where_the_star_file_lies_elsewhere(
        self, project, tmp_path_factory
    ):
        root = project("Micrographs/001.mrc", "Micrographs/002.mrc")
        star = tmp_path_factory.mktemp("elsewhere") / "micrographs.star"
        star.write_text(OLD_STAR)
        found = list_micrographs([star])
        assert len(found) == 2
        assert found.notes == (f"{star}: names are relative to {root}",)

    def test_missing_images_are_counted_errors(self, project):
        root = project("Micrographs/002.mrc")
        (root / "micrographs.star").write_text(OLD_STAR)
        found = list_micrographs(["micrographs.star"])
        assert names(found) == ["Micrographs/002.mrc"]
        assert [(missing.name, missing.origin) for missing in found.missing] == [
            ("Micrographs/001.mrc", "micrographs.star")
        ]

    def test_none_of_the_images_is_there(self, project):
        root = project()
        (root / "micrographs.star").write_text(OLD_STAR)
        with pytest.raises(BadInput) as caught:
            list_micrographs(["micrographs.star"])
        assert str(caught.value).startswith(
            "No micrographs in micrographs.star. 2 named and not usable, such as "
            "Micrographs/001.mrc (there is no such file, in micrographs.star). micrographs.star: "
            f"none of its micrographs was found in {root}, in the folders above it"
        )

    def test_particles_name_each_micrograph_once(self, project):
        root = project("a.mrc", "b.mrc")
        rows = "".join(f"{name}.mrc {x}.5 3.0 1.2\n" for x in range(50) for name in "ab")
        columns = "_rlnMicrographName\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnMicrographPixelSize\n"
        (root / "particles.star").write_text(f"data_particles\nloop_\n{columns}{rows}")
        found = list_micrographs(["particles.star"])
        assert names(found) == ["a.mrc", "b.mrc"]
        assert found.micrographs[0].pixel_size_A == 1.2
        assert found.n_duplicates == 0

    def test_one_row_without_a_loop_and_letters_beyond_ascii(self, project):
        root = project("é 100%.mrc")
        (root / "one.star").write_bytes(
            "\ufeffdata_\r\n_rlnMicrographName 'é 100%.mrc'\r\n".encode()
        )
        assert names(list_micrographs(["one.star"])) == ["é 100%.mrc"]

    @pytest.mark.parametrize("size", ["0", "nan", "-1", "None"])
    def test_a_size_that_is_none(self, project, size):
        root = project("a.mrc")
        (root / "one.star").write_text(
            f"data_\nloop_\n_rlnMicrographName\n_rlnMicrographPixelSize\na.mrc {size}\n"
        )
        assert list_micrographs(["one.star"]).micrographs[0].pixel_size_A is None

    def test_two_pixel_sizes_for_one_micrograph(self, project):
        root = project("a.mrc")
        (root / "one.star").write_text(
            "data_\nloop_\n_rlnMicrographName\n_rlnMicrographPixelSize\na.mrc 1.0\na.mrc 2.0\n"
        )
        with pytest.raises(Mismatch, match="listed twice, with a pixel size of 1 Å and one of 2 Å"):
            list_micrographs(["one.star"])

    def test_a_folder_does_not_hide_the_star_files_pixel_size(self, project):
        root = project("Micrographs/001.mrc", "Micrographs/002.mrc")
        (root / "micrographs.star").write_text(OLD_STAR)
        found = list_micrographs(["Micrographs", "micrographs.star"])
        assert found.n_duplicates == 2
        assert found.micrographs[0].pixel_size_A == pytest.approx(1.06)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("", "no micrographs, for want of rlnMicrographName. Columns found: none"),
            ("hello", "not readable as STAR"),
            ("data_\nloop_\n_rlnMicrographName\n_rlnX\na.mrc\n", "not readable as STAR"),
            ("data_\n_rlnCoordinateX 3\n", "Columns found: rlnCoordinateX"),
            ("data_\n_rlnMicrographMovieName m.tif\n", "lists movies"),
            (
                NEW_STAR.replace("m1.mrc 2", "m1.mrc 7"),
                "rlnOpticsGroup: optics group 7 is not in the optics table. Groups there: 1, 2.",
            ),
            (
                NEW_STAR.replace("0.830000", "0,83"),
                "rlnMicrographPixelSize: '0,83' is not a number",
            ),
        ],
    )
    def test_damaged_files(self, project, content, message):
        (project() / "bad.star").write_text(content)
        with pytest.raises(FormatError) as caught:
            list_micrographs(["bad.star"])
        assert message in str(caught.value)


class TestNothingFound:
    def test_message_says_what_was_looked_for(self, project):
        project("mics/a.xml", "mics/b.xml")
        with pytest.raises(BadInput) as caught:
            list_micrographs(["mics"])
        assert str(caught.value) == (
            "No micrographs in mics. 2 other files ignored (2 .xml). Give image files (.mrc, .tif, "
            ".tiff, .png, .jpg, .jpeg, .mrc.gz, .mrc.bz2), a folder that holds some, a quoted "
            "pattern, a text list (.txt, .lst) or a RELION .star file."
        )

    def test_no_input_at_all(self):
        with pytest.raises(BadInput, match="an empty list of inputs"):
            list_micrographs([])

    def test_unlistable_folder(self, project, monkeypatch):
        project("mics/a.mrc")

        def denied(folder):
            raise PermissionError(13, "Permission denied", str(folder))

        monkeypatch.setattr(folders.os, "scandir", denied)
        with pytest.raises(BadInput, match=r"mics: cannot be listed \(Permission denied\)"):
            list_micrographs(["mics"])


class TestManyMicrographs:
    """Ten times the files take about ten times the time, and none is opened.

    How time grows is the same on a slow machine. The files are not made: the listing of their
    folder is stubbed.
    """

    counts: ClassVar = {"few": 2_000, "many": 20_000}

    @pytest.fixture
    def crowds(self, project, monkeypatch):
        root = project("few/only.mrc", "many/only.mrc")
        files = {folder: frozenset(self.names(folder)) for folder in self.counts}
        listed = folders._listed

        def crowded(folder):
            known = files.get(folder.name)
            return listed(folder) if known is None else folders.FolderContent(known)

        monkeypatch.setattr(folders, "_listed", crowded)
        return root

    @pytest.fixture
    def unopened(self, crowds, monkeypatch):
        def opened(self, *args, **kwargs):
            pytest.fail(f"{self} was opened")

        monkeypatch.setattr(Path, "open", opened)

    def names(self, folder):
        return [f"FoilHole_{number}_Data.mrc" for number in range(self.counts[folder])]

    def growth(self, inputs):
        """How much longer the many take than the few."""
        few, many = (
            processor_seconds(partial(list_micrographs, inputs[folder])) for folder in self.counts
        )
        return many / few

    @pytest.mark.usefixtures("unopened")
    def test_folder(self):
        found = list_micrographs(["many"])
        assert len(found) == self.counts["many"]
        assert found.micrographs[-1].name == "many/FoilHole_19999_Data.mrc"
        assert self.growth({folder: [folder] for folder in self.counts}) < 30

    @pytest.mark.usefixtures("unopened")
    def test_shell_expanded_arguments(self):
        texts = {
            folder: [f"{folder}/{name}" for name in self.names(folder)] for folder in self.counts
        }
        assert len(list_micrographs(texts["many"])) == self.counts["many"]
        assert self.growth(texts) < 30

    def test_star_file(self, crowds):
        for folder in self.counts:
            rows = "".join(f"{folder}/{name} 1\n" for name in [*self.names(folder), "gone.mrc"])
            (crowds / f"{folder}.star").write_text(
                "data_optics\nloop_\n_rlnOpticsGroup\n_rlnMicrographPixelSize\n1 1.06\n"
                f"data_micrographs\nloop_\n_rlnMicrographName\n_rlnOpticsGroup\n{rows}"
            )
        found = list_micrographs(["many.star"])
        assert len(found) == self.counts["many"]
        assert [missing.name for missing in found.missing] == ["many/gone.mrc"]
        assert found.micrographs[0].pixel_size_A == 1.06
        assert self.growth({folder: [f"{folder}.star"] for folder in self.counts}) < 30


def test_listing_asks_the_disk_once_a_folder(project, monkeypatch):
    project(*(f"mics/m{number}.mrc" for number in range(20)))
    asked = []
    scandir = os.scandir

    def counted(folder):
        asked.append(str(folder))
        return scandir(folder)

    monkeypatch.setattr(folders.os, "scandir", counted)
    list_micrographs([f"mics/m{number}.mrc" for number in range(20)])
    assert asked == ["mics"]


def test_a_name_that_is_no_text_fails_alone(tmp_path):
    broken = tmp_path / "broken\nname.mrc"
    undecodable = tmp_path / os.fsdecode(b"\xff\xfe.mrc")
    for path in (tmp_path / "good.mrc", broken, undecodable):
        path.touch()
    found = list_micrographs([tmp_path])
    assert [one.path.name for one in found] == ["good.mrc"]
    names = {one.name: one.problem for one in found.missing}
    assert names == {
        f"{tmp_path}/broken\\nname.mrc": NO_TEXT,
        f"{tmp_path}/\\udcff\\udcfe.mrc": NO_TEXT,
    }
