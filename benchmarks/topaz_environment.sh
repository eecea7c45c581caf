#!/usr/bin/env bash
# Make a virtual environment in which topaz-em 0.3.20 runs without a GPU.
#
#     benchmarks/topaz_environment.sh DIR
#
# PYTHON chooses the Python, PIP_OPTIONS goes to pip, for instance
# PIP_OPTIONS="--extra-index-url URL".
#
# The command to use is DIR/bin/topaz-cpu. Where torchvision was built for another torch than the
# one installed, its compiled operators are absent and importing it fails, although topaz needs
# nothing but its image transforms; topaz-cpu then declares the two operators that the import asks
# for before it starts topaz. No installed file is changed.
set -euo pipefail

if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 2
fi
directory=$1
bin=$directory/bin

"${PYTHON:-python3}" -m venv "$directory"
# One resolution for all; topaz imports pkg_resources, which setuptools 80 and later lack.
# shellcheck disable=SC2086  # PIP_OPTIONS may hold several
"$bin/python" -m pip install --quiet --disable-pip-version-check ${PIP_OPTIONS:-} \
    "topaz-em==0.3.20" "torch==2.13.0" "torchvision==0.28.0" "setuptools<80"

if "$bin/python" -c "import torchvision" 2>/dev/null; then
    preparation="pass"
else
    preparation='
operators = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")'
fi

"$bin/python" - "$bin/topaz-cpu" "$(cd "$bin" && pwd)/python" "$preparation" <<'PYTHON'
import pathlib
import sys

launcher, python, preparation = sys.argv[1:]
text = f"""#!{python}
import sys

import torch
{preparation}

from topaz.main import main

sys.exit(main())
"""
path = pathlib.Path(launcher)
path.write_text(text)
path.chmod(0o755)
PYTHON

"$bin/topaz-cpu" --version
