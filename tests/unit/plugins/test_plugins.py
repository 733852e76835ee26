import pytest

from telcoai import plugins
from telcoai.errors import PluginError, TelcoaiError
from tests.places import small_workload

GOOD = """
class Mine:
    name = "mine"
    summary = "always the same"

    def plan(self, view):
        return None
"""


def written(folder, text):
    file = folder / "mine.py"
    file.write_text(text)
    return file


def test_the_built_in_strategies_are_found_by_name():
    assert {"device-only", "edge-only", "cloud-only", "latency-greedy"} <= set(plugins.strategy_names())
    assert plugins.load_strategy("device-only").name == "device-only"


def test_a_strategy_of_ones_own_is_loaded_from_its_file(tmp_path, monkeypatch):
    file = written(tmp_path, GOOD)
    assert plugins.load_strategy(f"{file}:Mine").name == "mine"
    monkeypatch.chdir(tmp_path)
    assert plugins.load_strategy("./mine.py:Mine").summary == "always the same"


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (GOOD, "Mien", "has no Mien"),
        ("def broken(:\n", "Mine", "SyntaxError"),
        ("x = 1\ny = 1 / 0\n", "Mine", "ZeroDivisionError: division by zero (line 2)"),
        ("import no_such_module_at_all\n", "Mine", "ModuleNotFoundError"),
        ("class Mine:\n    name = 'mine'\n", "Mine", "lacks summary, plan"),
        ("class Mine:\n    def __init__(self, x): pass\n", "Mine", "can't be made: TypeError"),
        ("Mine = 3\n", "Mine", "lacks name, summary, plan"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, text, name, said):
    file = written(tmp_path, text)
    with pytest.raises(PluginError) as caught:
        plugins.load_strategy(f"{file}:{name}")
    assert said in caught.value.message


@pytest.mark.parametrize("reference", ["./none.py:Mine", "mine.py", "./mine.txt:Mine", "./mine.py:1st", "a/b", ":x.py"])
def test_a_reference_that_means_no_file_is_refused(tmp_path, monkeypatch, reference):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PluginError):
        plugins.load_strategy(reference)


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(PluginError) as caught:
        plugins.load_strategy("latency-gredy")
    assert caught.value.hint == "did you mean latency-greedy?"
    assert "device-only" in caught.value.message


def test_an_error_of_telcoai_is_passed_on_as_it_is(tmp_path):
    text = "from telcoai.errors import InputError\ndef Mine():\n    raise InputError('too bad')\n"
    with pytest.raises(TelcoaiError, match="too bad") as caught:
        plugins.load_strategy(f"{written(tmp_path, text)}:Mine")
    assert not isinstance(caught.value, PluginError)


def test_what_is_no_workload_is_refused(tmp_path):
    file = written(tmp_path, "def Mine():\n    return 3\n")
    with pytest.raises(PluginError, match="is not a workload"):
        plugins.load_workload(f"{file}:Mine")


def test_a_workload_of_ones_own_gives_its_info(tmp_path):
    text = "from tests.places import small_workload\nclass Mine:\n    info = small_workload()\n"
    text += "    def samples(self): ...\n    def score(self, right, numbers): ...\n"
    assert plugins.load_workload(f"{written(tmp_path, text)}:Mine").info == small_workload()


def test_a_workload_whose_info_is_no_info_is_refused(tmp_path):
    text = "class Mine:\n    info = 'known'\n    def samples(self): ...\n    def score(self, right, numbers): ...\n"
    with pytest.raises(PluginError, match="info of type WorkloadInfo"):
        plugins.load_workload(f"{written(tmp_path, text)}:Mine")
