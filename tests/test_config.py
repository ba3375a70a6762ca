"""The configuration: validated, with a banding for its recall and a fingerprint of what decides a verdict."""

import dataclasses

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from dedup.config import ALL_RELATIONS, KEEP_POLICIES, PAIR_RELATIONS, Config
from dedup.errors import ConfigError, DedupError
from dedup.model import Level, Relation

SHARES = ("threshold", "cosine", "containment", "min_score", "min_passage_score", "recall", "boilerplate_share")
OPTIONAL = ("min_passage_score",)
LEAST = {
    "shingle_size": 1,
    "num_perm": 16,
    "seed": 0,
    "containment_sample": 1,
    "bucket_cap": 1,
    "bucket_links": 1,
    "posting_cap": 1,
    "copies_cap": 2,
    "repeated_lines": 2,
    "boilerplate_documents": 2,
}
NAMED = {"boilerplate": "exclude", "permutations": "datasketch"}
SELECTION = {"relations": (Relation.NEAR,), "level": Level.DOCUMENT, "keep": "longest"}


def configured(**settings: object) -> Config:
    """A configuration from settings of any type, as a caller without a type checker may write."""
    return Config(**settings)  # type: ignore[arg-type]


def test_every_setting_is_a_share_an_integer_or_a_selection() -> None:
    assert {field.name for field in dataclasses.fields(Config)} == {*SHARES, *LEAST, *NAMED, *SELECTION}


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan"), float("inf"), True, "0.5"])
def test_a_share_lies_between_0_and_1(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"{name} is a share between 0 and 1"):
        configured(**{name: value})


@pytest.mark.parametrize("name", sorted(set(SHARES) - set(OPTIONAL)))
def test_a_share_that_has_a_default_is_not_none(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is a share between 0 and 1, not None"):
        configured(**{name: None})


@pytest.mark.parametrize(("name", "least"), LEAST.items())
def test_an_integer_has_its_least_value(name: str, least: int) -> None:
    assert getattr(configured(**{name: least}), name) == least
    for value in (least - 1, float(least), True, str(least), None):
        with pytest.raises(ConfigError, match=f"{name} is an integer of at least {least}"):
            configured(**{name: value})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"threshold": 0}, "threshold 0 would make every pair"),
        ({"recall": 1.0}, "recall 1 needs every pair compared"),
        ({"seed": 2**32}, "seed is an integer of at most 4294967295"),
        ({"shingle_size": 10**20}, "shingle_size is an integer of at most"),
        ({"num_perm": 10**8}, "num_perm is an integer of at most 65536"),
        ({"posting_cap": 2**63}, "posting_cap is an integer of at most"),
        ({"keep": None}, "keep is a policy such as 'longest', not None"),
        ({"relations": "near"}, r"relations are several, such as \('exact', 'near'\), not 'near'"),
        ({"relations": None}, "relations are several"),
        ({"containment_sample": 6}, "containment_sample is a power of two"),
        ({"relations": ()}, "no relation to look for"),
        ({"relations": ("near", "nearly")}, "'nearly' is not a valid Relation"),
        ({"min_score": 1.5}, "min_score"),
        ({"min_passage_score": -0.1}, "min_passage_score"),
        ({"level": "sentence"}, "'sentence' is not a valid Level"),
        ({"boilerplate": "ignore"}, "boilerplate is one of include, exclude, not 'ignore'"),
        ({"keep": "shortest"}, "unknown keep policy 'shortest'; choose one of first, last, longest, newest, source"),
        ({"keep": ""}, "names no source"),
        ({"keep": "source:"}, "names no source"),
        ({"keep": "source:,,"}, "names no source"),
        ({"keep": "source: , "}, "names no source"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        configured(**settings)
    assert isinstance(caught.value, DedupError)
    assert isinstance(caught.value, ValueError)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "settings",
    [
        *({name: value} for name in ("cosine", "containment", "boilerplate_share") for value in (0.0, 1.0)),
        *(
            {"threshold": 1.0},
            {"threshold": 1e-6, "recall": 0.0},
            {"recall": 0.0},
            {"recall": 0.999},
            {"seed": 2**32 - 1},
        ),
        *({"keep": policy} for policy in (*KEEP_POLICIES[:4], "source:*.gov", "source:a,b")),
    ],
)
def test_settings_at_their_limits_are_taken(settings: dict[str, object]) -> None:
    config = configured(**settings)
    assert {name: getattr(config, name) for name in settings} == settings


