"""The thread, drawn: a list has fifty of them, so this one is written out instead of being a template."""

from markupsafe import Markup, escape

from everyleg.web.components.ribbon import Knot, Ribbon

_R = 3.2
_HALF = "<path class='knot half' d='M{x} -{r}a{r} {r} 0 0 {sweep} 0 {d}z'/>"
_SWEEP = {"release": 1, "acceptance": 0}


def thread(band: Ribbon, label: str) -> Markup:
    """A ribbon of four pixels, for rows and messages; its geometry is 160 wide. `label` is what it says in words."""
    segments = "".join(
        f"<path class='seg {s.state} {s.tone}' d='M{s.x + 4:.1f} 0H{s.x + s.width - 4:.1f}'/>" for s in band.segments
    )
    knots = "".join(map(_knot, band.knots))
    head = "<svg class='ev-thread' viewBox='-4 -6 168 12' width='168' height='12' role='img' aria-label='"
    return Markup(f"{head}{escape(label)}'>{segments}{knots}</svg>")  # noqa: S704 (numbers, our own words, one escaped)


def _knot(knot: Knot) -> str:
    x = f"{knot.x:.1f}"
    if knot.side in _SWEEP:
        half = _HALF.format(x=x, r=_R, d=2 * _R, sweep=_SWEEP[knot.side])
        return f"<circle class='knot rim' cx='{x}' cy='0' r='{_R}'/>{half}"
    return f"<circle class='knot {knot.side}' cx='{x}' cy='0' r='{_R if knot.side != 'passed' else _R * 0.8:.1f}'/>"
