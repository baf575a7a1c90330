"""The line for a name that does not exist."""

from __future__ import annotations

import pytest

from loadtests import UserError
from loadtests.catalog import profiles, scenarios, stacks
from loadtests.catalog.names import nearest, unknown


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("STACK", ["STACKS", "SCENARIOS"], ["STACKS"]),
        ("WORKER_CLASS", ["WORKERS", "WORKER"], ["WORKER"]),
        ("PROFIL", ["PROFILE", "PORT"], ["PROFILE"]),
        ("stacks", ["STACKS"], ["STACKS"]),
        ("cat", ["bat", "hat", "rat", "dog"], ["bat", "hat", "rat"]),
        ("moon", ["PORT"], []),
        ("", ["PORT"], []),
    ],
)
def test_nearest_names_come_first_and_far_ones_not(
    name: str, known: list[str], near: list[str]
) -> None:
    assert sorted(nearest(name, known)) == near


def test_line_lists_all_names_where_nobody_says_how() -> None:
    assert unknown("fruit", "aple", ["apple", "pear"]) == (
        "no fruit 'aple': did you mean apple? there are apple, pear"
    )
    assert unknown("fruit", "x", ["apple"], "look") == "no fruit 'x': look"


def test_name_of_any_length_is_answered_at_once_and_shortly() -> None:
    name = "asgi-uvicorn" * 25_000
    assert nearest(name, stacks.STACKS) == nearest(name[:80], stacks.STACKS)
    with pytest.raises(UserError) as refused:
        stacks.find(name)
    assert str(refused.value).startswith(f"no stack '{name[:80]}...': ")
    assert len(str(refused.value)) < 200


def test_misspelt_choice_is_answered_with_the_nearest() -> None:
    with pytest.raises(UserError, match=r"'asgi-uvicron': did you mean asgi-uvicorn"):
        stacks.find("asgi-uvicron")
    with pytest.raises(UserError, match=r"make stacks lists them all$"):
        stacks.find("nginx")
    with pytest.raises(UserError, match=r"'slow-bdy': did you mean slow-body\? there"):
        scenarios.scenario("slow-bdy")
    with pytest.raises(UserError, match=r"'ful': did you mean full\? there are smoke"):
        profiles.profile("ful")
    with pytest.raises(UserError, match=r"class 'gthred': did you mean gthread\?"):
        stacks.choose("wsgi", None, "gthred")
    with pytest.raises(UserError, match=r"wsgi server 'gunicron': did you mean gunic"):
        stacks.choose("wsgi", "gunicron", None)
    with pytest.raises(UserError, match="nothing serves asgi with SERVER=uvicorn"):
        stacks.choose("asgi", "uvicorn", "uvicorn")
