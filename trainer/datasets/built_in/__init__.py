"""The data sets that have a name here, one file each."""
