#!/usr/bin/env bash
# Make a virtual environment in which monai_baseline.py runs without a GPU.
#
#     benchmarks/monai_environment.sh DIR
#
# PYTHON chooses the Python, PIP_OPTIONS goes to pip, for instance
# PIP_OPTIONS="--extra-index-url URL". The Python to use is DIR/bin/python.
set -euo pipefail

if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 2
fi
directory=$1
python=$directory/bin/python
constraints=$(cd "$(dirname "$0")/.." && pwd)/constraints.txt

"${PYTHON:-python3}" -m venv "$directory"
# shellcheck disable=SC2086  # PIP_OPTIONS may hold several
"$python" -m pip install --quiet --disable-pip-version-check ${PIP_OPTIONS:-} -c "$constraints" \
    torch numpy scipy mrcfile
# Its network, loss and sliding window need nothing beyond these, and it must not move torch.
# shellcheck disable=SC2086
"$python" -m pip install --quiet --disable-pip-version-check ${PIP_OPTIONS:-} --no-deps "monai==1.6.1"

"$python" -c "
from monai import __version__
from monai.inferers import sliding_window_inference
from monai.losses import TverskyLoss
from monai.networks.nets import UNet

print('monai', __version__)"
