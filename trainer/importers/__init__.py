"""Models that were trained elsewhere: how each is loaded, asked, understood and written as a run."""
