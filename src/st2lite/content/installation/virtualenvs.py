"""The virtualenv of each pack: made beside the one in use, and put in its place when it is complete.

`<directory>/<pack>` is a link to `<directory>/.<pack>.<random>`: what pip writes into scripts names the second, so a
virtualenv can be made where it stays and still be exchanged at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from st2lite.content.installation.credentials import outside_argv
from st2lite.content.installation.permissions import share
from st2lite.content.installation.programs import Say, run_program
from st2lite.content.installation.swapping import Swap, remove, remove_leftovers
from st2lite.models.errors import ContentError, InvalidInput

REQUIREMENTS = "requirements.txt"
WHEELS = "wheels"
"""Directory in a pack with wheels of what it requires, for hosts without a package index."""

_STAMP = ".st2lite.json"
_SEED = Path(__file__).with_name("seed_pip.py")


class Virtualenvs:
    """Makes virtualenvs below `directory` with `python`, and fills them with the pip that this python brings along.

    `pip_opts` are further options of `pip install`; `group` may write to the result, if it exists; `requirements` are
    the files of a pack that list what belongs into its virtualenv.
    """

    def __init__(
        self,
        directory: Path,
        python: Path,
        pip_opts: Sequence[str] = (),
        group: str = "",
        requirements: Sequence[str] = (REQUIREMENTS,),
    ) -> None:
        self._directory = directory
        self._python = python
        self._pip_opts = list(pip_opts)
        self._group = group
        self._requirements = requirements

    def path_of(self, pack: str) -> Path:
        """Where the virtualenv of a pack is, whether it exists or not."""
        return self._directory / pack

    def setup(self, pack: str, pack_dir: Path, say: Say, recreate: bool = True, find_links: str | None = None) -> bool:
        """Make the virtualenv of a pack and use it from now on; False if the one there is was good enough."""
        built = self.build(pack, pack_dir, say, recreate, find_links)
        if built is not None:
            self.use(pack, built).finish()
        return built is not None

    def build(
        self, pack: str, pack_dir: Path, say: Say, recreate: bool = True, find_links: str | None = None
    ) -> Path | None:
        """Make a virtualenv for `use`, with what the files of requirements in `pack_dir` list.

        None means that the one in use was made of the same requirements already; `recreate` makes it anew all the
        same. `find_links` is a directory or page of packages to take. Raises `ContentError` that ends with the last
        words of pip; the virtualenv in use is untouched then.
        """
        if find_links is not None and find_links.startswith("-"):
            raise InvalidInput(f'find_links: "{find_links}" is neither a directory nor a URL.')
        options = self._options(pack_dir, find_links)
        listed = [pack_dir / name for name in self._requirements if (pack_dir / name).is_file()]
        stamp = self._stamp(pack_dir, listed, options)
        if not recreate and self._is_current(pack, stamp):
            say(f'The virtualenv of pack "{pack}" has what it requires.')
            return None
        self._directory.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self._directory, f".{pack}.", self.path_of(pack))
        built = Path(tempfile.mkdtemp(prefix=f".{pack}.", dir=self._directory))
        built.chmod(0o755)
        try:
            say(f'Creating the virtualenv of pack "{pack}".')
            self._create(built)
            if listed:
                say(f"Installing {', '.join(path.name for path in listed)}.")
                self._install(built, [word for path in listed for word in ("-r", str(path))], options, pack_dir, say)
            (built / _STAMP).write_text(stamp)
            share(built, self._group)
        except BaseException:
            self.discard(built)
            raise
        return built

    def use(self, pack: str, built: Path) -> Swap:
        """Put a virtualenv that was built in the place of the one in use."""
        link = built.with_name(f"{built.name}.link")
        link.symlink_to(built.name)
        return Swap(link, self.path_of(pack))

    def discard(self, built: Path) -> None:
        """Remove what was built and shall not be used."""
        remove(built)

    def remove(self, pack: str) -> None:
        """Remove the virtualenv of a pack, if there is one."""
        remove(self.path_of(pack))

    def _create(self, built: Path) -> None:
        run_program([self._python, "-m", "venv", "--without-pip", built], f"create a virtualenv with {self._python}")
        python = built / "bin" / "python"
        try:
            run_program([python, _SEED], "put pip into a virtualenv")
        except ContentError:
            self._ensure_pip(python)

    def _ensure_pip(self, python: Path) -> None:
        """Have this python install its pip in its own way: some distributions keep it elsewhere."""
        try:
            run_program([python, "-m", "ensurepip", "--default-pip"], f"put pip into a virtualenv of {self._python}")
        except ContentError as error:
            raise ContentError(
                f"{error.message}\nThis python lacks the module ensurepip: install it (Debian: python3-venv), or name "
                "another python in [actionrunner] python_binary."
            ) from None

    def _install(self, built: Path, what: list[str], options: list[str], cwd: Path, say: Say) -> None:
        pip = [str(built / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
        with outside_argv(options, built) as (words, variables):
            purpose = "install the requirements of the pack with pip"
            run_program([*pip, *words, *what], purpose, env=variables, cwd=cwd, say=say)

    def _options(self, pack_dir: Path, find_links: str | None) -> list[str]:
        places = [str(pack_dir / WHEELS)] if (pack_dir / WHEELS).is_dir() else []
        places += [find_links] if find_links else []
        return [*self._pip_opts, *(f"--find-links={place}" for place in places)]

    def _stamp(self, pack_dir: Path, listed: list[Path], options: list[str]) -> str:
        """What the virtualenv is made of; wheels that a pack brings along are named without its directory.

        Everybody may read it, so of options, which may hold passwords of package indexes, it has a digest.
        """
        used = [option.replace(str(pack_dir), ".").encode() for option in options]
        content = {
            "python": os.path.realpath(self._python),
            "options": _digest(used),
            "requirements": _digest([path.read_bytes() for path in listed]),
        }
        return json.dumps(content, sort_keys=True)

    def _is_current(self, pack: str, stamp: str) -> bool:
        place = self.path_of(pack)
        try:
            return (place / "bin" / "python").exists() and (place / _STAMP).read_text() == stamp
        except OSError:
            return False


def _digest(parts: Sequence[bytes]) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
