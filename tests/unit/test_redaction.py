"""Tokens are hidden in every text that leaves the process, however they are spelled."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaiten_sync.redaction import MASK, Redaction

TOKEN = "ksh_Zq3-vK_8sT1mX0pLw7RbN4cYdE6gHjU2"
SHAPES = {
    "alone": TOKEN,
    "in a header": f"Authorization: Bearer {TOKEN}",
    "in a URL": f"https://kaiten.example.com/{TOKEN}/api?token={TOKEN}#x",
    "in upper case": TOKEN.upper(),
    "without its prefix": TOKEN.removeprefix("ksh_"),
    "percent-encoded": quote(f"Bearer {TOKEN}", safe=""),
    "percent-encoded whole": "".join(f"%{byte:02X}" for byte in TOKEN.encode()),
    "escaped whole": "".join(f"\\u{ord(each):04x}" for each in TOKEN),
    "base64": base64.b64encode(TOKEN.encode()).decode(),
    "base64 in lines": base64.encodebytes(f"Authorization: Bearer {TOKEN} or so".encode()).decode(),
    "hexadecimal": TOKEN.encode().hex(),
    "hexadecimal with colons": TOKEN.encode().hex(":"),
    "with the sign of Kelvin": TOKEN.replace("K", "\u212a"),
}


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES.keys())
def test_a_token_is_hidden(text: str) -> None:
    redaction = Redaction(TOKEN)
    shown = redaction(f"before {text} after")
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert MASK in shown
    assert text not in shown
    assert TOKEN[4:20].lower() not in shown.lower()
    assert redaction.is_in(text)
    assert not redaction.is_in(shown)


SEPARATORS = (*" -.\n\t\u200b\x00*/é\U0001f512\udcff", "><")


@pytest.mark.parametrize("separator", SEPARATORS, ids=ascii)
@pytest.mark.parametrize("step", [1, 3, 16])
def test_a_token_that_was_taken_apart_is_hidden(separator: str, step: int) -> None:
    """As somebody would write it who wants it to pass, and to be read by a person."""
    redaction = Redaction(TOKEN)
    apart = separator.join(TOKEN[n : n + step] for n in range(0, len(TOKEN), step))
    shown = redaction(f"before {apart} after")
    assert redaction.is_in(apart)
    assert not redaction.is_in(shown)
    assert (shown[:7], shown[-6:]) == ("before ", " after")


@pytest.mark.parametrize("token", [TOKEN, "ksh_7"], ids=["long", "short"])
@pytest.mark.parametrize("size", [1, 2, 7, 40])
def test_a_token_is_found_where_parts_of_a_text_meet(token: str, size: int) -> None:
    redaction = Redaction(token)
    for text, is_there in ((f"before {token} after", True), (f"before {token[:-1]} after", False)):
        parts = [text[n : n + size] for n in range(0, len(text), size)]
        assert any(map(redaction.search(), parts)) is redaction.is_in(text) is is_there
        apart = " ".join(parts)
        assert any(map(redaction.search(), apart)) is redaction.is_in(apart)


def test_what_only_resembles_a_token_stays() -> None:
    text = " ".join(TOKEN[: len(TOKEN) // 2]) + " " + "-".join(TOKEN[4:-1]) + "x"
    assert Redaction(TOKEN)(text) == text


@given(before=st.binary(max_size=20), after=st.binary(max_size=20), is_for_urls=st.booleans())
def test_base64_of_a_text_around_a_token_is_hidden(
    before: bytes, after: bytes, is_for_urls: bool
) -> None:
    encode = base64.urlsafe_b64encode if is_for_urls else base64.b64encode
    shown = Redaction(TOKEN)(encode(before + TOKEN.encode() + after).decode())
    assert MASK in shown
    assert TOKEN[8:-4].encode() not in base64.urlsafe_b64decode(
        shown.split(MASK)[0].replace("+", "-").replace("/", "_") + "=" * 4
    )


def test_all_texts_of_json_are_cleaned_and_the_rest_is_as_before() -> None:
    value = {"name": f"a {TOKEN}", TOKEN: [1, None, True, {"deep": [TOKEN]}], "n": 1.5}
    found = Redaction(TOKEN).of_json(value)
    assert found == {"name": f"a {MASK}", MASK: [1, None, True, {"deep": [MASK]}], "n": 1.5}


def test_everything_that_looks_like_a_credential_is_found() -> None:
    redaction = Redaction()
    redaction.hold_all_in(["--auth-token=ksh_abc", "x", f"PATH=/{TOKEN}"])
    assert redaction(f"ksh_abc and {TOKEN}") == "*** and ***"


@given(text=st.text(max_size=40))
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redaction(None, "", "short")(text) == text
    assert repr(Redaction(TOKEN)) == "Redaction()"
