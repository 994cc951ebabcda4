"""Copy what the pages load from `node_modules` into the package; run by `make setup`."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FROM = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
}
TO = ROOT / "src/everyleg/web/assets"
_MAP = re.compile(rb"\s*/[*/]# sourceMappingURL=\S+(?: \*/)?\s*$")


def main() -> None:
    TO.mkdir(exist_ok=True)
    for name, path in FROM.items():
        (TO / name).write_bytes(_MAP.sub(b"\n", (ROOT / "node_modules" / path).read_bytes()))


if __name__ == "__main__":
    main()
