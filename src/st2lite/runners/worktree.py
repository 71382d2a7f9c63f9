"""A pack as it was at some revision of its git repository, for one run."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from st2lite.executions.protocol import Run
from st2lite.models.errors import ContentError

_PATIENCE = 120.0


@contextmanager
def content_of(run: Run) -> Iterator[tuple[Path | None, str]]:
    """Yield the directory of the run's pack and the absolute path of its entry point ("" when it has none).

    With the runner parameter `content_version` both are of a checkout made for this run. Raises `ContentError` when
    the pack is no git repository, or lacks the revision.
    """
    revision = run.runner_parameters.get("content_version")
    if not revision:
        yield run.pack_dir, run.entry_point
        return
    if run.pack_dir is None or not Path(run.entry_point).is_relative_to(run.pack_dir):
        raise ContentError('Parameter "content_version" works only for an action whose script is part of its pack.')
    with _checkout(run.pack_dir, revision) as pack_dir:
        yield pack_dir, str(pack_dir / Path(run.entry_point).relative_to(run.pack_dir))


@contextmanager
def _checkout(pack_dir: Path, revision: str) -> Iterator[Path]:
    if revision.startswith("-"):
        raise ContentError(f'Parameter "content_version": "{revision}" is not a git revision.')
    prefix = _git(pack_dir, revision, "rev-parse", "--show-prefix").strip()
    try:
        with tempfile.TemporaryDirectory(prefix="st2lite-pack-") as directory:
            Path(directory).chmod(0o755)  # the system user must be able to read it
            worktree = Path(directory) / pack_dir.name
            _git(pack_dir, revision, "worktree", "add", "--detach", "--quiet", str(worktree), revision)
            yield worktree / prefix
    finally:
        with contextlib.suppress(ContentError):
            _git(pack_dir, revision, "worktree", "prune")


def _git(pack_dir: Path, revision: str, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(pack_dir), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except FileNotFoundError:
        reason = "git is not installed on this host."
    except subprocess.TimeoutExpired:
        reason = f"git took more than {_PATIENCE:.0f} seconds."
    else:
        if done.returncode == 0:
            return done.stdout
        reason = done.stderr.strip()
    raise ContentError(f'Parameter "content_version": revision "{revision}" of {pack_dir} is not to be had: {reason}')
