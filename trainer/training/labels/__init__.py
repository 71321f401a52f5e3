"""Which class does a training believe of an image: the one that is given, or the one that its neighbours suggest?"""
