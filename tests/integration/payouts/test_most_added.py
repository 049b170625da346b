"""What would add most, on a seller's result: its own rows, means over many owners, and nothing of any single one."""

import pytest
from django.urls import reverse

from marketplace.basics.figures import MINUS
from payouts.selectors.seller.most_added import most_added
from tests.integration.payouts import scenario
from tests.integration.payouts.browsing import browser, words
from valuation.documents import KindMeans, RowKinds, SegmentCut
from valuation.documents.outcome import TOO_FEW

HEADING = "What would add most"


def means(**kinds):
    """Kinds by number as ``(rows, mean, ahead, error of ahead)``; the error of the mean is half of that."""
    rows, values, ahead, errors = zip(*kinds.values(), strict=True) if kinds else ((), (), (), ())
    return KindMeans(
        kinds=tuple(int(kind[1:]) for kind in kinds),
        rows=rows,
        means=values,
        standard_errors=tuple(error / 2 for error in errors),
        ahead=ahead,
        ahead_standard_errors=errors,
    )


OWN = means(k0=(60, 0.00002, -0.0001, 0.00001), k1=(40, 0.00012, 0.0001, 0.00001))
OTHER = means(k0=(60, 0.00004, -0.00005, 0.00001), k1=(40, 0.00009, 0.00005, 0.00001))


def income(*sellers):
    return RowKinds(column="income", kinds=("low", "high"), sellers=sellers, all=OTHER)


INCOME = income(OWN, OTHER, OTHER, OTHER)
TOWNS = RowKinds(
    column="town",
    kinds=("north", "south", "missing"),
    # South is ahead by 2.2 errors of its own: of four kinds compared that is no more than chance.
    sellers=(means(k0=(50, 0.0001, -0.00011, 0.00005), k1=(50, 0.00021, 0.00011, 0.00005)), means(), OTHER, OTHER),
    all=OTHER,
)
ZONES = RowKinds(column="zone", kinds=("rural", "urban"), sellers=(OWN, OTHER, OTHER, means()), all=OTHER)


def cut(column, segments, scores):
    return SegmentCut(
        column=column,
        segments=tuple(segments),
        rows=(70, 30),
        contributions=[[0.1] * 4, [0.2] * 4],
        standard_errors=[[0.001] * 4] * 2,
        total_standard_errors=[0.002, 0.002],
        scores=scores,
        score_standard_errors=[0.02, 0.02],
    )


BY_CLASS = cut("income", ["low", "high"], [0.93, 0.62])
BY_SEGMENT = (
    cut("town", ["north", "south"], [0.7, 0.8]),
    cut("zone", ["urban", "fewer than 20 validation rows each"], [0.75, 0.1]),
)


def kept(*columns, **parts):
    return {"hcdv": scenario.row_outcome(kinds=columns), "by_class": BY_CLASS, "by_segment": BY_SEGMENT, **parts}


def result(place, monkeypatch, found, *, seller=0):
    # These runs stored no file of row values.
    monkeypatch.setattr("payouts.selectors.seller.own_rows.valuation.point_values", lambda *_args, **_kwargs: None)
    payout_round = scenario.posted(place, kept=found)
    return words(browser(place.people[seller]).get(reverse("payouts:result", args=[payout_round.pk])))


def test_own_rows_all_rows_and_the_weak_class(place, monkeypatch):
    text = result(place, monkeypatch, kept(INCOME))

    assert (
        "Of your rows, those with income high clearly added more: 0.012 points each (between 0.011 and 0.013), "
        "the others 0.002."
    ) in text
    assert (
        "Of all sellers&#x27; rows, those with income high clearly added more: 0.0090 points each "
        "(between 0.0080 and 0.0100), the others 0.0040."
    ) in text
    assert (
        "the buyer&#x27;s model is weakest where income is high: right on 62 % of the validation rows there, "
        "against 93 % where income is low."
    ) in text
    assert "By the other columns it is weakest where town is north: right on 70 %" in text
    assert "Read this as a hint, not as a promise" in text


def test_a_kind_is_named_only_where_chance_does_not_explain_it_among_all_that_are_compared(place, monkeypatch):
    text = result(place, monkeypatch, kept(INCOME, TOWNS, ZONES))

    assert "By other columns" in text
    assert "zone urban 0.012 between 0.011 and 0.013 0.002 not shown right on 75 %" in text
    assert "town south" not in text


def three(*, sellers=(OTHER,) * 3, own, everybody=OTHER):
    """A column of three kinds."""
    return RowKinds(column="sector", kinds=("farm", "shop", "office"), sellers=(own, *sellers), all=everybody)


# Farm has the largest difference, of 25 rows that differ a lot; office is ahead by ten errors.
MIXED = means(
    k0=(25, 0.00050, 0.00042, 0.0003), k1=(400, 0.00004, -0.00010, 0.00001), k2=(400, 0.00013, 0.00010, 0.00001)
)


def test_the_kind_that_is_surely_ahead_is_named_not_the_one_that_chance_put_first(place, monkeypatch):
    held = means(k0=(100, 0.00005, 0, 0.00001), k1=(100, 0.00005, 0, 0.00001), k2=(100, 0.00005, 0, 0.00001))

    text = result(place, monkeypatch, kept(three(own=MIXED, sellers=(held,) * 3, everybody=MIXED)))

    assert "Of your rows, those with sector office clearly added more: 0.013 points each" in text
    assert "Of all sellers&#x27; rows, those with sector office clearly added more: 0.013 points each" in text
    assert "chance explains" not in text


