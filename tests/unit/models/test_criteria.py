import pytest

from st2lite.models.criteria import OPERATORS, criteria_problems

NAMES = [
    "eq",
    "equals",
    "neq",
    "nequals",
    "ieq",
    "iequals",
    "contains",
    "icontains",
    "ncontains",
    "incontains",
    "startswith",
    "istartswith",
    "endswith",
    "iendswith",
    "lt",
    "lessthan",
    "gt",
    "greaterthan",
    "td_lt",
    "timediff_lt",
    "td_gt",
    "timediff_gt",
    "exists",
    "nexists",
    "in",
    "inside",
    "nin",
    "ninside",
    "matchwildcard",
    "regex",
    "iregex",
    "matchregex",
    "search",
]


def test_these_are_the_operators():
    assert sorted(OPERATORS) == sorted(NAMES)


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"search"}))
def test_a_criterion_of_every_operator_is_fine(name):
    assert criteria_problems({"trigger.a": {"type": name, "pattern": "x"}}) == []


@pytest.mark.parametrize("pattern", [0, False, "", [], {}])
def test_a_pattern_that_is_empty_is_a_pattern(pattern):
    assert criteria_problems({"trigger.a": {"type": "eq", "pattern": pattern}}) == []


def test_no_criteria_are_fine():
    assert criteria_problems({}) == []


@pytest.mark.parametrize("name", ["exists", "nexists"])
def test_a_look_at_the_value_alone_needs_no_pattern(name):
    assert criteria_problems({"trigger.a": {"type": name}}) == []


@pytest.mark.parametrize(
    "criteria, told",
    [
        ([], "criteria: must be a map"),
        ({"trigger.a": "x"}, "For field: trigger.a, a map"),
        ({"trigger.a": {"pattern": "x"}}, "For field: trigger.a, type not specified"),
        ({"trigger.a": {"type": "like", "pattern": "x"}}, "For field: trigger.a, operator like is not one of"),
        ({"trigger.a": {"type": ["eq"], "pattern": "x"}}, "operator ['eq'] is not one of"),
        ({"trigger.a": {"type": "equals"}}, "For field: trigger.a, no pattern specified for operator equals"),
        ({"trigger.a": {"type": "eq", "pattern": None}}, "no pattern specified for operator eq"),
        ({"trigger.a": {"type": "search", "pattern": {}}}, "condition of search has to be one of: all, any"),
        ({"trigger.a": {"type": "search", "condition": "any", "pattern": "x"}}, "pattern of search has to be a map"),
    ],
)
def test_a_problem_names_field_and_remedy(criteria, told):
    [problem] = criteria_problems(criteria)
    assert told in problem


def test_the_criteria_within_a_search_are_looked_at_too():
    nested = {"item.a": {"type": "like", "pattern": 1}, "item.b": {"type": "eq"}}
    problems = criteria_problems({"trigger.list": {"type": "search", "condition": "all", "pattern": nested}})
    assert [problem.split(",")[0] for problem in problems] == [
        "For field: trigger.list > item.a",
        "For field: trigger.list > item.b",
    ]
