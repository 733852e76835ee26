import pytest
from jsonschema import Draft202012Validator

from telcoai.spec import KINDS, schema
from telcoai.spec.json_schema import file_of, text


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_that_editors_read_is_the_one_that_is_checked(kind):
    Draft202012Validator.check_schema(schema(kind))
    assert file_of(kind).read_text() == text(kind), (
        "run: python -c 'from telcoai.spec.json_schema import write; write()'"
    )


def test_kinds_are_those_of_the_files():
    assert set(KINDS) == {"Testbed", "Scenario", "DeviceProfile", "RadioProfile", "Workload"}
