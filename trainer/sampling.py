"""Pictures that a model makes up, under the name that the README promises; `trainer.models.sampling` has them."""

from trainer.models.sampling import Samples as Samples
from trainer.models.sampling import sample_images as sample_images