def test_a_kind_that_is_behind_is_not_called_chance(place, monkeypatch):
    """One kind thirteen errors behind two that are equal, neither of them surely ahead."""
    behind = means(
        k0=(60, 0.00001, -0.00013, 0.00001), k1=(30, 0.00014, 0.00005, 0.00004), k2=(30, 0.00014, 0.00005, 0.00004)
    )

    text = result(place, monkeypatch, kept(three(own=behind)))

    assert "By sector, no kind of your rows was clearly ahead of your other rows." in text
    assert "Of your rows, those with sector farm clearly added less: 0.0010 points each" in text
    assert "chance explains" not in text
    assert "None of your rows stand out" not in text


def test_of_all_sellers_kinds_those_count_as_compared_that_are_not_shown(place, monkeypatch):
    """Office is ahead by 2.3 errors: enough for the two kinds that are shown, not for the three that were compared."""
    everybody = means(
        k0=(90, 0.00005, 0, 0.00001), k1=(90, 0.00004, -0.00001, 0.00001), k2=(90, 0.00008, 0.000023, 0.00001)
    )
    held = means(k1=(30, 0.00004, -0.00001, 0.00001), k2=(30, 0.00008, 0.000023, 0.00001))

    text = result(place, monkeypatch, kept(three(own=MIXED, sellers=(held,) * 3, everybody=everybody)))

    assert "Of all sellers&#x27; rows, none of the kinds of sector shown here was clearly ahead." in text


@pytest.mark.parametrize(("largest", "shown"), [(160, True), (161, False)])
def test_a_mean_that_is_nearly_one_other_owners_is_not_shown(place, monkeypatch, largest, shown):
    """Four fifths of what others hold is the most that one of them may hold."""

    def holding(rows):
        return means(k0=(rows, 0.00004, -0.00005, 0.00001), k1=(rows, 0.00009, 0.00005, 0.00001))

    text = result(place, monkeypatch, kept(income(OWN, holding(20), holding(20), holding(largest))))

    assert "Of your rows, those with income high clearly added more" in text
    assert ("Of all sellers" in text) is shown


def test_one_segment_is_not_compared_with_itself(place, monkeypatch):
    alone = cut("income", ["high", TOO_FEW], [0.62, 0.1])

    text = result(
        place, monkeypatch, kept(INCOME, by_class=alone, by_segment=(cut("zone", ["urban", TOO_FEW], [1, 0]),))
    )

    assert "weakest where" not in text
    assert "62 %" not in text


def test_scores_that_read_alike_are_not_set_against_each_other(place, monkeypatch):
    text = result(place, monkeypatch, kept(INCOME, by_class=cut("income", ["low", "high"], [0.9962, 0.996])))

    assert "weakest where income is high: right on 100 % of the validation rows there. " in text


def test_scores_do_not_tell_how_many_private_rows_a_segment_has(place, monkeypatch):
    """Of a score p and its error s anyone works out p (1 - p) / s^2 rows, and of many digits the fraction itself."""
    scored = cut("income", ["low", "high"], [16 / 23, 14 / 27])

    text = result(place, monkeypatch, kept(INCOME, by_class=scored, by_segment=()))

    assert "right on 52 % of the validation rows there, against 70 % where income is low." in text


def test_without_a_clear_kind_it_says_so(place, monkeypatch):
    text = result(place, monkeypatch, kept(TOWNS))

    assert "By town, no kind of your rows added clearly more or less than your other rows" in text


def test_means_over_fewer_than_three_other_owners_are_not_shown(place, monkeypatch):
    """Of zones the fourth seller has too few rows to count: of two others each could work out the other's."""
    text = result(place, monkeypatch, kept(ZONES))

    assert "Of your rows, those with zone urban clearly added more" in text
    assert "Of all sellers" not in text
    assert "All sellers" not in text


def test_accounts_of_one_owner_are_one_owner(place, monkeypatch):
    first, second = place.sellers[1], place.sellers[2]
    second.beneficial_owner = first
    second.save()

    text = result(place, monkeypatch, kept(INCOME))

    assert "Of your rows, those with income high clearly added more" in text
    assert "Of all sellers" not in text
    assert "weakest where" not in text


def test_other_metrics_are_told_in_their_own_scale_and_losses_below_zero_as_costs(place):
    costly = means(k0=(60, -0.0012, -0.001, 0.0001), k1=(40, -0.0002, 0.001, 0.0001))
    scored = cut("income", ["low", "high"], [-0.22, -0.61])
    column = income(costly, OTHER, OTHER, OTHER)

    line = scenario.posted(place, kept=kept(column, by_class=scored, by_segment=())).lines.get(
        organization=place.sellers[0]
    )
    line.round.request.metric = "neg_log_loss"

    text = " ".join(most_added(line).sentences)

    assert f"Of your rows, those with income high clearly cost less: {MINUS}0.00020 of neg log loss each" in text
    assert f"weakest where income is high: {MINUS}0.61 of neg log loss on the validation rows there" in text
    assert f"against {MINUS}0.22 of neg log loss where income is low." in text


@pytest.mark.parametrize(
    "found",
    [{}, {"hcdv": scenario.row_outcome()}, {"hcdv": scenario.row_outcome(kinds=(income(*[means()] * 4),))}],
)
def test_nothing_is_said_that_the_run_does_not_know(place, monkeypatch, found):
    assert HEADING not in result(place, monkeypatch, found)


def test_runs_before_the_models_scores_were_kept_say_nothing_of_them(place, monkeypatch):
    stored = BY_CLASS.to_json()
    old = SegmentCut.from_json({name: figures for name, figures in stored.items() if "score" not in name})

    text = result(place, monkeypatch, kept(INCOME, by_class=old, by_segment=()))

    assert "Of your rows, those with income high clearly added more" in text
    assert "weakest where" not in text
