"""Stages everything in a working tree and writes git's index, without git: `write_index.py libgit2|dulwich TOP`."""

import os
import sys

writer, top = sys.argv[1:]


def on_disk():
    for directory, names, files in os.walk(top):
        if ".git" in names:
            names.remove(".git")
        for name in files:
            yield os.path.relpath(os.path.join(directory, name), top)


if writer == "libgit2":
    import pygit2

    index = pygit2.Repository(top).index
    index.add_all()
    index.write()
else:
    from dulwich.repo import Repo

    repo = Repo(top)
    there = sorted(on_disk())
    gone = [name.decode() for name in repo.open_index() if name.decode() not in there]
    repo.get_worktree().stage(there + gone)
