"""Pin every dependency with hashes into requirements/*.txt, recording no addresses."""

import subprocess
import sys
from pathlib import Path

TARGETS = {"requirements/run.txt": [], "requirements/dev.txt": ["--extra", "dev"]}


def main() -> None:
    for target, extra in TARGETS.items():
        command = [
            sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--generate-hashes", "--universal",
            "--python-version", "3.11", "--no-emit-index-url", "--no-header", "--no-annotate", *extra,
            "pyproject.toml", "-o", target,
        ]  # fmt: skip
        subprocess.run(command, check=True)
        text = Path(target).read_text()
        if "://" in text:
            raise SystemExit(f"{target} records an address; lock without it")


if __name__ == "__main__":
    main()
