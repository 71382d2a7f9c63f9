#!/bin/sh
# shellcheck disable=SC2154,SC2034  # Part of install.sh, which sets the variables and reads some.
# From a release or a checkout ($source) to wheels. scripts/release makes those of a release.

# What is to be installed, as one digest: equal digests mean that there is nothing to do. Further parts may be named.
fingerprint() {
    "$python" - "$source" "$@" <<'PYTHON'
import hashlib, pathlib, platform, sys
root = pathlib.Path(sys.argv[1])
digest = hashlib.sha256(f"{sys.executable} {platform.python_version()}".encode())
parts = ["requirements/st2lite.lock", *sys.argv[2:]]
parts += ["wheels"] if (root / "wheels").is_dir() else ["requirements/build.lock", "pyproject.toml", "src", "packs"]
for part in parts:
    for path in sorted([root / part, *(root / part).rglob("*")]):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(root)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
print(digest.hexdigest()[:16])
PYTHON
}

# pip of the virtualenv $1; nothing is ever built from source here.
pip_install() {
    environment=$1
    shift
    run "$environment/bin/python" -m pip install --disable-pip-version-check --no-input --only-binary :all: "$@"
}

# Set the remedy by what the last output gives away.
better_remedy() {
    if [ ! -s "$last_output" ]; then return 0; fi
    if grep -q 'No space left on device' "$last_output"; then
        remedy="make room on the disk, then run this again"
    elif grep -q 'DO NOT MATCH THE HASHES' "$last_output"; then
        remedy="the package index has another file than the release was made with: ask whoever runs it, or take another release"
    fi
}

# Fill $scratch/wheels: from the release, or built from the checkout without any compiler.
collect_wheels() {
    if [ -d "$source/wheels" ]; then
        run cp -R "$source/wheels" "$scratch/wheels"
        return 0
    fi
    say "      building st2lite and its client from this checkout"
    run "$python" -m venv "$scratch/build"
    pip_install "$scratch/build" --require-hashes -r "$source/requirements/build.lock"
    # A copy is built, so that nothing is written into the checkout.
    mkdir "$scratch/tree"
    cp -R "$source/pyproject.toml" "$source/README.md" "$source/src" "$source/packs" "$scratch/tree"
    # The same sources make the same wheels, whenever they are built.
    export SOURCE_DATE_EPOCH=315532800
    for project in "$scratch/tree" "$scratch/tree/src/st2client"; do
        run "$scratch/build/bin/python" -m build --wheel --no-isolation --outdir "$scratch/wheels" "$project"
    done
}