def test_relations_and_level_can_be_given_by_name() -> None:
    config = configured(relations=["near", "exact"], level="paragraph")
    assert config.relations == (Relation.NEAR, Relation.EXACT)
    assert config.level is Level.PARAGRAPH
    assert config.looks_for(Relation.NEAR)
    assert config.looks_for(Relation.CONTAINS, Relation.EXACT)
    assert not config.looks_for(Relation.CONTAINS, Relation.RESIDUE)
    assert not config.looks_for()


def test_the_default_looks_for_all_that_is_found() -> None:
    assert Config().relations == ALL_RELATIONS
    assert set(PAIR_RELATIONS) < set(ALL_RELATIONS) == set(Relation)


def chance(threshold: float, bands: int, rows: int) -> float:
    """The probability that a pair exactly at the threshold shares a band."""
    return float(1 - (1 - threshold**rows) ** bands)


@given(st.floats(0.2, 1.0), st.floats(0.0, 0.99), st.integers(16, 300))
@settings(max_examples=50)
def test_the_banding_has_the_most_rows_that_reach_the_recall(threshold: float, recall: float, num_perm: int) -> None:
    bands, rows = Config(threshold=threshold, recall=recall, num_perm=num_perm).banding
    assert 1 <= rows <= num_perm
    assert bands == num_perm // rows
    # Sixteen bands of one row reach .97 at .2.
    if recall <= 0.97:
        assert chance(threshold, bands, rows) >= recall
        for more in range(rows + 1, num_perm + 1):
            assert chance(threshold, num_perm // more, more) < recall


def test_the_default_banding() -> None:
    bands, rows = Config().banding
    assert chance(0.7, bands, rows) >= 0.92 > chance(0.7, 128 // (rows + 1), rows + 1)


@pytest.mark.parametrize("name", [*SHARES, *LEAST])
def test_the_fingerprint_changes_with_each_setting_that_decides(name: str) -> None:
    value = getattr(Config(), name)
    changed = configured(**{name: (value or 0.5) * 0.9 if name in SHARES else value * 2})
    assert changed.fingerprint != Config().fingerprint


@pytest.mark.parametrize(("name", "value"), NAMED.items())
def test_the_fingerprint_changes_with_each_choice_that_decides(name: str, value: object) -> None:
    assert configured(**{name: value}).fingerprint != Config().fingerprint


@pytest.mark.parametrize(("name", "value"), SELECTION.items())
def test_the_fingerprint_does_not_change_with_what_is_selected(name: str, value: object) -> None:
    assert configured(**{name: value}).fingerprint == Config().fingerprint


def test_equal_configurations_have_equal_fingerprints() -> None:
    assert configured(threshold=1, cosine=0) == Config(threshold=1.0, cosine=0.0)
    assert configured(threshold=1, cosine=0).fingerprint == Config(threshold=1.0, cosine=0.0).fingerprint
    assert len(Config().fingerprint) == 16
    assert int(Config().fingerprint, 16) >= 0


def test_a_recall_that_no_banding_reaches_is_refused() -> None:
    with pytest.raises(ConfigError, match="raise num_perm or threshold"):
        Config(threshold=0.01)


def test_the_least_score_of_a_passage_is_the_one_given_or_another_within_a_document_and_between_two() -> None:
    assert Config().least_passage_score(between=False) < Config().least_passage_score(between=True)
    given = Config(min_passage_score=0.6)
    assert given.least_passage_score(between=False) == given.least_passage_score(between=True) == 0.6
    assert given.fingerprint != Config().fingerprint
