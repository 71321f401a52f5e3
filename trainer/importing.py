"""Models from elsewhere under the name that the README promises; `trainer.importers.importing` has them."""

from trainer.importers.declared import HowTrained as HowTrained
from trainer.importers.importing import check_model as check_model
from trainer.importers.importing import import_model as import_model
from trainer.importers.importing import make_run as make_run
