"""Networks as plain records, the engines that run them (torch, numpy), and what they have in common."""
