import shutil

import pytest
import torch
from torch import nn

from training.errors import TrainingError
from training.space import COPIES, require_space


def test_a_run_that_does_not_fit_is_refused(tmp_path):
    require_space(tmp_path, nn.Linear(3, 3))
    weights = shutil.disk_usage(tmp_path).total // (4 * COPIES) + 1
    with torch.device("meta"):  # weights that take no memory
        huge = nn.Linear(1, weights, bias=False)
    with pytest.raises(TrainingError, match=r"needs about .* GB of disk, .* GB are free"):
        require_space(tmp_path, huge)
