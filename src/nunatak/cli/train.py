"""``nunatak train``: a detector for a user's own particles, from a few labels."""

from nunatak.cli import (
    images_are,
    label_options,
    learning_options,
    options,
    pick_tomograms,
    tomogram_facts,
    train_options,
)
from nunatak.cli.convert import UnitChoice
from nunatak.cli.train_micrographs import MicrographOptions, train_micrographs
from nunatak.cli.train_tomograms import (
    TomogramOptions,
    WorkingVoxelSize,
    train_tomograms,
)
from nunatak.errors import UsageError

PANEL = "Learn"
EXAMPLE = "nunatak train micrographs/*.mrc --labels labels.star --diameter 180 -o model.safetensors"


def train(
    images: images_are.Images,
    *,
    labels: label_options.Labels,
    output: train_options.Output,
    diameter: train_options.Diameter = None,
    kind: images_are.ImagesAre = None,
    labels_are: label_options.LabelsAre = None,
    labels_format: label_options.LabelsFormat = None,
    labels_binning: label_options.LabelsBinning = None,
    labels_image_size: label_options.LabelsImageSize = None,
    labels_unit: label_options.LabelsUnit = UnitChoice.PIXELS,
    labels_orientation: label_options.LabelsOrientation = None,
    expected_particles: train_options.ExpectedParticles = None,
    pixel_size_A: options.PixelSize = None,
    override_pixel_size: options.OverridePixelSize = False,
    contrast: train_options.Contrast = options.ContrastChoice.AUTO,
    validation: train_options.Validation = None,
    start: learning_options.Start = None,
    objective: learning_options.Objective = None,
    _list: learning_options.ListObjectives = False,
    teacher: learning_options.Teacher = None,
    recipe: learning_options.Recipe = None,
    network: learning_options.Network = None,
    steps: learning_options.Steps = None,
    config: learning_options.Config = None,
    working_voxel_size_A: WorkingVoxelSize = None,
    axis_order: pick_tomograms.AxisOrder = None,
    tomograms_star: tomogram_facts.TomogramsStar = None,
    tomogram_binning: tomogram_facts.TomogramBinning = None,
    relion5_centre: tomogram_facts.Centre = tomogram_facts.CentreChoice.HALF,
    tomogram_numbers: tomogram_facts.Numbers = None,
    dynamo_index: tomogram_facts.DynamoIndex = 0,
    copick_user: tomogram_facts.LabelsCopickUser = None,
    copick_session: tomogram_facts.LabelsCopickSession = None,
    report: train_options.Report = None,
    resume: train_options.Resume = False,
    redo: options.Redo = False,
    seed: options.SeedIfGiven = None,
    device: options.Device = "auto",
    devices: train_options.Devices = 1,
    threads: options.Threads = None,
) -> None:
    """Train a detector from labelled particles, in micrographs or in tomograms.

    Ten clicks are a beginning. Places without a label are not taken for empty, unless you say that
    the labels of tomograms are complete (--labels-are). Whole images are kept aside to judge the
    training by, and to give the thresholds a meaning ('pick --precision'); where they do not show
    that training has helped, the start is kept. Of sparse labels in tomograms none are kept aside.

    When the same command is given again, a training that was stopped goes on where it ended.

    Exits with 3 if some images or labels could not be used, with 130 when interrupted.
    """
    if resume and redo:
        raise UsageError("--resume goes on with a training, --redo starts over. Give one of them.")
    common = train_options.CommonOptions(
        images=images,
        labels=labels,
        output=output,
        diameter=diameter,
        labels_format=labels_format,
        labels_binning=labels_binning,
        labels_unit=labels_unit,
        expected_particles=expected_particles,
        pixel_size_A=pixel_size_A,
        override_pixel_size=override_pixel_size,
        contrast=contrast,
        validation=validation,
        start=start,
        objective=objective,
        teacher=teacher,
        steps=steps,
        config=config,
        report=report,
        redo=redo,
        seed=seed,
        device=device,
        devices=devices,
        threads=threads,
    )
    of_micrographs = MicrographOptions(
        labels_image_size=labels_image_size,
        labels_orientation=labels_orientation,
        recipe=recipe,
        network=network,
    )
    of_tomograms = TomogramOptions(
        labels_are=labels_are,
        working_voxel_size_A=working_voxel_size_A,
        axis_order=axis_order,
        tomograms_star=tomograms_star,
        binning=tomogram_binning,
        centre=relion5_centre,
        numbers=tomogram_numbers,
        dynamo_index=dynamo_index,
        copick_user=copick_user,
        copick_session=copick_session,
    )
    if images_are.are_tomograms(images, kind):
        of_micrographs.refuse_for_tomograms()
        train_tomograms(common, of_tomograms)
    else:
        of_tomograms.refuse_for_micrographs()
        train_micrographs(common, of_micrographs)
