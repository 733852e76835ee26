"""Makes everything that this workload ships from the data set JapaneseVowels, in some minutes on one core.

Nothing is downloaded here: ``--data`` is the folder ``aeon/datasets/data/JapaneseVowels`` of the PyPI package ``aeon``.

    train.py fit --data DIR        trains both widths and writes their fp32 stages (needs the extra ``train``)
    train.py describe --data DIR   quantises them, runs all variants, writes samples, replay table and workload.yaml

Both add to ``train.log`` in ``--target``.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from telcoai.workload.speaker_vowels.training import utterances
from telcoai.workload.speaker_vowels.training.architecture import WIDTHS, Member

LOG = logging.getLogger("train")
HERE = Path(__file__).parent


def main() -> None:
    """Run one step."""
    arguments = _parser().parse_args()
    arguments.target.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [logging.StreamHandler(), logging.FileHandler(arguments.target / "train.log")]
    logging.basicConfig(format="%(asctime)s %(message)s", handlers=handlers)
    LOG.setLevel(logging.INFO)
    STEPS[arguments.step](arguments)


def fit(arguments: argparse.Namespace) -> None:
    """Train both widths on the training slice and write their fp32 stages."""
    import onnx
    import torch

    from telcoai.workload.speaker_vowels.training.fit import Recipe, fit
    from telcoai.workload.speaker_vowels.training.graph import stage_model

    data, recipe = utterances.load(arguments.data), Recipe(epochs=arguments.epochs, seed=arguments.seed)
    LOG.info("fit %d utterances torch %s %s", len(data.train), torch.__version__, recipe)
    for width, channels in WIDTHS.items():
        network = fit(data.train, channels, recipe)
        for index, name in enumerate(Member(width, "fp32").files):
            onnx.save(stage_model(network, index), arguments.target / name)


def describe(arguments: argparse.Namespace) -> None:
    """Quantise the stages, run all variants, and write what ships beside them."""
    from telcoai.workload.speaker_vowels.training.describe import describe
    from telcoai.workload.speaker_vowels.training.quantise import quantise

    data = utterances.load(arguments.data)
    for width in WIDTHS:
        quantise(width, data.calibration, arguments.target)
    describe(data, arguments.target)


STEPS = {"fit": fit, "describe": describe}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--data", type=Path, required=True, help="folder with the .ts files of JapaneseVowels")
    parser.add_argument("--target", type=Path, default=HERE, help="where models and figures go (default: here)")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    return parser


if __name__ == "__main__":
    main()
