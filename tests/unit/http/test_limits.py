import resource
import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
from st2lite.http.limits import allow_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
allow_open_files(int(sys.argv[3]))
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "expected"), [(64, 512, 256, 256), (64, 512, 1000, 512), (300, 512, 256, 300)]
)
def test_the_soft_limit_is_raised_as_far_as_possible_and_never_lowered(soft, hard, wanted, expected):
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= hard
    command = [sys.executable, "-c", SCRIPT, str(soft), str(hard), str(wanted)]
    assert int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) == expected
