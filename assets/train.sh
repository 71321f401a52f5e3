#!/bin/sh
# Trains the pretrained runs anew, one after the other (about two hours on 2 cores). MNIST comes from $LATENT_DATA or is downloaded.
set -e
cd "$(dirname "$0")/.."
export LATENT_SHIP=1 # the shipped runs are written here and nowhere else
PYTHON=${PYTHON:-.venv/bin/python}
# the decoder of some moments of the film, where all that ships stays within 60 MB
moments() {
  case $1 in
    digits-2d | digits-16d) echo 4 ;;
    pendulum-2d) echo 6 ;;
    *) echo 0 ;;
  esac
}
for run in digits-2d digits-16d digits-pca digits-linear-ae digits-autoencoder digits-conditional-vae digits-m2 pendulum-2d walker-2d faces-2d faces-64 sketches-2d melodies-2d shapes-6d mnist-2d mnist-20d; do
  "$PYTHON" -m trainer fit "$run" --name "$run" --runs assets/runs --film-weights "$(moments "$run")" --overwrite
done
# the figures of the lessons that are not of every run
for run in digits-2d digits-16d; do "$PYTHON" -m trainer evaluate "$run" --runs assets/runs --parts gaps --keep; done
"$PYTHON" -m trainer evaluate digits-m2 --runs assets/runs --parts gaps bounds --keep
"$PYTHON" -m trainer.cli.shipped_runs thin
