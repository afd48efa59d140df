/** Projects of Python that lie in the repository. */
import type { Tree } from "../repo.ts";

/** A build backend without any dependency: whatever is built leads to the directory that it was built in. */
const backend = (name: string) => `
import os, zipfile
def _wheel(directory, requires):
    name = "${name}-1.0-py3-none-any.whl"
    info = "${name}-1.0.dist-info"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as wheel:
        wheel.writestr("${name}.pth", os.path.dirname(os.path.abspath(__file__)))
        wheel.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: ${name}\\nVersion: 1.0\\n" + requires)
        wheel.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nGenerator: t\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "/RECORD", "")
    return name
def build_editable(directory, config=None, metadata=None):
    with open("requires.txt") as requires:
        return _wheel(directory, requires.read())
build_wheel = build_editable
`;

/**
 * A project of version 1.0 that `-e` takes; beside it lie its modules.
 *
 * @param directory Ends with a slash.
 * @param requires Lines of its metadata.
 */
export function project(name: string, directory: string, requires = ""): Tree {
  return {
    [`${directory}pyproject.toml`]:
      '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n' +
      `[project]\nname = "${name}"\nversion = "1.0"\ndynamic = ["dependencies"]\n`,
    [`${directory}backend.py`]: backend(name),
    [`${directory}requires.txt`]: requires,
  };
}
