"""What can be typed after `python -m trainer`?

fit, import, evaluate, maps, classifier, examine, list, bench. The options of `fit` are the fields of `FitConfig`. A mistake is one sentence
on stderr and exit code 2; Ctrl-C ends with 130 and a run that resumes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import Positional, arg

from trainer.arguments import parse
from trainer.cli_import import check_command, import_command, run_line
from trainer.config import PRESET_NOTES, PRESETS, FitConfig, check_run_name, checked, preset
from trainer.errors import ConfigError, LatentError, RunError
from trainer.runs import RUN_JSON, RunInfo, default_roots, list_runs, load_run, read_info
from trainer.store import place

if TYPE_CHECKING:
    from trainer.evaluate import Evaluation
    from trainer.fit import Event
    from trainer.projection import Projection

PROG = "python -m trainer"
USAGE = f"""usage: {PROG} COMMAND …

  fit PRESET      train a run              {PROG} fit digits-2d --epochs 50
  import          a VAE of yours as a run  {PROG} import --module models:trained --data mnist
  check           what is understood of a VAE of yours, without writing anything
  evaluate RUN    figures on the test set  {PROG} evaluate mnist-2d --samples 500 --json
  maps RUN        makes a finished run's maps anew, without training
  classifier RUN  trains a finished run's classifier of pictures, its first or another
  examine RUN     what the clinic measures of a run, and its verdict
  list            presets, data sets and runs on this machine
  bench           how fast this machine trains, against the usual loop

