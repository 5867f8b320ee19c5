"""Phone numbers: every way of writing them, and agreement with ``phonenumbers``."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.msisdn import NumberPlan, NumberProblem, display, mask, region_of

PERU = NumberPlan("PE")
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


@pytest.mark.parametrize(
    ("text", "msisdn"),
    [
        ("987763011", 51987763011),
        ("+51 987 763 010", 51987763010),
        ("51987763010", 51987763010),
        ("'51987763012", 51987763012),
        ("0051 987 763 013", 51987763013),
        ("+51-987-763-010", 51987763010),
        ("(+51) 987.763.010", 51987763010),
        ("+51\u00a0987\u00a0763\u00a0010", 51987763010),
        ("\u202a+51 987 763 010\u202c", 51987763010),
        ("tel:+51987763010", 51987763010),
        ("Cel. 987 763 010", 51987763010),
        ("５１９８７７６３０１０", 51987763010),
        ("＋٥١٩٨٧٧٦٣٠١٠", 51987763010),
        ("51987763010.0", 51987763010),
        ("51987763010,00", 51987763010),
        ("987763010.0", 51987763010),
        ("987.763.010", 51987763010),
        ("  987 763 011\t", 51987763011),
        ("0987763011", 51987763011),
        ("+57 300 123 4567", 573001234567),
        ("+1 (415) 555-2671", 14155552671),
        ("+54 9 11 2345 6789", 5491123456789),
    ],
)
def test_a_mobile_number_is_read_however_it_is_written(text: str, msisdn: int) -> None:
    """Local, international, with what people and spreadsheets put around the digits."""
    assert PERU.parse(text).msisdn == msisdn


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", NumberProblem.EMPTY),
        (" \u00a0", NumberProblem.EMPTY),
        ("'", NumberProblem.EMPTY),
        ("5,19989E+10", NumberProblem.SCIENTIFIC),
        ("5.1998776301E+10", NumberProblem.SCIENTIFIC),
        ("5E10", NumberProblem.SCIENTIFIC),
        ("98776301.5", NumberProblem.FRACTION),
        (" '+5198776301.50", NumberProblem.FRACTION),
        ("98776301.0", NumberProblem.BAD_RANGE),
        ("abc", NumberProblem.NOT_A_NUMBER),
        ("987763010 / 987763011", NumberProblem.NOT_A_NUMBER),
        ("98776301O", NumberProblem.NOT_A_NUMBER),
        ("+", NumberProblem.NOT_A_NUMBER),
        ("1-800-FLOWERS", NumberProblem.NOT_A_NUMBER),
        ("9" * 500, NumberProblem.NOT_A_NUMBER),
        ("98776301", NumberProblem.BAD_RANGE),
        ("9877", NumberProblem.TOO_SHORT),
        ("+51 9877", NumberProblem.TOO_SHORT),
        ("987763010123", NumberProblem.TOO_LONG),
        ("(01) 444-5555", NumberProblem.LANDLINE),
        ("5114445555", NumberProblem.LANDLINE),
        ("187763010", NumberProblem.BAD_RANGE),
        ("+999 123456", NumberProblem.BAD_RANGE),
    ],
)
def test_a_refused_number_says_why(text: str, problem: NumberProblem) -> None:
    """What a spreadsheet has spoilt is named, and never guessed."""
    verdict = PERU.parse(text)

    assert verdict.msisdn is None
    assert verdict.problem == problem


def test_a_country_that_is_not_enabled_is_named() -> None:
    """A valid number, to which this account may not send."""
    plan = NumberPlan("PE", countries=frozenset({"PE"}))

    assert plan.parse("+573001234567").problem is NumberProblem.COUNTRY_NOT_ENABLED
    assert plan.parse("987763010").msisdn == 51987763010


def test_digits_of_an_enabled_country_need_no_plus() -> None:
    """Without naming that country they are a local number too long: a slip must not go abroad."""
    enabled = NumberPlan("PE", countries=frozenset({"PE", "CO"}))

    assert enabled.parse("573001234567").msisdn == 573001234567
    assert PERU.parse("573001234567").problem is NumberProblem.TOO_LONG


def test_landlines_pass_where_the_account_wants_them() -> None:
    """Some operators read SMS aloud."""
    assert NumberPlan("PE", landlines=True).parse("(01) 444-5555").msisdn == 5114445555


def test_a_region_that_does_not_exist_is_refused() -> None:
    """A misspelt setting must not read every number wrongly."""
    with pytest.raises(ValueError, match="ZZ"):
        NumberPlan("ZZ")


def by_library(text: str, region: str) -> int | None:
    """The library's own verdict on digits that need no cleaning."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    mobile = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in mobile:
        return None
    return int(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)[1:])


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, str]:
    """A region, and something like one of its numbers, with a few digits wrong."""
    region = draw(st.sampled_from(REGIONS))
    kind = draw(st.sampled_from([phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]))
    example = phonenumbers.example_number_for_type(region, kind) or phonenumbers.example_number(region)
    assert example is not None
    digits = list(phonenumbers.national_significant_number(example))
    for at in draw(st.lists(st.integers(0, len(digits) - 1), max_size=4)):
        digits[at] = draw(st.sampled_from("0123456789"))
    national = "".join(digits)[: draw(st.sampled_from([-1, None, None, None]))] + draw(
        st.sampled_from(["", "", "", "5"])
    )
    code = str(example.country_code)
    return region, draw(st.sampled_from(["", "+" + code, code, "0", "1", "8"])) + national


@given(numbers())
def test_the_fast_way_and_the_library_never_disagree(number: tuple[str, str]) -> None:
    """In every region of the world, right numbers and wrong ones."""
    region, text = number

    assert NumberPlan(region).parse(text).msisdn == by_library(text, region)


@pytest.mark.parametrize("region", REGIONS)
def test_every_regions_example_mobile_is_taken(region: str) -> None:
    """Local and international; the few regions without mobiles have no example."""
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    if example is None:
        return
    international = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    local = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)

    assert NumberPlan(region).parse(international).msisdn == int(international[1:])
    assert NumberPlan(region).parse(local).msisdn == by_library(local, region)


@given(st.text(max_size=70))
def test_no_text_makes_it_fail(text: str) -> None:
    """Exactly one of number and problem, whatever stands in the cell."""
    verdict = PERU.parse(text)

    assert (verdict.msisdn is None) is not (verdict.problem is None)


def test_a_number_is_shown_as_people_write_it_and_hidden_in_logs() -> None:
    """Logs keep four digits."""
    assert display(51987763010) == "+51 987 763 010"
    assert display(999123) == "+999123"
    assert mask(51987763010) == "…3010"
    assert (region_of(51987763010), region_of(573001234567), region_of(14165550123)) == ("PE", "CO", "CA")
    assert region_of(80012345678) is None


@given(st.integers(900_000_000, 999_999_999))
def test_what_is_shown_is_read_back_as_the_same_number(national: int) -> None:
    """A number copied from a screen into the chat."""
    found = PERU.parse(str(national)).msisdn

    assert found is None or PERU.parse(display(found)).msisdn == found
