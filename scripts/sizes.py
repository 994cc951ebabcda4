"""Hold the house's measures: function length (median 9, 90th 30, 99th 70 lines), file length 500, return types."""

import ast
import statistics
import sys
from pathlib import Path

LIMITS = {"median": 9, "p90": 30, "p99": 70}
MAX_FILE = 500


def main(root: str) -> None:
    lengths: list[int] = []
    wrong: list[str] = []
    for path in sorted(Path(root).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > MAX_FILE:
            wrong.append(f"{path} has {text.count(chr(10))} lines; {MAX_FILE} is the most")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lengths.append((node.end_lineno or node.lineno) - node.lineno + 1)
                if node.returns is None:
                    wrong.append(f"{path}:{node.lineno} {node.name} has no return type")
    lengths.sort()
    seen = {
        "median": statistics.median(lengths),
        "p90": lengths[int(0.9 * len(lengths))],
        "p99": lengths[int(0.99 * len(lengths))],
    }
    wrong += [
        f"{name} function length {seen[name]} is above {limit}" for name, limit in LIMITS.items() if seen[name] > limit
    ]
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
