from pathlib import Path

import pytest

from images.errors import WheelhouseError
from tools.install_whisper import install


def test_a_wheelhouse_without_the_package_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(WheelhouseError, match=f"pip could not install from {tmp_path}"):
        install(tmp_path, ["no-such-package-anywhere==1"])
