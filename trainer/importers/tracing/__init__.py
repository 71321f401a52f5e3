"""Which of our layers a function of PyTorch computes: it is recorded, its operations become a graph of layers, and that is made smaller.

recording → replay (operations: arithmetic, moves, weighted; affine) → network (simplify: graph_rules, fold_rules) of steps.
"""
