"""The listings: each has its claim, is played as it stands, and a claim notices when one comes out otherwise."""

from dataclasses import replace

import pytest

from glassloop.lab.claims import NOT_MEASURED, Here, all_claims, scripts
from glassloop.lab.claims.runner import judge, run_claims
from glassloop.lab.claims.scripts import LISTINGS, NAMES, mend_of, play, text_of


def outcome(id: str):
    claim = all_claims()[id]
    found = claim.decide(Here())
    return judge(claim, found.cases, found.figures, Here())


def test_every_listing_has_a_claim_and_every_claim_a_listing():
    files = {path.stem for path in LISTINGS.glob("*.py")} - {"given"}
    assert {name.removesuffix("_mended") for name in files} == set(NAMES.values())
    assert {id for id in all_claims() if id.startswith("l")} == set(NAMES)
    assert len(NAMES) == 14


def test_a_mend_is_shown_as_lines_taken_out_and_put_in():
    mend = mend_of("lesson_amp")
    assert "-from torch.cuda.amp import GradScaler, autocast\n+from torch.amp import GradScaler, autocast" in mend
    assert mend_of("lesson_clipping") == "", "nothing to mend there"


def test_a_script_is_played_with_its_error_its_warnings_and_its_names(tmp_path, monkeypatch):
    monkeypatch.setattr(scripts, "LISTINGS", tmp_path)
    (tmp_path / "given.py").write_text("seen = 1\n")
    (tmp_path / "some.py").write_text("import warnings\nwarnings.warn('old', FutureWarning)\nseen += 1\nlost\n")
    ran = play("some")
    assert (ran.error, ran.warned, ran.names["seen"]) == ("NameError", ["FutureWarning: old"], 2)
    assert play("some", replace=("lost", "found = seen")).names["found"] == 2
    assert play("some", given=False).error == "NameError"


@pytest.mark.parametrize(
    ("id", "name", "case"),
    [
        ("l10", "lesson_amp", "as printed"),
        ("l07", "lesson_evaluate", "a model in evaluation mode stays there"),
        ("l08", "lesson_checkpoint", "a NumPy float as validation loss"),
    ],
)
def test_a_claim_notices_a_listing_that_is_mended_and_a_mend_that_is_not(id, name, case, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert outcome(id).holds
    printed, mended = text_of(name), text_of(f"{name}_mended")
    swapped = {name: mended, f"{name}_mended": printed}
    monkeypatch.setattr(scripts, "text_of", lambda wanted: swapped.get(wanted) or text_of(wanted))
    result = outcome(id)
    assert not result.holds
    assert case in result.error
    assert "mended" in result.error


def test_what_cannot_be_measured_says_what_it_needs():
    (result,) = run_claims([replace(all_claims()["l14"], needs=("cuda", "no_such_package"))], Here())
    assert (result.verdict, result.holds) == (NOT_MEASURED, True)
    assert result.conditions == "Not measured here: it needs a CUDA device and no_such_package."
