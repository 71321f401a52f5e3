"""Which models can be trained by a name, and what is each of them?

A preset is a whole configuration; the command line changes single fields of it.
"""

from __future__ import annotations

from trainer.config import FitConfig, checked
from trainer.console import meant
from trainer.errors import ConfigError

_MNIST = FitConfig(
    data="mnist",
    hidden=(512, 512),
    activation="silu",
    binarise=True,
    batch_size=250,
    learning_rate=1.5e-3,
    train_on="train+validation",
)
_DIGITS = FitConfig(data="digits", hidden=(256, 128), likelihood="gaussian", sigma=0.2, epochs=150, batch_size=64, warmup_epochs=10)
_BURDA = checked(
    _MNIST, latent_dim=50, hidden=(200, 200), activation="tanh", batch_size=250, learning_rate=3e-3, adam_eps=1e-4, epochs=1700
)
_FOLDER = FitConfig(
    data="",
    latent_dim=64,
    network="residual",
    hidden=(32, 64, 128, 128),
    likelihood="gaussian",
    sigma=0.2,
    epochs=40,
    batch_size=64,
    warmup_epochs=4,
    precision="auto",
)
_SKETCHES = FitConfig(
    data="sketches", hidden=(512, 256), likelihood="gaussian", sigma=0.2, epochs=60, batch_size=64, warmup_epochs=5
)
_LINEAR = FitConfig(network="linear", likelihood="gaussian", sigma=0.5, umap=False)

PRESETS: dict[str, FitConfig] = {
    "digits-2d": checked(_DIGITS, latent_dim=2),
    "digits-16d": checked(_DIGITS, latent_dim=16),
    "shapes-6d": FitConfig(
        data="shapes",
        latent_dim=6,
        network="conv",
        hidden=(32, 64, 64),
        activation="silu",
        likelihood="gaussian",
        sigma=0.2,
        epochs=40,
        batch_size=64,
        learning_rate=1e-3,
        warmup_epochs=5,
    ),
    "pendulum-2d": FitConfig(
        data="pendulum",
        latent_dim=2,
        hidden=(256, 128),
        likelihood="gaussian",
        sigma=0.2,
        epochs=60,
        batch_size=64,
        warmup_epochs=5,
    ),
    "walker-2d": FitConfig(
        data="walker",
        latent_dim=2,
        hidden=(128, 64),
        activation="silu",
        likelihood="gaussian",
        sigma=0.2,
        epochs=40,
        batch_size=64,
    ),
    "faces-2d": FitConfig(
        data="faces",
        latent_dim=2,
        hidden=(256, 128),
        activation="silu",
        likelihood="gaussian",
        sigma=0.3,
        scale="fixed",  # a learned one falls so low that the prior hardly weighs anything, and the map folds
        epochs=30,
        batch_size=64,
    ),
    "faces-64": FitConfig(
        data="faces-64",
        latent_dim=8,
        network="residual",
        hidden=(16, 32, 64, 64, 32),
        activation="silu",
        likelihood="gaussian",
        sigma=0.2,
        epochs=40,
        batch_size=64,
        warmup_epochs=4,
    ),
    "sketches-2d": checked(_SKETCHES, latent_dim=2, hidden=(128, 64), activation="silu", warmup_epochs=0),
    "sketches-16d": checked(_SKETCHES, latent_dim=16),
    "melodies-2d": FitConfig(
        data="melodies",
        latent_dim=2,
        hidden=(256, 128),
        activation="silu",
        epochs=60,
        batch_size=64,
        warmup_epochs=5,
    ),
    "olivetti-16d": FitConfig(
        data="olivetti",
        latent_dim=16,
        hidden=(512, 256),
        likelihood="gaussian",
        sigma=0.2,
        epochs=300,
        batch_size=32,
        warmup_epochs=20,
    ),
    "folder-64": _FOLDER,
    "folder-128": checked(_FOLDER, hidden=(16, 32, 64, 128, 128), batch_size=32),
    # two dimensions need a deep network; two trainings as long at the rate of the others diverged (tests/bench/README.md)
    "mnist-2d": checked(_MNIST, latent_dim=2, hidden=(350, 350, 350, 350), learning_rate=8e-4, warmup_epochs=40, epochs=250),
    "mnist-20d": checked(
        _MNIST,
        latent_dim=20,
        network="residual",
        hidden=(32, 32),
        batch_size=100,
        learning_rate=2e-3,
        epochs=70,
        elbo_epochs=54,
        importance_samples=5,
        precision="auto",
    ),
    # the models of the field's textbook, on digits (seconds) and on MNIST (minutes)
    "digits-pca": checked(_LINEAR, data="digits", model="pca", latent_dim=8, epochs=1),
    "digits-linear-ae": checked(
        _LINEAR,
        data="digits",
        model="autoencoder",
        latent_dim=8,
        sigma=1.0,
        scale="fixed",
        epochs=1500,
        batch_size=2048,
        learning_rate=0.02,
    ),
    "digits-linear-vae": checked(
        _LINEAR, data="digits", latent_dim=8, epochs=1000, batch_size=2048, learning_rate=0.02, finish_linear=True
    ),
    "digits-autoencoder": checked(_DIGITS, model="autoencoder", latent_dim=2, warmup_epochs=0),
    "digits-vae": checked(_DIGITS, latent_dim=8),
    "digits-beta-vae": checked(_DIGITS, latent_dim=8, beta=4.0),
    "digits-conditional-vae": checked(_DIGITS, model="conditional-vae", latent_dim=8),
    "digits-m2": checked(_DIGITS, model="m2", latent_dim=8, labelled=50),
    "digits-m1+m2": checked(
        _DIGITS,
        model="m1+m2",
        latent_dim=8,
        hidden=(128,),
        feature_dim=16,
        feature_hidden=(256, 128),
        feature_epochs=80,
        epochs=200,
        labelled=50,
        alpha=20.0,
        scale="learned",
    ),
    "digits-iwae": checked(_DIGITS, latent_dim=8, importance_samples=50, warmup_epochs=0),
    "pca": checked(_LINEAR, data="mnist", model="pca", latent_dim=20, epochs=1, train_on="train+validation"),
    "linear-ae": checked(
        _LINEAR,
        data="mnist",
        model="autoencoder",
        latent_dim=20,
        sigma=1.0,
        scale="fixed",
        epochs=30,
        batch_size=250,
        learning_rate=3e-3,
        train_on="train+validation",
    ),
    "linear-vae": checked(
        _LINEAR,
        data="mnist",
        latent_dim=20,
        epochs=20,
        batch_size=250,
        learning_rate=3e-3,
        train_on="train+validation",
        finish_linear=True,
    ),
    "autoencoder": checked(_MNIST, model="autoencoder", latent_dim=2, hidden=(350, 350, 350, 350), binarise=False, epochs=30),
    "vae": checked(_MNIST, latent_dim=20, hidden=(400,), epochs=20),
    "beta-vae": checked(_MNIST, latent_dim=10, hidden=(400,), epochs=20, beta=4.0),
    "conditional-vae": checked(_BURDA, model="conditional-vae", learning_rate=5e-3, epochs=400),
    "m2": checked(_MNIST, model="m2", latent_dim=50, hidden=(500,), epochs=12, labelled=100, labelled_shift=2, label_neighbours=5),
    "m1+m2": checked(
        _MNIST,
        model="m1+m2",
        latent_dim=50,
        hidden=(500,),
        feature_dim=50,
        feature_epochs=40,
        epochs=60,
        labelled=100,
        label_neighbours=5,
    ),
    "iwae": checked(_BURDA, learning_rate=5e-3, importance_samples=50, elbo_epochs=300, epochs=380),
    # networks of papers and programs, for comparison
    "burda": _BURDA,
    "examples": checked(
        _MNIST,
        latent_dim=20,
        hidden=(400,),
        activation="relu",
        binarise=False,
        epochs=10,
        batch_size=128,
        learning_rate=1e-3,
        schedule="constant",
    ),
}

