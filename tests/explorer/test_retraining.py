"""Does a remedy become a training with one thing changed, under a name that is free and not too long?"""

from explorer.jobs.retraining import LEAST_EPOCHS, free_run_name, retraining_config
from trainer.config import MAX_RUN_NAME, FitConfig
from trainer.diagnosis.remedies import Remedy

LOWER = Remedy("Lower β to 0.5", "why", {"beta": 0.5})
LONGER = Remedy("Train longer", "why", {})


def test_one_setting_is_changed_or_the_training_is_longer():
    config = FitConfig(epochs=3)
    assert retraining_config(config, LOWER) == config.model_copy(update={"beta": 0.5})
    assert retraining_config(config, LONGER).epochs == LEAST_EPOCHS
    assert retraining_config(FitConfig(epochs=400), LONGER).epochs == 400


def test_the_name_says_the_remedy_and_is_free():
    assert free_run_name("mine", LOWER, ()) == "mine-lower-beta-to-0-5"
    assert free_run_name("mine", LOWER, {"mine-lower-beta-to-0-5", "mine-lower-beta-to-0-5-2"}) == "mine-lower-beta-to-0-5-3"
    assert len(free_run_name("m" * MAX_RUN_NAME, LOWER, ())) <= MAX_RUN_NAME