COMMAND --help says more."""

MAX_SAMPLES = 100_000  # one image's draws are decoded at once


@dataclass(frozen=True)
class FitOptions:
    """Train a run. Every option that is not given comes from the preset."""

    config: FitConfig
    name: str | None = None
    """name of the run (default: the preset's)"""
    runs: str = field(default_factory=lambda: str(default_roots()[0]))
    """folder of runs, a path or an fsspec URL such as s3://bucket/runs (default: $LATENT_RUNS, else runs)"""
    device: str = "cpu"
    """cpu, cuda or cuda:NUMBER"""
    resume: bool = False
    """go on with a run that was interrupted"""
    overwrite: bool = False
    """replace a run of this name"""


@dataclass(frozen=True)
class EvaluateOptions:
    """Figures of a run on images that it did not train on, in nats per image."""

    run: Positional[str]
    """name of the run"""
    runs: str | None = None
    """folder of runs (default: runs/, then the pretrained ones)"""
    samples: int = 200
    """draws of z an image for the importance-sampled NLL"""
    images: int | None = None
    """importance-sample the first so many images only (default: all)"""
    parts: tuple[str, ...] = ()
    """more than the bound: collapse, information, interventions, sensitivity, gaps, gradients, disentanglement"""
    seconds: float | None = None
    """about how long it may take: a slow model gets fewer images and draws, and larger standard errors (default: all of them)"""
    device: str = "cpu"
    """cpu, cuda or cuda:NUMBER"""
    json: bool = False
    """one JSON object on stdout"""


@dataclass(frozen=True)
class MapsOptions:
    """Make the maps of a finished run anew from its weights, codes and data set; nothing else of the run changes."""

    run: Positional[str]
    """name of the run"""
    runs: str | None = None
    """folder of runs (default: runs/, then the pretrained ones)"""


@dataclass(frozen=True)
class ExamineOptions:
    """Measure a finished run for the clinic (information, interventions, sensitivity, implied β) and say the verdict."""

    run: Positional[str]
    """name of the run"""
    runs: str | None = None
    """folder of runs (default: runs/, then the pretrained ones)"""
    seconds: float | None = None
    """about how long it may take: a slow model gets fewer images, and larger standard errors (default: all of them)"""


@dataclass(frozen=True)
class ClassifierOptions:
    """Train the classifier of decoded pictures of a finished run, its first or another; nothing else of the run changes."""

    run: Positional[str]
    """name of the run"""
    runs: str | None = None
    """folder of runs (default: runs/, then the pretrained ones)"""


@dataclass(frozen=True)
class ListOptions:
    """Presets, data sets (and whether each is on this machine), runs."""

    runs: str | None = None
    """folder of runs (default: runs/, then the pretrained ones)"""
    json: bool = False
    """one JSON object on stdout"""


@dataclass(frozen=True)
class BenchOptions:
    """One epoch of this trainer against the loop of pytorch/examples: same model, batch size and data, one process."""

    epochs: int = 3
    """epochs of each"""
    images: Annotated[int | None, arg(help="use the first so many training images (default: all)")] = None
    data: str = "mnist"
    """data set"""
    json: bool = False
    """one JSON object on stdout"""


def main(argv: Sequence[str]) -> int:
    """Runs one command; returns the exit code: 0, 2 for a mistake, 130 for Ctrl-C."""
    commands = {
        "fit": _fit,
        "import": lambda argv: import_command(argv, PROG),
        "check": lambda argv: check_command(argv, PROG),
        "evaluate": _evaluate,
        "maps": _maps,
        "classifier": _classifier,
        "examine": _examine,
        "list": _list,
        "bench": _bench,
    }
    try:
        if not argv or argv[0] in ("-h", "--help"):
            print(USAGE)
            return 0 if argv else 2
        if argv[0] not in commands:
            raise LatentError(f"unknown command {argv[0]!r}; allowed: {', '.join(commands)} ({PROG} --help).")
        commands[argv[0]](list(argv[1:]))
        return 0
    except LatentError as error:
        if os.environ.get("RANK", "0") == "0":  # of a team one voice is enough
            print(f"{PROG}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # the reader has seen enough (| head); Python would complain again while it closes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


# --- fit


def _fit(argv: list[str]) -> None:
    if argv and argv[0] in ("-h", "--help"):
        _print_presets()
        parse(FitOptions, ["--help"], f"{PROG} fit PRESET", FitOptions(PRESETS["digits-2d"]))
    if not argv or argv[0].startswith("-"):
        raise LatentError(f"fit needs a preset first; allowed: {', '.join(PRESETS)} (or {PROG} fit --help).")
    name, base = argv[0], preset(argv[0])
    try:
        options = parse(FitOptions, argv[1:], f"{PROG} fit {name}", FitOptions(base))
    except ConfigError:  # with the settings of the run that goes on it may be allowed
        if "--resume" not in argv:
            raise
        options = FitOptions(base, name=_typed(argv, "--name"), runs=_typed(argv, "--runs") or FitOptions(base).runs, resume=True)
        if not (place(options.runs) / check_run_name(options.name or name.replace("+", "-")) / RUN_JSON).is_file():
            raise
    if options.resume and options.overwrite:
        raise LatentError("--resume goes on with a run, --overwrite begins it anew; allowed: one of them.")
    if not str(options.runs).strip():
        raise LatentError("--runs is ''; allowed: a folder or an fsspec address.")
    run_name = check_run_name(name.replace("+", "-") if options.name is None else options.name)
    folder = place(options.runs) / run_name
    if options.resume and (folder / RUN_JSON).is_file():
        began = read_info(folder).config  # what is typed is held against it by `fit`
        options = parse(FitOptions, argv[1:], f"{PROG} fit {name}", replace(options, config=began))
    from trainer.datasets import absolute_name, load_dataset

    config = checked(options.config, data=absolute_name(options.config.data))
    from trainer.fit import fit
    from trainer.parallel import device_of, team

    device_of(options.device)  # before the data set is fetched
    with team(options.device) as processes:
        dataset = load_dataset(config.data, progress=processes.is_writer)
        for note in dataset.notes if processes.is_writer else ():
            print(note, file=sys.stderr)
        events = fit(
            config, dataset, run_name, options.runs, name, options.resume, options.overwrite, options.device, processes
        )  # fmt: skip
        if processes.is_writer:
            _show(events, config)
        else:
            for _ in events:
                pass


def _typed(argv: Sequence[str], option: str) -> str | None:
    """The value of an option as it was typed, `--option value` or `--option=value`."""
    for word, following in zip(argv, [*argv[1:], None], strict=True):
        if word == option:
            return following
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None


def _show(events: Iterable[Event], config: FitConfig) -> None:
    """The progress bar: loss, KL, images a second, time left; then where the run is and how good."""
    from tqdm import tqdm

    from trainer.fit import EpochEnded, Finished, Finishing, Stepped

    bar = tqdm(total=1, bar_format="{percentage:3.0f} % {bar:24} {desc}", file=sys.stderr, delay=0.1, mininterval=0.2)
    epoch, elbo = 1, ""
    try:
        for event in events:
            match event:
                case Stepped():
                    bar.total, bar.n = event.n_steps, event.step
                    bar.set_description_str(
                        f"epoch {epoch}/{config.epochs} · loss {event.loss:.2f} · KL {event.kl:.2f}{elbo} · "
                        f"{event.images_per_s:,.0f} images/s · {_clock(event.seconds_left)} left"
                    )
                case EpochEnded():
                    epoch, elbo = min(event.epoch + 1, config.epochs), _latest(event.row)
                case Finishing():
                    bar.set_description_str(f"{event.part} …")
                case Finished():
                    bar.close()
                    _report(event)
    except KeyboardInterrupt:
        bar.close()
        print("\nstopped; --resume goes on from the last checkpoint.", file=sys.stderr)
        raise
    finally:
        bar.close()


def _latest(row: Mapping[str, float]) -> str:
    """What the bar says of the last epoch."""
    if "test_error" in row:
        return f" · test error {row['test_error']:.3f}"
    name = "test_elbo" if "test_elbo" in row else "test_reconstruction"
    return f" · {name.replace('_', ' ').replace('elbo', 'ELBO')} {row[name]:.2f}"


def _report(event: Any) -> None:
    metrics = event.info.metrics
    parts = [f"reconstruction {metrics.reconstruction:.2f}", f"squared error {metrics.squared_error:.3f}"]
    if metrics.elbo is not None:
        given = " given the class" if event.info.config.is_conditional else ""
        parts = [
            f"test ELBO {metrics.elbo:.2f}", f"NLL{given} {metrics.nll:.2f} (IS-{metrics.samples}, {metrics.nll_n} images)",
            f"KL {metrics.kl:.2f}", f"{metrics.active_units} active units",
        ]  # fmt: skip
    if metrics.classifier_error is not None:
        parts.append(f"test error {metrics.classifier_error:.3f} with {event.info.dataset.n_labelled} labels")
    elif metrics.knn_accuracy is not None:
        parts.append(f"15-NN accuracy {metrics.knn_accuracy:.3f}")
    print(f"{event.folder}: {', '.join(parts)}; {_clock(event.info.seconds)}.")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _print_presets() -> None:
    print("presets:")
    for name, note in PRESET_NOTES.items():
        print(f"  {name:<22} {note}")
    print()


# --- evaluate


def _evaluate(argv: list[str]) -> None:
    options = parse(EvaluateOptions, argv, f"{PROG} evaluate")
    _between("--samples", options.samples, MAX_SAMPLES)
    if options.images is not None:
        _between("--images", options.images)
    from tqdm import tqdm

    from trainer.datasets import load_dataset
    from trainer.evaluate import evaluate
    from trainer.measuring import budget_of, is_measurable, stored_lines, stored_record
    from trainer.parallel import device_of
    from trainer.report import PARTS, check_part, report

    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        raise LatentError(f"--parts has {unknown[0]!r}; allowed: {', '.join(PARTS)}.")
    device, budget = device_of(options.device), budget_of(options.seconds)
    run = load_run(options.run, options.runs)
    if not is_measurable(run):
        print(json.dumps(stored_record(run)) if options.json else "\n".join(stored_lines(run)))
        return
    dataset = load_dataset(run.info.dataset.name, progress=True)
    if dataset.sha256 != run.info.dataset.sha256:
        raise RunError(
            f"data set {dataset.name!r} is not the one that run {run.id!r} was trained on: restore it or train the run anew."
        )
    chosen = [part for part in PARTS if part in options.parts]
    for part in chosen:  # before minutes of evaluation
        check_part(run.model, dataset, part)
    model = run.model.to(device)
    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}", file=sys.stderr, leave=False, disable=None) as bar:
        result = evaluate(
            model, dataset, samples=options.samples, nll_images=options.images, budget=budget,
            on_progress=lambda share: bar.update(100 * share - bar.n),
        )  # fmt: skip
    model.cpu()
    parts = {part: report(model, dataset, part) for part in chosen}
    if options.json:
        print(json.dumps({"run": run.id, "dataset": dataset.name, **asdict(result), **parts}))
        return
    _print_figures(run.id, dataset.name, result)
    for part, record in parts.items():
        print(f"{part}")
        for key, value in record.items():
            print(f"  {key:<22} {_short(value)}")


def _print_figures(run_id: str, dataset: str, result: Evaluation) -> None:
    given = ", given the class" if result.given_label else ""
    print(f"{run_id} on {dataset} {result.split} ({result.n} images, {result.input} input{given}), nats per image")
    if result.elbo is not None and result.nll is not None and result.kl is not None and result.kl_per_dim is not None:
        error = "" if result.nll_standard_error is None else f" ± {result.nll_standard_error:.2f}"
        print(f"  ELBO            {result.elbo:10.2f}   = −(reconstruction + KL)")
        print(f"  NLL             {result.nll:10.2f}   importance-sampled, {result.samples} draws, {result.nll_n} images{error}")
        print(f"  reconstruction  {result.reconstruction:10.2f}")
        print(f"  KL              {result.kl:10.2f}   {result.active_units} of {len(result.kl_per_dim)} dimensions active")
    else:
        print(f"  reconstruction  {result.reconstruction:10.2f}   −log p(x|z) at the code: a point, so there is no KL and no bound")
    if result.ess is not None:
        print(f"  ESS             {result.ess:10.1f}   effective draws of {result.samples}")
    if result.squared_error is not None:
        print(f"  squared error   {result.squared_error:10.3f}   Σ over pixels at the mean code")
    if result.classifier_error is not None:
        print(f"  test error      {result.classifier_error:10.3f}   share of images that q(y|x) gets wrong")
    if result.knn_accuracy is not None:
        print(f"  15-NN accuracy  {result.knn_accuracy:10.3f}   share of images")


def _short(value: Any) -> str:
    """A figure, or a list cut to what fits a line."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        shown = ", ".join(_short(item) for item in value[:8])
        return f"[{shown}{', …' if len(value) > 8 else ''}]"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(item)}" for key, item in value.items())
    return "not finite" if value is None else str(value)


def _between(option: str, value: int, most: int | None = None) -> None:
    if value < 1 or (most is not None and value > most):
        raise LatentError(f"{option} is {value}; allowed: {f'1 to {most}' if most else '1 or more'}.")


# --- maps


def _maps(argv: list[str]) -> None:
    options = parse(MapsOptions, argv, f"{PROG} maps")
    run = load_run(options.run, options.runs)
    run.check_measurable()
    from trainer.datasets import load_dataset
    from trainer.fit import refresh_maps

    for projection in refresh_maps(run, load_dataset(run.info.dataset.name, progress=True)):
        print(f"{run.id}: {projection.title}{_losses(projection)}")


def _examine(argv: list[str]) -> None:
    options = parse(ExamineOptions, argv, f"{PROG} examine")
    run = load_run(options.run, options.runs)
    from tqdm import tqdm

    from trainer.datasets import load_dataset
    from trainer.examine import refresh_examination
    from trainer.measuring import budget_of, is_measurable, stored_verdict, verdict_lines

    budget = budget_of(options.seconds)
    if not is_measurable(run):
        print("\n".join(stored_verdict(run)))
        return
    dataset = load_dataset(run.info.dataset.name, progress=True)
    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}", file=sys.stderr, leave=False, disable=None) as bar:
        found = refresh_examination(run, dataset, budget, lambda share: bar.update(100 * share - bar.n))
    print("\n".join(verdict_lines(run, found)))


def _losses(projection: Projection) -> str:
    """What a map keeps of neighbourhoods, and what its way back gives back."""
    kept, back = projection.honest, projection.way_back
    parts = []
    if kept is not None:
        parts.append(f"keeps {kept.neighbours_kept:.0%} of the {kept.k} neighbours, trustworthiness {kept.trustworthiness:.3f}")
    if back is not None:
        parts.append(f"way back R² {back.r2:.2f}{' (held out)' if back.is_held_out else ''}")
        if back.nll is not None and back.own_nll is not None:
            parts.append(f"decoded error {back.nll:.1f} nats (own codes {back.own_nll:.1f})")
        if back.agreement is not None:
            parts.append(f"label agreement {back.agreement:.3f}")
    return f": {', '.join(parts)}" if parts else ""


# --- classifier


def _classifier(argv: list[str]) -> None:
    options = parse(ClassifierOptions, argv, f"{PROG} classifier")
    run = load_run(options.run, options.runs)
    run.check_measurable()
    from tqdm import tqdm

    from trainer.datasets import load_dataset
    from trainer.fit import refresh_classifier

    dataset = load_dataset(run.info.dataset.name, progress=True)
    with tqdm(total=100, unit="%", bar_format="{l_bar}{bar}| {elapsed}", file=sys.stderr, leave=False, disable=None) as bar:
        found = refresh_classifier(run, dataset, lambda share: bar.update(100 * share - bar.n))
    print(f"{run.id}: classifier of pictures, temperature {found.temperature:.2f}")
    for what, scores in (("test images", found.images), ("reconstructions", found.decoded)):
        figures = f"accuracy {scores.accuracy:.3f}, NLL {scores.nll:.3f} nats, calibration error {scores.ece:.3f}"
        print(f"  {what:<16} {figures} ({scores.n} pictures)")


# --- list


def _list(argv: list[str]) -> None:
    options = parse(ListOptions, argv, f"{PROG} list")
    from trainer.datasets import availability, dataset_names

    places = [availability(name) for name in dataset_names()]
    runs = list_runs(options.runs)
    if options.json:
        print(json.dumps({
            "presets": {name: {"note": PRESET_NOTES[name], **config.model_dump()} for name, config in PRESETS.items()},
            "datasets": [asdict(place) for place in places],
            "runs": {
                name: info.model_dump(exclude={"files"}) if isinstance(info, RunInfo) else {"error": str(info)}
                for name, info in runs.items()
            },
        }, default=str))  # fmt: skip
        return
    _print_presets()
    print("data sets:")
    for where in places:
        print(f"  {where.name:<14} {'here' if where.is_here else 'to be downloaded':<17} {where.description}; {where.licence}")
    print("\nruns:" if runs else "\nruns: none yet")
    for name, info in runs.items():
        print(f"  {name:<22} {run_line(info)}")


# --- bench


def _bench(argv: list[str]) -> None:
    options = parse(BenchOptions, argv, f"{PROG} bench")
    _between("--epochs", options.epochs)
    if options.images is not None:
        _between("--images", options.images)
    from trainer.bench import compare

    result = compare(options.data, options.epochs, options.images, quiet=options.json)
    print(json.dumps(result.record()) if options.json else result.table())