_MODEL_NOTES = {
    "pca": "principal components, in closed form",
    "linear-ae": "linear autoencoder: PCA's subspace, found by training",
    "linear-vae": "linear VAE: probabilistic PCA, found by training",
    "autoencoder": "deterministic deep autoencoder: codes without a prior",
    "vae": "a plain VAE",
    "beta-vae": "KL weighted by 4 (Higgins 2017)",
    "conditional-vae": "class-conditional VAE p(x|z, y) (Sohn 2015)",
    "m2": "semi-supervised M2: few labels (Kingma 2014)",
    "m1+m2": "M2 on the codes of a first VAE (Kingma 2014)",
    "iwae": "importance-weighted bound of 50 samples (Burda 2016)",
}

PRESET_NOTES: dict[str, str] = {
    "digits-2d": "scikit-learn's digits on a plane; trains in seconds",
    "digits-16d": "the same with 16 dimensions: some switch off",
    "shapes-6d": "coloured shapes with six known factors, convolutional, Gaussian pixels",
    "pendulum-2d": "two frames of a pendulum: angle and velocity span the plane",
    "walker-2d": "two frames of a walking figure: a stride goes round the plane",
    "faces-2d": "drawn faces that turn and smile: yaw and expression span the plane",
    "faces-64": "the same heads in colour at 64 × 64: residual convolutions and eight dimensions",
    "sketches-2d": "pen drawings of six kinds on a plane",
    "sketches-16d": "the same with 16 dimensions: what lies between two drawings",
    "melodies-2d": "piano rolls of a bar, heard on the map: register and contour span the plane",
    "olivetti-16d": "400 faces of 64 × 64; fetched by scikit-learn",
    "folder-64": "your own pictures at 64 × 64, residual convolutions: fit folder-64 --data PATH",
    "folder-128": "the same at 128 × 128",
    "mnist-2d": "MNIST on a plane: the map that the app opens on",
    "mnist-20d": "MNIST with 20 dimensions, residual convolutions and, at the end, an importance-weighted bound",
    **{f"digits-{name}": f"{note}; digits" for name, note in _MODEL_NOTES.items()},
    **{name: f"{note}; MNIST" for name, note in _MODEL_NOTES.items()},
    "burda": "784-200-200-50 tanh, the network of Burda, Grosse & Salakhutdinov 2016, table 1",
    "examples": "784-400-20 ReLU, grey images: what pytorch/examples trains",
}

CHOSEN = "chosen"
"""In place of a preset's name: the settings were chosen from the data."""
SIDES = {"folder-64": 64, "folder-128": 128}
"""Pixels of a side of pictures in files, of presets that are for those; their data has to be said."""


def preset(name: str) -> FitConfig:
    """The preset of that name. Raises `ConfigError` with the list of names."""
    if name not in PRESETS:
        raise ConfigError("preset", name, ", ".join(PRESETS) + meant(name, PRESETS))
    return PRESETS[name]
