"""Reading `numbers.yaml` from carrier folders."""

import pytest

from everyleg.ports.number_formats import load_formats

TEXT = """
carrier: acme
source: its manual
formats:
  - {name: A, pattern: 'AC\\d{9}', check: {rule: gs1}}
  - {name: B, pattern: 'AD\\d{9}', confidence: recalled, source: a list}
  - {name: C, pattern: 'AE\\d{6}', check: {rule: {weights: [2, 3], modulus: 11, fold: {10: 0, 11: 0}}}}
s10: [{country: ZQ, services: [R, LP]}]
"""


def folder(root, name, text, manifest=None):
    (root / name).mkdir(parents=True)
    (root / name / "numbers.yaml").write_text(text, encoding="utf-8")
    if manifest:
        (root / name / "carrier.yaml").write_text(manifest, encoding="utf-8")
    return root


def test_formats_take_what_their_file_says_for_all(tmp_path):
    first, second, third, post = load_formats([folder(tmp_path, "acme", TEXT)])["acme"]
    assert (first.source, first.confidence) == ("its manual", "read")
    assert (second.source, second.confidence) == ("a list", "recalled")
    assert third.check.expected("123") == str((3 * 2 + 2 * 3 + 1 * 2) % 11 and 11 - 14 % 11)
    assert post.name == "S10"
    assert "ZQ" in post.pattern


def test_the_manifest_beside_it_decides_the_slug(tmp_path):
    assert list(load_formats([folder(tmp_path, "acme", TEXT, "slug: acme-express\n")])) == ["acme-express"]


def test_a_later_root_overrides_an_earlier_one(tmp_path):
    first = folder(tmp_path / "one", "acme", TEXT)
    second = folder(tmp_path / "two", "acme", "carrier: acme\nformats: [{name: only, pattern: 'Z\\d', source: us}]\n")
    assert [form.name for form in load_formats([first, second])["acme"]] == ["only"]


@pytest.mark.parametrize(
    "text",
    [
        "carrier: [",
        "formats: []",
        "carrier: a\nformats: [{name: n, pattern: '.*'}]",
        "carrier: a\nformats: [{name: n, pattern: 'A', check: {rule: unheard}}]",
        "carrier: a\nformats: [{name: n, pattern: 'A', colour: red}]",
    ],
)
def test_a_wrong_file_is_named(tmp_path, text):
    with pytest.raises(ValueError, match=r"acme.numbers\.yaml"):
        load_formats([folder(tmp_path, "acme", text)])
